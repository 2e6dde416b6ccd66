"""Activation: what a device proves to Apple, and what it gets."""

from __future__ import annotations

from collections.abc import Callable

from certs.keys import public_key_der
from certs.names import hardware_of
from certs.request import RequestPolicy, check_request
from certs.trust import Purpose, verify_chain
from device_emulator.core.actions import SetUp
from device_emulator.core.activation import SettingUp
from device_emulator.core.device import Device
from device_emulator.core.events import EnrollmentFailed
from device_emulator.core.messages import PersonActs, RequestKind, ResponseArrived
from device_emulator.core.setting_up.activating import device_identity
from device_emulator.core.states import LifeState
from mdm_server.wire.activation import ActivationReply, ActivationState, CloudConfiguration, encode_reply
from mdm_server.wire.dep import DepProfile
from rigs.play_apple import APPLE, DEP_URL, PlayApple
from rigs.play_server import MovingClock, play

SET_UP = PersonActs(SetUp(SettingUp()))


def test_a_device_proves_that_it_has_the_key_it_was_made_with(boxed: Device, nobodys: PlayApple) -> None:
    """Apple gets a request for a certificate, in the device's name, and the facts of the machine."""
    play(boxed, nobodys, SET_UP)
    (request,) = [request for request in nobodys.requests if request.kind is RequestKind.ACTIVATION]
    assert (request.method, request.url) == ("POST", "https://apple.example/activation")
    (asked,) = nobodys.asked
    handheld = boxed.handheld
    machine = handheld.hardware
    assert (asked.udid, asked.serial_number) == (machine.udid, machine.serial_number)
    assert (asked.product, asked.os_version) == (machine.model.product_name, handheld.system.version)
    assert asked.unlock is None
    csr = check_request(asked.certificate_request, RequestPolicy())
    assert hardware_of(csr.subject) == (machine.udid, machine.serial_number)
    assert public_key_der(csr.public_key) == public_key_der(machine.key(handheld.randomness))


def test_what_comes_back_vouches_for_that_key(boxed: Device, nobodys: PlayApple, moving: MovingClock) -> None:
    """An identity whose chain leads to Apple's authority."""
    play(boxed, nobodys, SET_UP)
    identity = device_identity(boxed.handheld)
    verify_chain(
        identity.certificate,
        intermediates=identity.chain,
        roots=[nobodys.authority.root.certificate],
        at=moving.now,
        purpose=Purpose.CLIENT,
    )
    assert identity.certificate.public_key() == identity.key.public_key()


def test_every_machine_has_a_key_of_its_own(make_device: Callable[..., Device]) -> None:
    """The same one in every run of a seed."""
    devices = [make_device(number, apple=APPLE).handheld for number in (1, 2, 1)]
    first, second, again = (public_key_der(each.hardware.key(each.randomness)) for each in devices)
    assert first == again
    assert first != second


def test_certificates_that_are_none_let_nobody_enrol(boxed: Device, apple: PlayApple) -> None:
    """The device cannot say who it is, and stays in Setup Assistant."""
    profile = DepProfile(url=DEP_URL, is_mandatory=True)
    configuration = CloudConfiguration(profile=profile, profile_uuid="P", organization_name="E", server_uuid="S")
    reply = ActivationReply(
        state=ActivationState.ACTIVATED, certificate_chain=(b"none",), cloud_configuration=configuration
    )
    apple.scripted.append(ResponseArrived(0, 200, {}, encode_reply(reply)))
    events = play(boxed, apple, SET_UP)
    assert [event.reason for event in events if isinstance(event, EnrollmentFailed)] == ["activation.certificate"]
    assert boxed.life is LifeState.SETUP_ASSISTANT
    assert RequestKind.PROFILE not in {request.kind for request in apple.requests}
