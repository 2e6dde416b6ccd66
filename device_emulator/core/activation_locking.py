"""Activation Lock, as far as the device decides: when it locks, its bypass code, and what Apple is told.

A device that nobody supervises locks as soon as Find My is on. A supervised one does so only where its server allows it
(MDMOptions of the Settings command): at once if Find My is on, or when it is switched on. From then on the lock stays
until Find My is switched off, and no erase removes it: it is Apple who asks for a code or a password when the device
is next activated.
https://support.apple.com/guide/deployment/activation-lock-depf4ab94ef1/web
"""

from __future__ import annotations

from datetime import timedelta

from device_emulator.core.answers.habits import can_be_located
from device_emulator.core.conversation import OK, USER_AGENT, Conversation, Draft, once, said_by
from device_emulator.core.errors import ExchangeError
from device_emulator.core.events import FindMyRefused, FindMyReported, RetryScheduled
from device_emulator.core.find_my import LockOwner
from device_emulator.core.handheld import Handheld
from device_emulator.core.messages import RequestKind
from device_emulator.core.preferences import Preference
from mdm_server.wire.activation import PLIST, FindMyReport, encode_report
from mdm_server.wire.activation_lock import LENGTH, escrow_key

CODE_IS_THERE_FOR = timedelta(days=15)
"""After it has been supervised a device gives its code away for so long (schema, ActivationLockBypassCode)."""


def allows_lock(handheld: Handheld) -> bool:
    """Say whether the activation of this device may be locked by the account of its person."""
    options = handheld.preferences.value(Preference.MDM_OPTIONS)
    allowed = isinstance(options, dict) and options.get("ActivationLockAllowedWhileSupervised") is True
    return allowed or not handheld.is_supervised


def is_locked(handheld: Handheld) -> bool:
    """Say whether Find My locks the activation."""
    if handheld.find_my.locked_by is not None:
        return True
    return can_be_located(handheld) and allows_lock(handheld)


def bypass_code(handheld: Handheld) -> bytes | None:
    """Return the code that opens the lock: made anew by every erase, and only on a supervised device."""
    if not handheld.is_supervised or handheld.find_my.code_cleared:
        return None
    return handheld.randomness.random_bytes("bypass code", LENGTH, handheld.erasures)


def gives_code_away(handheld: Handheld) -> bool:
    """Say whether the server may still have the code; the days are counted from enrolment."""
    management = handheld.management
    return management is None or handheld.clock() < management.since + CODE_IS_THERE_FOR


def notice(handheld: Handheld) -> bool:
    """Lock, or unlock, as Find My and the server's leave have it now; return whether Apple is to be told at once.

    Without Apple there is nobody to tell, and nothing that a lock could do.
    """
    if handheld.settings.apple is None:
        return False
    account, state = handheld.apple_account, handheld.find_my
    if account is None or not can_be_located(handheld):
        state.locked_by = None
    elif state.locked_by is None or state.locked_by.name != account.name:
        state.locked_by = LockOwner(account.name, account.password) if allows_lock(handheld) else None
    if state.reported == state.locked_by:
        state.tell_at = None
        return False
    return state.tell_at is None or state.tell_at <= handheld.clock()


def report(handheld: Handheld) -> Conversation[None]:
    """Tell Apple one thing: whose lock is gone, or who locks the activation now.

    Who takes a lock away has to know the password of its account; Apple learns of the next one afterwards. If Apple
    does not hear, nothing else waits for it: the device tells it again after a while.
    """
    apple, state = handheld.settings.apple, handheld.find_my
    if apple is None or state.reported == state.locked_by:
        return
    owner = state.locked_by if state.reported is None else None
    message = _locked(handheld, owner) if owner is not None else _unlocked(handheld, state.reported)
    headers = {"User-Agent": USER_AGENT, "Content-Type": PLIST}
    draft = Draft(RequestKind.FIND_MY, "POST", apple.activation_lock, headers, encode_report(message))
    try:
        response = yield from once(draft)
    except ExchangeError as error:
        state.tell_at = handheld.clock() + handheld.settings.retry.ceiling
        handheld.emit(RetryScheduled(RequestKind.FIND_MY, error.reason, state.tell_at))
        return
    # Whatever Apple says, it has heard: asked again it would say the same.
    state.reported = owner
    if response.status == OK:
        handheld.emit(FindMyReported(locked=owner is not None))
    else:
        handheld.emit(FindMyRefused(response.status, said_by(response)))


def _locked(handheld: Handheld, owner: LockOwner) -> FindMyReport:
    code = bypass_code(handheld)
    return FindMyReport(
        udid=handheld.hardware.udid,
        serial_number=handheld.hardware.serial_number,
        account=owner.name,
        password=owner.password or None,
        escrow_key=None if code is None else escrow_key(code),
    )


def _unlocked(handheld: Handheld, before: LockOwner | None) -> FindMyReport:
    return FindMyReport(
        udid=handheld.hardware.udid,
        serial_number=handheld.hardware.serial_number,
        password=None if before is None else before.password or None,
    )
