"""Activation: a device that is set up gets an identity, learns who manages it, or learns that it is locked.

    POST /activation        every device in Setup Assistant, before it shows its second pane
    POST /activation-lock   a device whose person has switched Find My on or off

What travels is `mdm_server.wire.activation`. The certificate says which device it is, UDID and serial number: an MDM
server that trusts this authority knows by it who asks for an enrolment profile.

A device that is refused here stays in Setup Assistant. The text of a refusal says what to do; it names no secret, and
nothing of another device.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import Authority
from certs.errors import CertsError
from certs.keys import PublicKey
from certs.names import hardware_name
from certs.request import RequestPolicy, check_request, key_fingerprint
from mdm_server.clouds.apple.activation.factory import Factory
from mdm_server.clouds.apple.activation.locks import LockRegistry, Locks
from mdm_server.clouds.apple.business_manager.records import ActivationLock
from mdm_server.clouds.apple.faults import Fault, Faults
from mdm_server.clouds.apple.journal import Detail, Journal, Service
from mdm_server.clouds.call import Call, Reply
from mdm_server.wire import activation as wire
from mdm_server.wire.activation import (
    ActivationReply,
    ActivationRequest,
    ActivationState,
    CloudConfiguration,
    FindMyReport,
)
from mdm_server.wire.errors import WireError

POINT = "activate"
UNAVAILABLE, REFUSED, DELAYED = "unavailable", "refused", "delayed"
RESPONSES = (UNAVAILABLE, REFUSED, DELAYED)
"""What a fault at `activate` may say: 503, 403, or the right answer after `delay` seconds."""
RETRY_AFTER = 5


class Registry(LockRegistry, Protocol):
    """What activation asks of Business Manager."""

    def cloud_configuration(self, serial_number: str, /) -> CloudConfiguration | None:
        """Return what the device's organization has decided for it."""
        ...

    def profile_pushed(self, serial_number: str, /) -> None:
        """Take note that the device has been told."""
        ...


class _Refused(Exception):  # noqa: N818 - an answer, not an accident
    """Ends a call early, with a status and a sentence."""

    def __init__(self, status: int, text: str, retry_after: int | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.retry_after = retry_after


class Activation:
    """Answers devices; `authority` is who vouches for them."""

    def __init__(
        self,
        registry: Registry,
        factory: Factory,
        authority: Authority,
        faults: Faults,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        journal: Journal,
    ) -> None:
        self._registry = registry
        self._factory = factory
        self._authority = authority
        self._faults = faults
        self._clock = clock
        self._journal = journal
        self._locks = Locks(registry, random_bytes)
        identities = (authority.root, authority.issuing, authority.registration, authority.profile_signer)
        self._policy = RequestPolicy(forbidden_keys=frozenset(key_fingerprint(each.key) for each in identities))

    def answer(self, call: Call) -> Reply:
        """Answer a device.

        200 with a property list, or with nothing after a report; otherwise a sentence as text: 400 for what cannot be
        read, 403 for hardware that is not what it says, 404, 405, 429 after too many guesses, 503 by arrangement.
        """
        try:
            return self._answer(call)
        except _Refused as refused:
            headers = {"Content-Type": "text/plain; charset=utf-8"}
            if refused.retry_after is not None:
                headers["Retry-After"] = str(refused.retry_after)
            self._journal.tell(Service.ACTIVATION, "refused", status=refused.status, text=refused.text)
            return Reply(status=refused.status, headers=headers, body=f"{refused.text}\n".encode())

    def _answer(self, call: Call) -> Reply:
        handlers = {wire.ACTIVATION: self._activate, wire.ACTIVATION_LOCK: self._report}
        handler = handlers.get(call.path)
        if handler is None:
            raise _Refused(404, f"Expected {wire.ACTIVATION} or {wire.ACTIVATION_LOCK}.")
        if call.method != "POST":
            raise _Refused(405, f"Expected POST, found {call.method}.")
        try:
            with self._factory.unit():
                return handler(call.body)
        except WireError as error:
            raise _Refused(400, f"Expected what a device says of itself: {error}") from error

    def _activate(self, body: bytes) -> Reply:
        """Activate a device, or tell it that it is locked."""
        delay = _suffer(self._faults.strike(Service.ACTIVATION, POINT))
        request = wire.parse_request(body)
        key, name = self._hardware(request)
        if not self._factory.bind(request.udid, request.serial_number):
            raise _Refused(403, "Expected a serial number with its own UDID, found another device's.")
        lock = self._lock(request)
        reply = self._activated(request, key, name) if lock is None else _locked(lock)
        return Reply(headers={"Content-Type": wire.PLIST}, body=wire.encode_reply(reply), delay=delay)

    def _hardware(self, request: ActivationRequest) -> tuple[PublicKey, x509.Name]:
        """Return the key that a device holds, and the name it will have."""
        try:
            return (
                check_request(request.certificate_request, self._policy).public_key,
                hardware_name(request.udid, request.serial_number),
            )
        except CertsError as error:
            raise _Refused(400, f"Expected hardware that can be given a certificate: {error}") from error

    def _lock(self, request: ActivationRequest) -> ActivationLock | None:
        """Return the lock that keeps a device from being activated, if nothing that was typed opens it."""
        serial_number, now = request.serial_number, self._clock()
        if request.unlock is not None:
            wait = self._factory.wait_after_guesses(serial_number, now)
            if wait is not None:
                raise _Refused(429, "Too many wrong codes were typed at this device.", retry_after=wait)
        lock = self._locks.against(serial_number, request.unlock)
        if lock is not None:
            guessed = request.unlock is not None
            if guessed:
                self._factory.guessed(serial_number, now)
            self._tell("locked", request, kind=lock.kind, guessed=guessed)
        return lock

    def _activated(self, request: ActivationRequest, key: PublicKey, name: x509.Name) -> ActivationReply:
        """Vouch for a device, and tell it what its organization wants."""
        chain = (self._authority.issue(key, name), self._authority.issuing.certificate)
        configuration = self._registry.cloud_configuration(request.serial_number)
        if configuration is None:
            self._tell("activated", request)
        else:
            self._registry.profile_pushed(request.serial_number)
            self._tell("activated", request, server=configuration.server_uuid, profile=configuration.profile_uuid)
            # The profile names all devices it is assigned to; none of them is any business of the others'.
            alone = msgspec.structs.replace(configuration.profile, devices=())
            configuration = replace(configuration, profile=alone)
        return ActivationReply(
            state=ActivationState.ACTIVATED,
            certificate_chain=tuple(certificate.public_bytes(Encoding.DER) for certificate in chain),
            cloud_configuration=configuration,
        )

    def _report(self, body: bytes) -> Reply:
        """Take note that Find My was switched on or off."""
        report = wire.parse_report(body)
        if not self._factory.knows(report.udid, report.serial_number):
            raise _Refused(403, "Expected a device that has been activated, found another.")
        if not self._locks.take(report):
            raise _Refused(403, "Expected the password of the account that has locked the device.")
        self._tell("find_my", report, on=report.account is not None, bypass=report.escrow_key is not None)
        return Reply()

    def _tell(self, event: str, device: ActivationRequest | FindMyReport, **details: Detail) -> None:
        self._journal.tell(Service.ACTIVATION, event, serial=device.serial_number, udid=device.udid, **details)


def _suffer(fault: Fault | None) -> float:
    """Do what somebody arranged; return by how many seconds the answer is late."""
    if fault is None:
        return 0.0
    if fault.response == UNAVAILABLE:
        raise _Refused(503, "Activation is not available. Try again.", retry_after=RETRY_AFTER)
    if fault.response == REFUSED:
        raise _Refused(403, "This device cannot be activated.")
    return fault.delay


def _locked(lock: ActivationLock) -> ActivationReply:
    return ActivationReply(state=ActivationState.LOCKED, lock_message=lock.message)
