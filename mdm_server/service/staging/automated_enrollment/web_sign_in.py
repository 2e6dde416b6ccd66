"""The door with a page: `/enroll/dep/web`, where a DEP profile has a `configuration_web_url`.

The device opens the page in a web view, with its MachineInfo in a header; its person signs in, and what comes back in
the place of a page is the enrolment profile. https://developer.apple.com/documentation/devicemanagement/profile
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from mdm_server.domain.refusal import Refusal
from mdm_server.service.answer import PROFILE, Answer
from mdm_server.service.journal import Exchange, Journal
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.settings import ServiceSettings
from mdm_server.service.staging.automated_enrollment.describing import CODE
from mdm_server.service.staging.automated_enrollment.entrance import Arrival, Declined, Entrance
from mdm_server.service.staging.automated_enrollment.page import (
    HEADERS,
    HTML,
    PASSWORD,
    TICKET,
    USER_NAME,
    refusal_page,
    sign_in_page,
)
from mdm_server.service.staging.automated_enrollment.ticket import Tickets
from mdm_server.store.journal_codes import JournalCode

SHOWN = frozenset({CODE, "SESSION_EXPIRED"})
"""The refusals that a person is to read."""
WRONG = "The user name or the password is wrong."
UNPROCESSABLE = 422
LONGEST_FORM = 8 * 1024
_MOST_FIELDS = 8


class WebSignIn:
    """Shows the page, and takes its form."""

    def __init__(self, entrance: Entrance, tickets: Tickets, settings: ServiceSettings, journal: Journal) -> None:
        self._entrance = entrance
        self._tickets = tickets
        self._settings = settings
        self._journal = journal

    async def answer(self, facts: RequestFacts, body: bytes) -> Answer:
        """Answer a GET with the page, and the POST of its form with the enrolment profile.

        Wrong credentials bring the form back, with 422; every other refusal is a page with its status:
        `ade.machineinfo` for a device that is not what it says, or does not sign in on a page, `SESSION_EXPIRED` for a
        form that is too old or not of this server, and those of staging. Raises Refusal `limit.rate`.
        """
        try:
            with self._journal.guard(facts) as exchange:
                return await self._answer(facts, body, exchange)
        except Refusal as refusal:
            if refusal.code not in SHOWN:
                raise
            return _declined(f"{refusal.text} {refusal.remedy}", refusal.status)

    async def _answer(self, facts: RequestFacts, body: bytes, exchange: Exchange) -> Answer:
        if facts.method == "POST":
            fields = _fields(body)
            device = self._tickets.read(fields.get(TICKET, ""))
            exchange.device = device.identifier
            return await self._sign_in(facts, _signs_in_here(await self._entrance.admit(device)), fields)
        info, arrival = await self._entrance.recognize(facts, body, exchange)
        update = self._entrance.update_first(facts, info, _signs_in_here(arrival).program)
        return update or self._form(arrival)

    async def _sign_in(self, facts: RequestFacts, arrival: Arrival, fields: Mapping[str, str]) -> Answer:
        user_name, password = fields.get(USER_NAME, ""), fields.get(PASSWORD, "")
        outcome = await self._entrance.enroll_as(facts, arrival, (user_name, password))
        if not isinstance(outcome, Declined):
            self._journal.note(JournalCode.ADE_WEB_SIGN_IN, facts, device=arrival.device.identifier)
            return Answer(outcome, PROFILE, headers={"Cache-Control": "no-store"})
        if outcome.may_try_again:
            return self._form(arrival, user_name=user_name, error=WRONG, status=UNPROCESSABLE)
        return _declined(outcome.text, outcome.status)

    def _form(self, arrival: Arrival, *, user_name: str = "", error: str = "", status: int = 200) -> Answer:
        ticket = self._tickets.write(arrival.device)
        page = sign_in_page(self._settings.organization, ticket, user_name=user_name, error=error)
        return Answer(page, HTML, status=status, headers=HEADERS)


def _declined(text: str, status: int) -> Answer:
    return Answer(refusal_page(text), HTML, status=status, headers=HEADERS)


def _signs_in_here(arrival: Arrival) -> Arrival:
    """Refuse a device whose DEP profile does not send it here: it has no business with a form."""
    if not (arrival.program.web_sign_in and arrival.program.authentication_required):
        raise Refusal(CODE, reason="no_web_sign_in")
    return arrival


def _fields(body: bytes) -> dict[str, str]:
    """Read a form; raises Refusal `SESSION_EXPIRED` for what is none: only a page of ours is to be sent here."""
    try:
        if len(body) > LONGEST_FORM:
            raise ValueError("too long")
        return dict(parse_qsl(body.decode("ascii"), errors="strict", max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise Refusal("SESSION_EXPIRED", reason="form") from error
