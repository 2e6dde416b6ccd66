"""The cart: as many at once as there are ports, each with its own result."""

from __future__ import annotations

from dataclasses import replace

import pytest

from device_emulator.core.actions import Prepare
from device_emulator.core.events import (
    Enrolled,
    EnrollmentFailed,
    EnrollmentStage,
    HubRefused,
    HubStepAnswered,
    PersonRefused,
)
from device_emulator.core.hub.intent import Channel, HubIntent
from device_emulator.core.messages import Happening, PersonActs
from device_emulator.core.setting_up.events import ActivationFailed
from device_emulator.fleet.configurator import UNPLUGGED, Blueprint, Cart
from device_emulator.fleet.staging_results import StagingResult

BLUEPRINT = Blueprint(url="https://mdm.example", group="MAIN", user_name="stager", password="stage")
ENROLLED = Enrolled("https://mdm.example/mdm")
DENIED = HubRefused("DEVICE_DENYLISTED", "Enrollment Denied.")


class Happened:
    """Keeps what happens to whom."""

    def __init__(self) -> None:
        self.all: list[tuple[int, Happening]] = []

    def __call__(self, device: int, happening: Happening) -> None:
        """Take note."""
        self.all.append((device, happening))

    @property
    def devices(self) -> list[int]:
        """To whom something happened."""
        return [device for device, _ in self.all]


@pytest.fixture
def happened() -> Happened:
    """Return what keeps it."""
    return Happened()


def test_as_many_devices_are_prepared_at_once_as_there_are_ports(happened: Happened) -> None:
    """The next finds a port when another device has come to its end."""
    cart = Cart(3, happened)
    cart.prepare(BLUEPRINT.orders(range(5)))
    assert happened.devices == [0, 1, 2]
    cart.see(1, HubStepAnswered("validateGroupIdentifier"))
    assert happened.devices == [0, 1, 2]
    cart.see(1, ENROLLED)
    assert happened.devices == [0, 1, 2, 3]
    for device in (0, 2, 3, 4):
        assert not cart.is_done
        cart.see(device, ENROLLED)
    assert cart.is_done
    assert sorted(cart.enrolled) == [0, 1, 2, 3, 4]
    assert cart.most_at_once == 3


def test_one_refused_device_spoils_nothing_for_the_others(happened: Happened) -> None:
    """Each has its own result."""
    cart = Cart(20, happened)
    cart.prepare(BLUEPRINT.orders(range(20)))
    for device in range(20):
        cart.see(device, DENIED if device == 7 else ENROLLED)
    assert cart.is_done
    assert len(cart.enrolled) == 19
    assert cart.results[7] == StagingResult(7, "DEVICE_DENYLISTED", "Enrollment Denied.")
    assert not cart.results[7].is_enrolled


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (EnrollmentFailed(EnrollmentStage.AUTHENTICATE, "http.400", "No."), "http.400"),
        (PersonRefused("Prepare", "lost"), "lost"),
    ],
)
def test_every_end_frees_a_port(event: EnrollmentFailed | PersonRefused, code: str, happened: Happened) -> None:
    """A refusal of the device's own, and an enrolment that fails after the wizard."""
    cart = Cart(1, happened)
    cart.prepare(BLUEPRINT.orders([0, 1]))
    cart.see(0, event)
    assert cart.results[0].code == code
    assert happened.devices == [0, 1]


def test_what_happens_beside_it_ends_no_turn(happened: Happened) -> None:
    """A profile that its person may not remove, and a device that is not on the cart."""
    cart = Cart(1, happened)
    cart.prepare(BLUEPRINT.orders([0]))
    cart.see(0, PersonRefused("RemoveProfile", "removal_disallowed"))
    cart.see(9, ENROLLED)
    assert cart.results == {}
    assert not cart.is_done
    cart.see(0, ENROLLED)
    cart.see(0, DENIED)
    assert cart.results[0].is_enrolled


def test_a_cable_can_be_pulled(happened: Happened) -> None:
    """Of a device that does not come to an end; of one that did, nothing happens."""
    cart = Cart(1, happened)
    cart.prepare(BLUEPRINT.orders([0, 1]))
    cart.unplug(0)
    cart.see(0, ENROLLED)
    cart.unplug(0)
    assert cart.results[0].code == UNPLUGGED
    assert happened.devices == [0, 1]


def test_every_device_gets_the_blueprint(happened: Happened) -> None:
    """Over the channel on which nobody answers questions."""
    cart = Cart(2, happened)
    cart.prepare(replace(BLUEPRINT, staging="Multi", supervise=False).orders([4]))
    intent = HubIntent(
        url="https://mdm.example",
        group="MAIN",
        user_name="stager",
        password="stage",
        staging="Multi",
        channel=Channel.CONFIGURATOR,
    )
    assert happened.all == [(4, PersonActs(Prepare(intent, supervise=False)))]
    assert "stage'" not in repr(BLUEPRINT)


def test_a_hub_without_ports_is_none(happened: Happened) -> None:
    """Said at once."""
    with pytest.raises(ValueError, match="at least one port, found 0"):
        Cart(0, happened)


def test_a_device_that_is_added_to_abm_is_known_there_before_it_is_prepared(happened: Happened) -> None:
    """One after the other, as they find a port; the device hears that it was added."""
    added: list[int] = []
    cart = Cart(1, happened, added.append)
    orders = replace(BLUEPRINT, add_to_abm=True).orders(range(2))
    cart.prepare(orders)
    assert (added, happened.devices) == ([0], [0])
    cart.see(0, ActivationFailed("activation.refused", "expected 200, found 403"))
    assert (added, happened.all[-1]) == ([0, 1], (1, PersonActs(orders[1])))
    assert orders[1].add_to_abm
    assert cart.results[0].code == "activation.refused"


def test_without_somebody_signed_in_to_abm_nothing_is_added(happened: Happened) -> None:
    """Nothing is touched."""
    cart = Cart(1, happened)
    with pytest.raises(ValueError, match="found nobody"):
        cart.prepare(replace(BLUEPRINT, add_to_abm=True).orders(range(2)))
    assert cart.is_done
    assert happened.all == []
