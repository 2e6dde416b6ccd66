"""From the end of the wizard to a device that is enrolled: the install URL, and what is behind it.

An Apple device finds its enrolment profile there. The invitation in it is known to the session, and that is how the
TokenUpdate which completes the enrolment finds whose device it is. An Android finds the project's own channel, with a
token that opens it once; the session keeps its hash in the place of the invitation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.hub_session import HubSession, SessionStep, check_open
from mdm_server.domain.staging.vocabulary import EntryChannel, Platform
from mdm_server.service.invitations import InvitationRequest, Invitations
from mdm_server.service.request_facts import RequestFacts
from mdm_server.store.contract import Store
from mdm_server.store.records import Occasion
from mdm_server.store.staging import StagingRoom, StagingView

SESSION_PARAMETER = "session"


def install_url(base_url: str, session_id: str) -> str:
    """Return where an Apple device finds the enrolment profile of its session."""
    return f"{base_url}/enroll?{SESSION_PARAMETER}={session_id}"


def hash_of_android_token(token: str) -> str:
    """Return what a session keeps of an Android's one-time token, as its `invitation_id`."""
    return "android:" + hashlib.sha256(token.encode()).hexdigest()


def session_of_android_token(view: StagingView, token: str, at: datetime) -> HubSession:
    """Return the session that led to a one-time token and still waits for its device.

    Raises:
        Refusal: `SESSION_EXPIRED`, the token is unknown, used, or too old.

    """
    session = view.sessions.by_invitation(hash_of_android_token(token))
    if session is None:
        raise Refusal("SESSION_EXPIRED", reason="unknown")
    check_open(session, at, SessionStep.INSTALL)
    return session


async def revoke(store: Store, invitations: Iterable[str], occasion: Occasion) -> None:
    """Revoke the invitations of sessions that are over; the hash of an Android's token is none, and does no harm."""
    for invitation in invitations:
        with suppress(Refusal):
            await store.invitations.revoke(invitation, occasion)


class Completion:
    """Serves the enrolment profile of a session."""

    def __init__(self, store: Store, invitations: Invitations, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._invitations = invitations
        self._clock = clock

    async def profile(self, session_id: str, facts: RequestFacts) -> bytes:
        """Return the signed enrolment profile of a session that has come to its end.

        Fetched again, it carries a new invitation, and the one before is revoked. Raises Refusal `SESSION_EXPIRED`,
        and `STEP_OUT_OF_ORDER` when the wizard has not led here yet, or two devices fetch at once.
        """
        now = self._clock()
        session = await self._store.staging.read(lambda view: _waiting(view, session_id, now))
        request = await self._store.staging.read(lambda view: _request(view, session))
        invitation, profile = await self._invitations.invite_with_profile(request, facts)

        def keep(room: StagingRoom) -> None:
            current = _waiting(room, session_id, now)
            if current.invitation_id != session.invitation_id:
                raise Refusal("STEP_OUT_OF_ORDER", reason="fetched_twice")
            room.sessions.replace(replace(current, invitation_id=invitation.invitation_id))

        occasion = facts.occasion(now)
        try:
            await self._store.staging.transact(keep, occasion)
        except Refusal:
            await self._store.invitations.revoke(invitation.invitation_id, occasion)
            raise
        await revoke(self._store, [session.invitation_id] if session.invitation_id else [], occasion)
        return profile


def _request(view: StagingView, session: HubSession) -> InvitationRequest:
    """Return what the invitation of a session is to say; through DEP, the DEP profile has a word in it."""
    identifiers = session.device.identifiers
    request = InvitationRequest(udid=identifiers.udid, serial_number=identifiers.serial_number)
    program = view.enrollment_program.assigned_to(identifiers.serial_number or "")
    if session.channel is not EntryChannel.DEP or program is None:
        return request
    # One device has one session, and a session one invitation: there are never more of these than devices in ABM.
    return replace(request, removable=program.removable, supervised=program.supervised, expected=True)


def _waiting(view: StagingView, session_id: str, at: datetime) -> HubSession:
    session = view.sessions.get(session_id)
    if session is None or session.device.platform is not Platform.IOS:
        raise Refusal("SESSION_EXPIRED", reason="unknown")
    check_open(session, at, SessionStep.INSTALL)
    return session
