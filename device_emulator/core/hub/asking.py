"""One question to the server and its answer, with every way in which there can be none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from device_emulator.core.conversation import OK, Conversation, Correspondent, Draft, patiently
from device_emulator.core.errors import ExchangeError
from device_emulator.core.hub.captcha import read_captcha
from device_emulator.core.messages import RequestKind
from mdm_server.wire.errors import WireError
from mdm_server.wire.hub import DeviceLogin, HubRequest, HubStatus, StatusCode, encode

HUB_AGENT = "Hub/1.0 mdmsim"
NOBODY_ANSWERS = "hub.no_answer"
CAPTCHA_REQUIRED = "CAPTCHA_REQUIRED"
NO_SERVER = "hub.no_server"
NOT_AN_ANSWER = "hub.not_an_answer"
REFUSED = "hub.refused"
INTERRUPTED = "hub.interrupted"
UNKNOWN_STEP = "hub.unknown_step"
ENDLESS = "hub.endless"
BUSY = "hub_busy"
CODES = (NOBODY_ANSWERS, NO_SERVER, NOT_AN_ANSWER, REFUSED, INTERRUPTED, UNKNOWN_STEP, ENDLESS, BUSY)
"""What a Hub says no with by itself; the server's refusals have codes of their own."""

Answer = TypeVar("Answer")
Typist = Callable[[str], str]
"""Types a password: returns what the keyboard got, which is not always what was meant."""


@dataclass(frozen=True, slots=True)
class Question:
    """Where to send a message, and as what."""

    kind: RequestKind
    url: str


class HubError(ExchangeError):
    """The Hub cannot go on, and says so to its person."""


def draft(question: Question, message: HubRequest | DeviceLogin) -> Draft:
    """Return the request that asks the question."""
    headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": HUB_AGENT}
    return Draft(question.kind, "POST", question.url, headers, encode(message))


def ask(correspondent: Correspondent, draft: Draft, parse: Callable[[bytes], Answer]) -> Conversation[Answer]:
    """Send a question until there is an answer, and read it.

    Raises:
        HubError: there is no answer, or none that could be understood.

    """
    try:
        response = yield from patiently(correspondent, draft)
    except ExchangeError as failure:
        raise HubError(NO_SERVER, f"The server cannot be reached: {failure.reason}.") from failure
    if response.status != OK:
        raise HubError(NOT_AN_ANSWER, f"The server answered with the status {response.status}.")
    try:
        return parse(response.body)
    except WireError as error:
        raise HubError(NOT_AN_ANSWER, f"The server's answer makes no sense: {error.detail}.") from error


def refusal_in(status: HubStatus) -> str:
    """Return the code of a refusal; real servers have only a text, and leave the Hub without one."""
    return "" if status.code == StatusCode.OK else status.reason or REFUSED


def solve(image: str, *, willing: bool) -> str:
    """Return what the person reads in a CAPTCHA.

    Raises:
        HubError: there is nobody to read it, or they give up.

    """
    characters = read_captcha(image) if willing else ""
    if not characters:
        raise HubError(CAPTCHA_REQUIRED, "The Hub shows a CAPTCHA, and nobody reads it.")
    return characters
