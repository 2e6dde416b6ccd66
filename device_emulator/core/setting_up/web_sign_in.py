"""Signing in at a page of the organization's before the device gets its profile (`configuration_web_url`).

The device fetches the page with its MachineInfo in a header and shows it. Its person fills in what they are asked for,
page after page, until what comes is no page but a profile.
https://developer.apple.com/documentation/devicemanagement/authenticating-through-web-views
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urljoin, urlsplit

from device_emulator.core.conversation import OK, USER_AGENT, Conversation, Draft, patiently
from device_emulator.core.errors import ExchangeError
from device_emulator.core.handheld import Handheld
from device_emulator.core.hub.typist import typist
from device_emulator.core.messages import RequestKind, ResponseArrived
from device_emulator.core.setting_up.answers import SetupAnswers
from device_emulator.core.setting_up.events import WebSignInShown
from device_emulator.core.setting_up.web_page import Form, read_form

DEVICE_INFO = "x-apple-aspen-deviceinfo"
HTML = "text/html"
FORM = "application/x-www-form-urlencoded"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
SAME_METHOD = frozenset({307, 308})
MOST_PAGES = 10
"""As many as a person has patience for."""


class WebSignIn:
    """One web view, with its cookies, and the person in front of it.

    Only the server that the organization named hears what the device is, and a cookie goes where it came from: on the
    way may be somebody else's page, such as an identity provider's.
    """

    def __init__(self, handheld: Handheld, answers: SetupAnswers, machine_info: bytes) -> None:
        self.handheld = handheld
        self.answers = answers
        self._device_info = base64.b64encode(machine_info).decode()
        self._home = ""
        self._cookies: dict[str, dict[str, str]] = {}
        self._has_typed = False

    def converse(self, url: str) -> Conversation[ResponseArrived]:
        """Go from page to page; return what came in the end, which is no page to be filled in.

        Raises:
            ExchangeError: nobody is there to sign in, what they typed is not taken, or it does not end.

        """
        self.handheld.emit(WebSignInShown(url))
        self._home = urlsplit(url).netloc
        method, body = "GET", b""
        for _ in range(MOST_PAGES):
            response = yield from self._send(method, url, body)
            location = response.headers.get("location")
            if response.status in REDIRECTS and location is not None:
                url = urljoin(url, location)
                if response.status not in SAME_METHOD:
                    method, body = "GET", b""
                continue
            if not _is_page(response):
                return response
            method, url, body = self._fill_in(url, response)
        raise ExchangeError("setup.web_sign_in", f"expected a profile, found page after page: {MOST_PAGES} of them")

    def _send(self, method: str, url: str, body: bytes) -> Conversation[ResponseArrived]:
        headers, host = {"User-Agent": USER_AGENT}, urlsplit(url).netloc
        kept = self._cookies.setdefault(host, {})
        if host == self._home:
            headers[DEVICE_INFO] = self._device_info
        if body:
            headers["Content-Type"] = FORM
        if kept:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in kept.items())
        response = yield from patiently(self.handheld, Draft(RequestKind.WEB_SIGN_IN, method, url, headers, body))
        kept |= _cookies(response.headers)
        return response

    def _fill_in(self, url: str, response: ResponseArrived) -> tuple[str, str, bytes]:
        form = read_form(response.body.decode("utf-8", "replace"))
        if form is None:
            raise ExchangeError("setup.web_sign_in", f"expected a form or a profile, found a page ({response.status})")
        return form.submission(url, self._typed(form))

    def _typed(self, form: Form) -> list[tuple[str, str]]:
        if not form.asks_for_password:
            return form.filled_in(self.answers.user_name or "", "")
        if self.answers.user_name is None:
            raise ExchangeError("setup.credentials", "expected somebody to sign in, found nobody who would")
        if self._has_typed:
            raise ExchangeError("setup.credentials", "expected to be let in, found that the server asks again")
        self._has_typed = True
        return form.filled_in(self.answers.user_name, typist(self.handheld)(self.answers.password or ""))


def _is_page(response: ResponseArrived) -> bool:
    """Say whether there is something to be filled in; a page that says no may ask again."""
    is_html = response.headers.get("content-type", "").partition(";")[0].strip().lower() == HTML
    return is_html and (response.status == OK or read_form(response.body.decode("utf-8", "replace")) is not None)


def _cookies(headers: Mapping[str, str]) -> dict[str, str]:
    try:
        said = SimpleCookie(headers.get("set-cookie", ""))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in said.items()}
