"""The pages of the wizard: what its person types or taps on each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from device_emulator.core.hub.asking import NOBODY_ANSWERS, UNKNOWN_STEP, HubError, Typist, solve
from device_emulator.core.hub.intent import HubIntent
from mdm_server.wire.hub import HubRequest, NextStep, NextStepType, Step

# Where the Group ID comes from: somebody typed it. Seen in the vendor's own sample client.
TYPED = "1"

Answer = tuple[Step, HubRequest]
Page = Callable[[HubIntent, NextStep, Typist], Answer]


def first_page(intent: HubIntent) -> Answer:
    """Type the Group ID, or the token in its place."""
    return Step.GROUP, HubRequest(group_id=intent.group or intent.token or "", group_id_source=TYPED)


def insisting(intent: HubIntent) -> tuple[Answer, ...]:
    """Return what somebody says who wants to stage a device, asked or not."""
    staging, on_behalf = intent.staging, intent.on_behalf
    return (
        *([(Step.STAGING_CHOICE, HubRequest(staging_mode=staging))] if staging is not None else []),
        *([(Step.ON_BEHALF_USER, HubRequest(username=on_behalf))] if on_behalf is not None else []),
    )


def answer(intent: HubIntent, asked: NextStep, types: Typist) -> Answer:
    """Return what the person answers to a question.

    Raises:
        HubError: they have no answer to it.

    """
    page = PAGES.get(asked.type)
    if page is None:
        raise HubError(UNKNOWN_STEP, f"The Hub does not know the step {asked.type}.")
    return page(intent, asked, types)


def _type_token(intent: HubIntent, _asked: NextStep, _types: Typist) -> Answer:
    return Step.GROUP, HubRequest(group_id=_given(intent.token, "a token"), group_id_source=TYPED)


def _choose_group(intent: HubIntent, asked: NextStep, _types: Typist) -> Answer:
    wanted = _given(intent.group_choice, "an organization group")
    found = next((each.location_group_id for each in asked.groups if each.name == wanted), wanted)
    return Step.GROUP_SELECTOR, HubRequest(location_group_id=found)


def _type_credentials(intent: HubIntent, asked: NextStep, types: Typist) -> Answer:
    user_name, captcha = _given(intent.user_name, "credentials"), ""
    if asked.type == NextStepType.CAPTCHA or asked.is_captcha_required:
        captcha = solve(asked.captcha_image, willing=intent.solve_captcha and intent.channel.has_screen)
    password = types(intent.password or "")
    return Step.CREDENTIALS, HubRequest(username=user_name, password=password, captcha_value=captcha)


def _choose_staging(intent: HubIntent, _asked: NextStep, _types: Typist) -> Answer:
    return Step.STAGING_CHOICE, HubRequest(staging_mode=_given(intent.staging, "a staging mode"))


def _name_user(intent: HubIntent, _asked: NextStep, _types: Typist) -> Answer:
    return Step.ON_BEHALF_USER, HubRequest(username=_given(intent.on_behalf, "the user of the device"))


def _say_ownership(intent: HubIntent, _asked: NextStep, _types: Typist) -> Answer:
    return Step.OWNERSHIP, HubRequest(ownership=_given(intent.ownership, "the ownership"))


def _read_terms(intent: HubIntent, _asked: NextStep, _types: Typist) -> Answer:
    return Step.TERMS_OF_USE, HubRequest(accepted=intent.accept_terms)


def _ask_for_link(_intent: HubIntent, _asked: NextStep, _types: Typist) -> Answer:
    return Step.INSTALL_URL, HubRequest()


PAGES: Mapping[int, Page] = MappingProxyType(
    {
        NextStepType.TOKEN: _type_token,
        NextStepType.GROUP_SELECT: _choose_group,
        NextStepType.CREDENTIALS: _type_credentials,
        NextStepType.CAPTCHA: _type_credentials,
        NextStepType.STAGING_CHOICE: _choose_staging,
        NextStepType.ON_BEHALF_USER: _name_user,
        NextStepType.OWNERSHIP: _say_ownership,
        NextStepType.TERMS_OF_USE: _read_terms,
        NextStepType.INSTALL: _ask_for_link,
    }
)


def _given(answer: str | None, what: str) -> str:
    if answer is None:
        raise HubError(NOBODY_ANSWERS, f"The Hub asks for {what}, and nobody answers.")
    return answer
