"""A login form that is no wizard: credentials, and the two things a server may ask for beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from device_emulator.core.actions import DirectEnroll, HubLogin
from device_emulator.core.conversation import Conversation
from device_emulator.core.hub.asking import Typist, solve
from mdm_server.wire.hub import DeviceLogin, DeviceReply

# Once each: a CAPTCHA and terms of use, and once more for a CAPTCHA that another device's failures brought meanwhile.
MOST_PROMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What somebody types to log in, and what they do when asked for more."""

    user_name: str
    password: str = field(repr=False)
    group: str | None = None
    shared_passcode: str | None = field(default=None, repr=False)
    accept_terms: bool = True
    solve_captcha: bool = True


def typed(wish: HubLogin | DirectEnroll) -> Login:
    """Return what a person types who wants that."""
    return Login(
        user_name=wish.user_name or "",
        password=wish.password or "",
        group=wish.group if isinstance(wish, HubLogin) else None,
        shared_passcode=wish.shared_passcode if isinstance(wish, HubLogin) else None,
        accept_terms=wish.accept_terms,
        solve_captcha=wish.solve_captcha,
    )


Send = Callable[[DeviceLogin], Conversation[DeviceReply]]


def fill_in(login: Login, types: Typist, send: Send) -> Conversation[DeviceReply]:
    """Send the form, and again with what the server asks for: a CAPTCHA, terms of use. Return its last word.

    Raises:
        HubError: there was no answer, or nobody reads the CAPTCHA.

    """
    form = DeviceLogin(
        username=login.user_name, group_id=login.group or "", shared_passcode=login.shared_passcode or ""
    )
    for _ in range(MOST_PROMPTS):
        reply = yield from send(msgspec.structs.replace(form, password=types(login.password)))
        if reply.is_captcha_required and not form.captcha_value:
            captcha = solve(reply.captcha_image, willing=login.solve_captcha)
            form = msgspec.structs.replace(form, captcha_value=captcha)
        elif reply.terms_of_use and form.terms_accepted is None:
            form = msgspec.structs.replace(form, terms_accepted=login.accept_terms)
        else:
            break
    return reply
