from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from device_emulator.core import leaving, managing_applications
from device_emulator.core.answers.sightings import InvitationShown
from device_emulator.core.application_events import ApplicationInstalled, ApplicationRemoved
from device_emulator.core.applications import PAID
from device_emulator.core.handheld import Handheld
from device_emulator.core.installed_profiles import InstalledPayload, InstalledProfile
from device_emulator.core.setting_up.answers import AppleAccount
from mdm_server.wire.results import Status
from rigs.managed_device import Clock, ask

STORE_ID = 361309726
ACCOUNT = AppleAccount(name="somebody@icloud.example")


@pytest.fixture
def make(make: Callable[..., Handheld]) -> Callable[..., Handheld]:
    """Return a maker of managed devices on which somebody is signed in."""

    def signed_in(**facts: Any) -> Handheld:
        handheld = make(**facts)
        handheld.apple_account = ACCOUNT
        return handheld

    return signed_in


def managed(handheld: Handheld) -> dict[str, dict[str, Any]]:
    """Return the managed applications as the server sees them."""
    listed: dict[str, dict[str, Any]] = ask(handheld, "ManagedApplicationList").values["ManagedApplicationList"]
    return listed


def install(handheld: Handheld, ticking: Clock, **fields: Any) -> str:
    """Have an application installed, wait for it, and return its identifier."""
    identifier: str = ask(handheld, "InstallApplication", **fields).values["Identifier"]
    ticking.advance(minutes=1)
    assert managed(handheld)[identifier]["Status"] == "Managed"
    return identifier


@pytest.mark.parametrize(
    "source",
    [{"iTunesStoreID": STORE_ID}, {"Identifier": "com.example.app"}, {"ManifestURL": "https://example.com/tool.plist"}],
)
def test_an_application_is_installed_managed_and_removed(
    iphone: Handheld, ticking: Clock, source: dict[str, Any]
) -> None:
    """From the store, by identifier or by manifest: it comes in its time, it is managed, and it can be taken away."""
    reply = ask(iphone, "InstallApplication", **source, ManagementFlags=1, Configuration={"server": "x"})
    identifier = reply.values["Identifier"]
    assert (reply.status, reply.values["State"]) == (Status.ACKNOWLEDGED, "Queued")
    states = []
    for seconds in (0, 5, 30):
        ticking.advance(seconds=seconds)
        states.append(managed(iphone)[identifier]["Status"])
    assert states == ["Queued", "Installing", "Managed"]
    assert (managed(iphone)[identifier]["ManagementFlags"], managed(iphone)[identifier]["HasConfiguration"]) == (
        1,
        True,
    )
    (listed,) = ask(iphone, "InstalledApplicationList", ManagedAppsOnly=True).values["InstalledApplicationList"]
    assert listed["Identifier"] == identifier

    assert ask(iphone, "RemoveApplication", Identifier=identifier).status is Status.ACKNOWLEDGED

    assert managed(iphone) == {}
    seen = [each for each in iphone.take_events() if isinstance(each, ApplicationInstalled | ApplicationRemoved)]
    assert seen == [ApplicationInstalled(identifier), ApplicationRemoved(identifier)]


def test_what_is_on_its_way_is_not_ordered_twice(iphone: Handheld) -> None:
    """The second order is refused; the server may still give the first one up."""
    identifier = ask(iphone, "InstallApplication", iTunesStoreID=STORE_ID).values["Identifier"]
    again = ask(iphone, "InstallApplication", iTunesStoreID=STORE_ID)
    assert (again.error_chain[0].code, again.values) == (12026, {"RejectionReason": "AppAlreadyQueued"})

    assert ask(iphone, "RemoveApplication", Identifier=identifier).status is Status.ACKNOWLEDGED
    assert managed(iphone) == {}
    assert ask(iphone, "InstallApplication", iTunesStoreID=STORE_ID).values["State"] == "Queued"


@pytest.mark.parametrize("flags", [1, 4, 5])
def test_the_management_flags_are_told_as_they_were_given(iphone: Handheld, ticking: Clock, flags: int) -> None:
    """Bit by bit; without any there are none."""
    identifier = install(iphone, ticking, iTunesStoreID=STORE_ID, ManagementFlags=flags)
    assert managed(iphone)[identifier]["ManagementFlags"] == flags

    install(iphone, ticking, iTunesStoreID=STORE_ID)
    assert managed(iphone)[identifier]["ManagementFlags"] == 0


def test_an_order_for_what_is_managed_updates_it(iphone: Handheld, ticking: Clock) -> None:
    """With the configuration of the new order, and in silence."""
    identifier = install(iphone, ticking, iTunesStoreID=STORE_ID)
    reply = ask(iphone, "InstallApplication", iTunesStoreID=STORE_ID, Configuration={"a": 1})
    assert reply.values["State"] == managed(iphone)[identifier]["Status"] == "Updating"

    ticking.advance(seconds=30)
    assert (managed(iphone)[identifier]["Status"], managed(iphone)[identifier]["HasConfiguration"]) == ("Managed", True)


@pytest.mark.parametrize("source", [{}, {"iTunesStoreID": 1, "Identifier": "x"}])
def test_an_application_comes_from_exactly_one_place(iphone: Handheld, source: dict[str, Any]) -> None:
    """None or two of the three sources make a malformed command."""
    assert ask(iphone, "InstallApplication", **source).status is Status.COMMAND_FORMAT_ERROR


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ({"iTunesStoreID": 0}, 12023),
        ({"ManifestURL": "http://example.com/a.plist"}, 12034),
        ({"ManifestURL": "https://["}, 12034),
    ],
)
def test_an_application_that_cannot_be_found_is_an_error(iphone: Handheld, source: dict[str, Any], code: int) -> None:
    """The App Store has no such number, and manifests come over https only."""
    assert ask(iphone, "InstallApplication", **source).error_chain[0].code == code


def test_an_application_of_the_person_is_taken_over_only_if_asked_for(iphone: Handheld) -> None:
    """Without ChangeManagementState it is installed already; with it, it becomes managed."""
    own = next(iter(iphone.applications)).identifier

    refused = ask(iphone, "InstallApplication", Identifier=own)
    assert (refused.error_chain[0].code, refused.values) == (12025, {"RejectionReason": "AppAlreadyInstalled"})

    assert (
        ask(iphone, "InstallApplication", Identifier=own, ChangeManagementState="Managed").values["State"] == "Managed"
    )
    assert set(managed(iphone)) == {own}


def test_an_unsupervised_device_asks_its_person(make: Callable[..., Handheld]) -> None:
    """The answer's state is Prompting: somebody has to agree."""
    reply = ask(make(supervised=False), "InstallApplication", iTunesStoreID=STORE_ID)

    assert reply.values["State"] == "Prompting"


def test_what_forbids_the_person_to_install_does_not_bind_the_server(iphone: Handheld) -> None:
    """allowAppInstallation=false closes the App Store to the person; commands of the server go past it."""
    payload = InstalledPayload("com.apple.applicationaccess", "p", "u", content={"allowAppInstallation": False})
    iphone.profiles.install(InstalledProfile(identifier="r", uuid="U", payloads=(payload,), is_managed=True))

    assert ask(iphone, "InstallApplication", iTunesStoreID=STORE_ID).values["State"] == "Queued"


def test_only_managed_applications_are_removed_or_redeemed(iphone: Handheld, ticking: Clock) -> None:
    """The person's applications are not the server's business, and what is free waits for no code."""
    own = next(iter(iphone.applications)).identifier
    assert ask(iphone, "RemoveApplication", Identifier=own).error_chain[0].code == 12029
    assert ask(iphone, "ApplyRedemptionCode", Identifier=own, RedemptionCode="C").error_chain[0].code == 12029

    identifier = install(iphone, ticking, iTunesStoreID=STORE_ID)
    assert ask(iphone, "ApplyRedemptionCode", Identifier=identifier, RedemptionCode="C").error_chain[0].code == 12028


def test_what_costs_something_needs_a_licence_or_a_code(make: Callable[..., Handheld], ticking: Clock) -> None:
    """Without a licence it waits for the code; with one it does not."""
    handheld = make()
    paid = next(iter(sorted(PAID)))
    handheld.applications.remove(paid)
    assert ask(handheld, "InstallApplication", Identifier=paid).values["State"] == "NeedsRedemption"
    ticking.advance(days=1)
    assert managed(handheld)[paid]["Status"] == "NeedsRedemption"

    assert ask(handheld, "ApplyRedemptionCode", Identifier=paid, RedemptionCode="C").status is Status.ACKNOWLEDGED
    states = []
    for seconds in (0, 5, 5, 30):
        ticking.advance(seconds=seconds)
        states.append(managed(handheld)[paid]["Status"])
    assert states == ["Redeeming", "Queued", "Installing", "Managed"]

    ask(handheld, "RemoveApplication", Identifier=paid)
    licensed = ask(handheld, "InstallApplication", Identifier=paid, Options={"PurchaseMethod": 1})
    assert licensed.values["State"] == "Queued"


def test_the_list_of_applications_can_be_narrowed(iphone: Handheld) -> None:
    """By identifier and by property."""
    first, *_ = iphone.applications

    reply = ask(iphone, "InstalledApplicationList", Identifiers=[first.identifier], Items=["Name", "Version"])

    assert reply.values["InstalledApplicationList"] == [{"Name": first.name, "Version": first.version}]
    everything = ask(iphone, "InstalledApplicationList").values["InstalledApplicationList"]
    assert [each["Identifier"] for each in everything] == [each.identifier for each in iphone.applications]


def test_what_is_being_installed_is_listed_as_such(iphone: Handheld, ticking: Clock) -> None:
    """Neither while it waits in the queue, nor afterwards."""
    identifier = ask(iphone, "InstallApplication", iTunesStoreID=STORE_ID).values["Identifier"]
    found = []
    for seconds in (0, 5, 30):
        ticking.advance(seconds=seconds)
        reply = ask(iphone, "InstalledApplicationList", Identifiers=[identifier], Items=["Installing"])
        found.append(reply.values["InstalledApplicationList"])
    assert found == [[], [{"Installing": True}], [{"Installing": False}]]


def test_configuration_and_attributes_are_read_back(iphone: Handheld, ticking: Clock) -> None:
    """Settings sets and takes away what InstallApplication began; what is not managed is passed over."""
    install(iphone, ticking, Identifier="com.example.app", Attributes={"Removable": False})
    ask(
        iphone,
        "Settings",
        Settings=[{"Item": "ApplicationConfiguration", "Identifier": "com.example.app", "Configuration": {"a": 1}}],
    )
    names = {"Identifiers": ["com.example.app", "com.example.other"]}

    assert ask(iphone, "ManagedApplicationConfiguration", **names).values == {
        "ApplicationConfigurations": [{"Identifier": "com.example.app", "Configuration": {"a": 1}}]
    }
    assert ask(iphone, "ManagedApplicationAttributes", **names).values == {
        "ApplicationAttributes": [{"Identifier": "com.example.app", "Attributes": {"Removable": False}}]
    }

    ask(iphone, "Settings", Settings=[{"Item": "ApplicationConfiguration", "Identifier": "com.example.app"}])
    assert managed(iphone)["com.example.app"]["HasConfiguration"] is False


def test_feedback_is_collected_and_deleted_if_asked_to(iphone: Handheld, ticking: Clock) -> None:
    """Reading leaves the feedback there; DeleteFeedback takes it away after it was read."""
    install(iphone, ticking, Identifier="com.example.app")
    iphone.applications.install(replace(iphone.applications.managed[0], feedback={"errors": 3}))

    replies = [
        ask(iphone, "ManagedApplicationFeedback", Identifiers=["com.example.app"], DeleteFeedback=delete).values
        for delete in (False, True, False)
    ]

    found = [reply["ManagedApplicationFeedback"][0].get("Feedback") for reply in replies]
    assert found == [{"errors": 3}, {"errors": 3}, None]


def test_with_management_go_the_applications_that_were_to(iphone: Handheld, ticking: Clock) -> None:
    """ManagementFlags 1 removes an application with the management profile; without it, it stays, unmanaged."""
    install(iphone, ticking, Identifier="com.example.goes", ManagementFlags=1)
    install(iphone, ticking, Identifier="com.example.stays")
    ask(iphone, "InstallApplication", Identifier="com.example.never")

    leaving.end_management(iphone, "test")

    ticking.advance(minutes=1)
    managing_applications.catch_up(iphone)
    assert iphone.applications.find("com.example.goes") is None
    assert iphone.applications.find("com.example.never") is None
    stays = iphone.applications.find("com.example.stays")
    assert stays is not None
    assert not stays.is_managed


def test_an_invitation_is_shown_if_its_url_is_one(iphone: Handheld) -> None:
    """InvitationResult says what is wrong without being an error."""
    program = {"ProgramID": "com.apple.cloudvpp"}

    assert ask(iphone, "InviteToProgram", **program, InvitationURL="shoes").values == {
        "InvitationResult": "InvalidInvitationURL"
    }
    assert ask(iphone, "InviteToProgram", **program, InvitationURL="https://example.com/i").values == {
        "InvitationResult": "Acknowledged"
    }
    assert iphone.take_events() == [InvitationShown("com.apple.cloudvpp")]
