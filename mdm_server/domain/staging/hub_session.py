"""The Hub session: the server leads a device from "Group ID?" to an install URL, one question at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import PresentedDevice
from mdm_server.domain.staging.organization import GroupTree
from mdm_server.domain.staging.settings import EnrollmentSettings
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import EntryChannel, GroupingMode, Ownership, StagingMode
from mdm_server.domain.table import TransitionTable


class SessionStep(StrEnum):
    """What the server has asked and waits for, or how it ended."""

    START = "Start"
    GROUP = "Group"
    GROUP_SELECT = "GroupSelect"
    TOKEN = "Token"  # noqa: S105 - a question, not a token
    CAPTCHA = "Captcha"
    CREDENTIALS = "Credentials"
    STAGING_CHOICE = "StagingChoice"
    ON_BEHALF_USER = "OnBehalfUser"
    OWNERSHIP = "Ownership"
    TERMS_OF_USE = "TermsOfUse"
    INSTALL = "Install"
    DONE = "Done"
    REFUSED = "Refused"
    EXPIRED = "Expired"


class SessionEvent(StrEnum):
    """What happens to a session: the next question, or an end. RETRY is the same question again."""

    ASK_GROUP = "AskGroup"
    ASK_GROUP_SELECT = "AskGroupSelect"
    ASK_TOKEN = "AskToken"  # noqa: S105
    ASK_CAPTCHA = "AskCaptcha"
    ASK_CREDENTIALS = "AskCredentials"
    ASK_STAGING_CHOICE = "AskStagingChoice"
    ASK_ON_BEHALF_USER = "AskOnBehalfUser"
    ASK_OWNERSHIP = "AskOwnership"
    ASK_TERMS_OF_USE = "AskTermsOfUse"
    OFFER_INSTALL = "OfferInstall"
    RETRY = "Retry"
    ENROLLED = "Enrolled"
    REFUSE = "Refuse"
    EXPIRE = "Expire"


@dataclass(frozen=True, slots=True)
class HubSession:
    """One device's way through the wizard. `mode` is None until it is known whether and how this is staging."""

    id: str
    step: SessionStep
    device: PresentedDevice
    expires_at: datetime
    channel: EntryChannel = EntryChannel.HUB
    group: int | None = None
    group_chosen: bool = False
    user: int | None = None
    on_behalf: int | None = None
    mode: StagingMode | None = None
    ownership: Ownership | None = None
    terms_accepted: bool = False
    token_registration: int | None = None
    captcha: str | None = None
    invitation_id: str | None = None
    device_id: int | None = None

    @property
    def owner(self) -> int | None:
        """Whose the device would be at the end; None while nobody's, as when it is staged for whoever comes."""
        if self.mode is StagingMode.ADVANCED:
            return self.on_behalf
        return self.user if self.mode in (None, StagingMode.NONE) else None


RETRIABLE = frozenset({"GROUP_UNKNOWN", "BAD_CREDENTIALS", "CAPTCHA_REQUIRED"})
"""The refusals after which the same session may try again; any other ends it."""

_S, _E = SessionStep, SessionEvent
_QUESTIONS = {
    _E.ASK_GROUP: _S.GROUP,
    _E.ASK_GROUP_SELECT: _S.GROUP_SELECT,
    _E.ASK_TOKEN: _S.TOKEN,
    _E.ASK_CAPTCHA: _S.CAPTCHA,
    _E.ASK_CREDENTIALS: _S.CREDENTIALS,
    _E.ASK_STAGING_CHOICE: _S.STAGING_CHOICE,
    _E.ASK_ON_BEHALF_USER: _S.ON_BEHALF_USER,
    _E.ASK_OWNERSHIP: _S.OWNERSHIP,
    _E.ASK_TERMS_OF_USE: _S.TERMS_OF_USE,
    _E.OFFER_INSTALL: _S.INSTALL,
}
_ORDER = (_S.START, *_QUESTIONS.values())
_OPEN = _ORDER
_ENDED = (_S.DONE, _S.REFUSED, _S.EXPIRED)

HUB_SESSION = TransitionTable(
    name="HubSession",
    states=SessionStep,
    events=SessionEvent,
    initial=SessionStep.START,
    moves={
        # Questions come in one order, and what needs no answer is not asked.
        **{
            (before, event): step
            for before in _OPEN
            for event, step in _QUESTIONS.items()
            if _ORDER.index(step) > _ORDER.index(before)
        },
        # A wrong password may bring the CAPTCHA up, and an administrator's reset takes it away again.
        (_S.CREDENTIALS, _E.ASK_CAPTCHA): _S.CAPTCHA,
        **{(step, _E.RETRY): step for step in _OPEN},
        (_S.INSTALL, _E.OFFER_INSTALL): _S.INSTALL,
        (_S.INSTALL, _E.ENROLLED): _S.DONE,
        **{(step, _E.REFUSE): _S.REFUSED for step in _OPEN},
        **{(step, _E.EXPIRE): _S.EXPIRED for step in _OPEN},
        **{(step, _E.EXPIRE): step for step in _ENDED},
    },
)


def on_the_full_walk(before: SessionStep, event: SessionEvent) -> bool:
    """Say whether a move belongs to the walk on which every question is asked; the others skip some."""
    return event not in _QUESTIONS or _ORDER.index(_QUESTIONS[event]) <= _ORDER.index(before) + 1


EVENT_OF_STEP = {step: event for event, step in _QUESTIONS.items()}
"""The event that leads to a question."""


def advance(session: HubSession, event: SessionEvent) -> HubSession:
    """Return the session after an event; one out of place raises `STEP_OUT_OF_ORDER`."""
    step = HUB_SESSION.after(session.step, event)
    if step is None:
        raise Refusal("STEP_OUT_OF_ORDER", reason=f"{event}_when_{session.step}")
    return replace(session, step=step)


def check_open(session: HubSession, at: datetime, *expected: SessionStep) -> None:
    """Raise `SESSION_EXPIRED` for a session that is over, `STEP_OUT_OF_ORDER` for an answer nobody asked for."""
    if session.step in (SessionStep.EXPIRED, SessionStep.DONE) or session.expires_at <= at:
        raise Refusal("SESSION_EXPIRED", reason=session.step)
    if session.step not in expected:
        raise Refusal("STEP_OUT_OF_ORDER", reason=session.step)


def decided_mode(session: HubSession, user: EnrollmentUser | None) -> StagingMode | None:
    """Return how this session stages; None while nobody knows: before the login, or while a choice is to be made.

    Who has no choice is not asked. Where there is no screen to ask on, a user who may do both stages a shared device.
    """
    if session.mode is not None or user is None:
        return session.mode
    decided = user.staging_type.mode_of(None)
    return StagingMode.MULTI if decided is None and not session.channel.has_screen else decided


def next_step(
    session: HubSession,
    tree: GroupTree,
    user: EnrollmentUser | None = None,
    *,
    captcha_required: bool = False,
    ownership_known: bool = False,
    terms_accepted: str | None = None,
) -> SessionStep:
    """Return the next question of a session: the first in order whose answer is needed and not known.

    `user` is the one of the session, once known; `ownership_known` when a list entry or a registration says whose the
    hardware is; `terms_accepted` is the version this user has accepted before. What a device without a screen would
    be asked is left out: it brings its answers, or does without.
    """
    if session.group is None:
        return SessionStep.GROUP
    settings = tree.settings(session.group)
    mode = decided_mode(session, user)
    can_ask = session.channel.has_screen
    prompt = settings.grouping is GroupingMode.PROMPT and bool(tree.children(session.group))
    questions = (
        (SessionStep.GROUP_SELECT, can_ask and prompt and not session.group_chosen),
        (SessionStep.TOKEN, can_ask and _wants_token(session, settings)),
        (SessionStep.CAPTCHA, session.user is None and captcha_required),
        (SessionStep.CREDENTIALS, session.user is None),
        (SessionStep.STAGING_CHOICE, mode is None),
        (SessionStep.ON_BEHALF_USER, mode is StagingMode.ADVANCED and session.on_behalf is None),
        (
            SessionStep.OWNERSHIP,
            can_ask and settings.ask_ownership and not ownership_known and session.ownership is None,
        ),
        (SessionStep.TERMS_OF_USE, can_ask and not session.terms_accepted and _new_terms(settings, terms_accepted)),
    )
    return next((step for step, needed in questions if needed), SessionStep.INSTALL)


def _wants_token(session: HubSession, settings: EnrollmentSettings) -> bool:
    """Say whether to ask for a token: before the login, or never; a group that the login leads to may refuse."""
    return settings.token_required and session.token_registration is None and session.user is None


def _new_terms(settings: EnrollmentSettings, accepted: str | None) -> bool:
    return settings.terms is not None and settings.terms.version != accepted
