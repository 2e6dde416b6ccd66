"""What the Hub's server says: the next question with all that is needed to ask it, or a refusal in the user's words."""

from __future__ import annotations

from mdm_server.domain.staging.hub_session import HubSession, SessionStep
from mdm_server.domain.staging.organization import GroupTree
from mdm_server.domain.staging.refusals import STAGING_REFUSALS
from mdm_server.domain.staging.vocabulary import Ownership
from mdm_server.service.staging.captcha import picture_of
from mdm_server.wire.hub import GroupChoice, HubHeader, HubReply, HubStatus, NextStep, NextStepType, StatusCode

TYPES = {
    SessionStep.GROUP_SELECT: NextStepType.GROUP_SELECT,
    SessionStep.TOKEN: NextStepType.TOKEN,
    SessionStep.CAPTCHA: NextStepType.CAPTCHA,
    SessionStep.CREDENTIALS: NextStepType.CREDENTIALS,
    SessionStep.STAGING_CHOICE: NextStepType.STAGING_CHOICE,
    SessionStep.ON_BEHALF_USER: NextStepType.ON_BEHALF_USER,
    SessionStep.OWNERSHIP: NextStepType.OWNERSHIP,
    SessionStep.TERMS_OF_USE: NextStepType.TERMS_OF_USE,
    SessionStep.INSTALL: NextStepType.INSTALL,
}
_LICENSE = "LICENSE_EXPIRED"
_OWNERSHIPS = (Ownership.CORPORATE_DEDICATED, Ownership.CORPORATE_SHARED, Ownership.EMPLOYEE_OWNED)


def question(session: HubSession, tree: GroupTree, *, install_url: str = "") -> HubReply:
    """Ask what a session waits for."""
    return HubReply(HubHeader(session_id=session.id), next_step=_next_step(session, tree, install_url))


def refusal(code: str, session: HubSession | None = None, tree: GroupTree | None = None) -> HubReply:
    """Refuse; with a session and its tree, its question is asked again."""
    header = HubHeader() if session is None else HubHeader(session_id=session.id)
    again = NextStep(NextStepType.LICENSE_EXPIRED if code == _LICENSE else NextStepType.NONE)
    if session is not None and tree is not None:
        again = _next_step(session, tree)
    return HubReply(header, status_of(code), again)


def status_of(code: str) -> HubStatus:
    """Return a refusal as the Hub shows it."""
    return HubStatus(StatusCode.ERROR, STAGING_REFUSALS[code].text, code)


def _next_step(session: HubSession, tree: GroupTree, install_url: str = "") -> NextStep:
    kind = TYPES.get(session.step, NextStepType.NONE)
    settings = None if session.group is None else tree.settings(session.group)
    match session.step:
        case SessionStep.CAPTCHA:
            return NextStep(kind, is_captcha_required=True, captcha_image=picture_of(session.captcha or ""))
        case SessionStep.STAGING_CHOICE | SessionStep.ON_BEHALF_USER:
            return NextStep(kind, staging_required=True)
        case SessionStep.GROUP_SELECT if session.group is not None:
            choices = (tree[group] for group in tree.branch(session.group))
            return NextStep(kind, groups=tuple(GroupChoice(str(group.id), group.name) for group in choices))
        case SessionStep.OWNERSHIP if settings is not None:
            return NextStep(kind, ownership_types=tuple(settings.allowed_ownerships or _OWNERSHIPS))
        case SessionStep.TERMS_OF_USE if settings is not None and settings.terms is not None:
            terms = settings.terms
            return NextStep(kind, terms_of_use=terms.text, terms_of_use_version=terms.version)
        case _:
            return NextStep(kind, install_url=install_url)
