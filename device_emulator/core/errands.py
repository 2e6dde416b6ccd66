"""The errands of a managed device beside its sessions: a new token, good-bye, a new certificate."""

from __future__ import annotations

from certs.identity import fingerprint
from device_emulator.core import channel, leaving, scep_client
from device_emulator.core.conversation import OK, Conversation, TemporaryError, once
from device_emulator.core.errors import ExchangeError
from device_emulator.core.events import CertificateRenewed, CheckedOut, RenewalFailed, TokenUpdated
from device_emulator.core.handheld import Handheld
from device_emulator.core.session import unrecognized


def update_token(handheld: Handheld) -> Conversation[None]:
    """Announce the push token, the magic and the unlock token as they are now.

    Raises:
        TemporaryError: the server did not take it.

    """
    management = channel.managed(handheld)
    generation = handheld.passcode.generation
    draft = channel.token_update(handheld)
    response = yield from once(draft)
    if unrecognized(response):
        leaving.end_management(handheld, f"http.{response.status}")
    elif response.status != OK:
        raise TemporaryError(f"http.{response.status}", f"expected 200, found {response.status}", draft.kind, response)
    else:
        management.announced = generation
        handheld.emit(TokenUpdated())


def check_out(handheld: Handheld) -> Conversation[None]:
    """Say good-bye, if the profile wants that, and end management in any case: it is a courtesy, not a condition.

    https://developer.apple.com/documentation/devicemanagement/check-out
    """
    management = channel.managed(handheld)
    try:
        if management.settings.check_out_when_removed:
            response = yield from once(channel.check_out(handheld))
            if response.status == OK:
                handheld.emit(CheckedOut())
    except ExchangeError:
        pass
    leaving.end_management(handheld, management.ending or "checked_out")


def renew(handheld: Handheld) -> Conversation[None]:
    """Renew the identity; without success the device keeps the old one and tries again later."""
    management = channel.managed(handheld)
    try:
        yield from scep_client.renew_identity(handheld, management.scep, management.challenge)
    except ExchangeError as error:
        handheld.emit(RenewalFailed(error.reason, error.detail))
        return
    management.idle_signature = None
    handheld.emit(CertificateRenewed(fingerprint(handheld.keychain.certificate or b"")))
