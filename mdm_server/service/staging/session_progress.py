"""What follows from how far a session has come: what can be judged, what need not be asked, whom it need not ask."""

from __future__ import annotations

from mdm_server.domain.staging.attempt import Attempt, Credentials, GuardName
from mdm_server.domain.staging.hub_session import HubSession
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import (
    EntryChannel,
    Ownership,
    RegistrationState,
    StagingChoice,
    StagingMode,
    TokenType,
)
from mdm_server.store.staging import UsersView


def reach(session: HubSession) -> GuardName:
    """Return the last guard that can be asked with what is known of a session."""
    undecided = session.mode is None or (session.mode is StagingMode.ADVANCED and session.on_behalf is None)
    return GuardName.USER_ENROLLABLE if undecided else GuardName.BOUND_ELSEWHERE


def ownership_known(attempt: Attempt) -> bool:
    """Say whether a list or a registration knows whose the hardware is, so that nobody is asked (§2.1 rule 6)."""
    allowed, registration = attempt.listed.allowed, attempt.registration
    if allowed is not None and allowed.ownership is not None:
        return True
    return registration is not None and registration.ownership is not Ownership.UNDEFINED


def destination(attempt: Attempt) -> int | None:
    """Return the group a device goes to: the allow list's word for it comes before what was typed (row 16)."""
    allowed, group = attempt.listed.allowed, attempt.group
    if allowed is not None and allowed.enrollment_group in attempt.tree:
        return allowed.enrollment_group
    return None if group is None else group.id


def vouched_for(session: HubSession, attempt: Attempt, users: UsersView) -> int | None:
    """Return the user who needs no password.

    The one whose single-factor token came; or on Apple Configurator's cart, where the administrator answers for
    everybody, the one to whom the device was registered beforehand (F9b): never for a staging user, who is let in by a
    password alone.
    """
    token = attempt.token_registration
    if token is not None and token.token is not None and token.token.type is TokenType.SINGLE_FACTOR:
        return token.user
    registration = attempt.registration
    if session.channel is not EntryChannel.CONFIGURATOR or registration is None or registration.user is None:
        return None
    user = users.get(registration.user)
    excused = user is not None and not user.may_stage and registration.state is not RegistrationState.EXPIRED
    return registration.user if excused else None


def shown(session: HubSession, attempt: Attempt) -> Credentials:
    """Return what has been shown of credentials; on the cart the administrator answers for everybody but the stager."""
    if session.user is None or attempt.user is None:
        return Credentials.MISSING
    on_cart = session.channel is EntryChannel.CONFIGURATOR and not attempt.user.may_stage
    return Credentials.VOUCHED if on_cart else Credentials.GOOD


def wished(choice: StagingChoice, user: EnrollmentUser) -> StagingMode:
    """Return the mode that somebody wants who was not asked."""
    if choice is StagingChoice.MULTI:
        return StagingMode.MULTI
    return StagingMode.ADVANCED if user.staging_type.advanced else StagingMode.STANDARD
