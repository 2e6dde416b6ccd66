"""Activation: the device asks Apple for a certificate, and learns on this occasion whose it is."""

from __future__ import annotations

from certs.errors import CertsError
from certs.identity import Identity, load_certificate
from certs.names import hardware_name
from certs.request import build_request
from device_emulator.core.activation import ActivationRecord, AppleAddress
from device_emulator.core.conversation import OK, USER_AGENT, Conversation, Draft, patiently, said_by
from device_emulator.core.errors import ExchangeError
from device_emulator.core.handheld import Handheld
from device_emulator.core.messages import RequestKind
from device_emulator.core.setting_up.events import ActivationLocked, DeviceActivated
from device_emulator.core.sharing import shared
from mdm_server.wire.activation import (
    PLIST,
    ActivationReply,
    ActivationRequest,
    ActivationState,
    encode_request,
    parse_reply,
)
from mdm_server.wire.errors import WireError


def activate(handheld: Handheld, apple: AppleAddress, unlock: str | None) -> Conversation[None]:
    """Have Apple activate the device; if it is locked, type `unlock`, once.

    Raises:
        ExchangeError: Apple cannot be reached, does not know such a device, or the lock stays shut.

    """
    reply = yield from _ask(handheld, apple, None)
    if reply.state is ActivationState.LOCKED:
        handheld.emit(ActivationLocked(reply.lock_message or ""))
        if unlock is not None:
            reply = yield from _ask(handheld, apple, unlock)
    if reply.state is ActivationState.LOCKED:
        typed = "nobody knew what opens it" if unlock is None else "what was typed does not open it"
        raise ExchangeError("activation.locked", f"expected a device without an activation lock: {typed}")
    configuration = None if reply.cloud_configuration is None else shared(reply.cloud_configuration)
    handheld.activation = ActivationRecord(certificates=reply.certificate_chain, configuration=configuration)
    handheld.emit(DeviceActivated(None if configuration is None else configuration.organization_name))


def device_identity(handheld: Handheld) -> Identity:
    """Return the key that the machine was made with, and what vouches for it.

    Raises:
        ExchangeError: nobody vouches for this device.

    """
    if handheld.activation is None:
        raise ExchangeError("setup.no_identity", "expected a device that Apple has activated, found one it has not")
    try:
        own, *chain = (load_certificate(each) for each in handheld.activation.certificates)
    except CertsError as error:
        raise ExchangeError("activation.certificate", f"expected certificates of Apple's, found {error}") from error
    return Identity(handheld.hardware.key(handheld.randomness), own, tuple(chain))


def _ask(handheld: Handheld, apple: AppleAddress, unlock: str | None) -> Conversation[ActivationReply]:
    machine = handheld.hardware
    subject = hardware_name(machine.udid, machine.serial_number)
    request = ActivationRequest(
        udid=machine.udid,
        serial_number=machine.serial_number,
        product=machine.model.product_name,
        os_version=handheld.system.version,
        build=handheld.system.build,
        certificate_request=build_request(machine.key(handheld.randomness), subject),
        unlock=unlock,
    )
    headers = {"User-Agent": USER_AGENT, "Content-Type": PLIST}
    draft = Draft(RequestKind.ACTIVATION, "POST", apple.activation, headers, encode_request(request))
    response = yield from patiently(handheld, draft)
    if response.status != OK:
        raise ExchangeError(
            "activation.refused", f"expected to be activated, found {response.status} {said_by(response)}"
        )
    try:
        return parse_reply(response.body)
    except WireError as error:
        raise ExchangeError("activation.reply", error.detail) from error
