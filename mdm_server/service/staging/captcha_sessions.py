"""CAPTCHAs where there is no wizard: a login form that comes back has no session of its own, so its device has one."""

from __future__ import annotations

from datetime import datetime, timedelta

from mdm_server.domain.staging.attempt import Attempt, CaptchaAnswer, TermsAnswer
from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.hub_session import HubSession, SessionEvent, SessionStep, advance
from mdm_server.domain.staging.vocabulary import EntryChannel
from mdm_server.service.staging.admission import journal_words
from mdm_server.service.staging.captcha import is_solved, picture_of
from mdm_server.service.staging.sessions import Fresh
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import StagingRoom, StagingView


def captcha_shown(
    view: StagingView, identifiers: DeviceIdentifiers, at: datetime, *, device_id: int | None = None
) -> str | None:
    """Return what the last CAPTCHA of a device shows: of its enrolled Hub, or without `device_id` of its other app."""
    for session in view.sessions.of_device(identifiers):
        if session.step is SessionStep.CAPTCHA and _is_of_form(session, device_id) and session.expires_at > at:
            return session.captcha
    return None


def show_captcha(
    room: StagingRoom, attempt: Attempt, fresh: Fresh, at: datetime, *, device_id: int | None = None
) -> str:
    """Remember a new CAPTCHA for a device and return its picture; the one before is void."""
    end_captcha(room, attempt.device.identifiers, device_id=device_id)
    room.sessions.add(
        HubSession(
            fresh.session_id,
            SessionStep.CAPTCHA,
            attempt.device,
            at + timedelta(minutes=attempt.settings.session_minutes),
            channel=EntryChannel.DIRECT if device_id is None else EntryChannel.HUB,
            captcha=fresh.captcha,
            device_id=device_id,
        )
    )
    room.journal.tell(JournalCode.LOGIN_CAPTCHA, **journal_words(attempt.device))
    return picture_of(fresh.captcha)


def end_captcha(room: StagingRoom, identifiers: DeviceIdentifiers, *, device_id: int | None = None) -> None:
    """Make the CAPTCHA of a device void: it is typed once."""
    for session in room.sessions.of_device(identifiers):
        if session.step is SessionStep.CAPTCHA and _is_of_form(session, device_id):
            room.sessions.replace(advance(session, SessionEvent.EXPIRE))


def captcha_answer(shown: str | None, typed: str) -> CaptchaAnswer:
    """Return what somebody typed for a CAPTCHA is worth."""
    if is_solved(shown, typed):
        return CaptchaAnswer.SOLVED
    return CaptchaAnswer.WRONG if typed else CaptchaAnswer.MISSING


def terms_answer(accepted: bool | None) -> TermsAnswer:
    """Return what somebody said to the terms of use."""
    if accepted is None:
        return TermsAnswer.NOT_ASKED
    return TermsAnswer.ACCEPTED if accepted else TermsAnswer.DECLINED


def _is_of_form(session: HubSession, device_id: int | None) -> bool:
    """Say whether a session is that of a login form, and of the right one."""
    if device_id is None:
        return session.channel is EntryChannel.DIRECT
    return session.device_id == device_id
