"""The page about Apple Business Manager: our servers there, by their tokens, and the devices it has for us."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from mdm_server.console.abm_cards import ROWS, DevicePage, Search, TokenCard, card_of, search_in
from mdm_server.console.notices import Notice
from mdm_server.console.pages import CONSOLE, HEADERS, Pages
from mdm_server.console.visits import SESSION, Done, Visit, Visits
from mdm_server.domain.abm.tokens import AbmToken
from mdm_server.domain.staging.enrollment_program import ProgramProfile
from mdm_server.service.abm.sync import SyncReport
from mdm_server.service.suite import ServiceSuite
from mdm_server.web.errors import Explained
from mdm_server.web.limits import KIB
from mdm_server.wire.dep import ProfileStatus

PAGE = f"{CONSOLE}/abm"
PLACE = PAGE + "#token-{token}"
TOKENS = "/abm/tokens"
ONE = TOKENS + r"/{token:\d{1,15}}"
UPLOAD_BYTES = 128 * KIB
"""A server token has three to five."""
LONGEST_NAME = 64


class AbmRoom:
    """Shows the page, and does what its forms ask for."""

    def __init__(self, suite: ServiceSuite, pages: Pages, clock: Callable[[], datetime]) -> None:
        self._abm = suite.abm
        self._program = suite.staging.program
        self._pages = pages
        self._clock = clock

    def open(self, application: web.Application, visits: Visits) -> None:
        """Mount the page and its forms."""
        router = application.router
        router.add_get("/abm", self.show)
        router.add_post(TOKENS, visits.deed(self.make, back=PAGE))
        router.add_get(ONE + "/certificate", self.download_certificate)
        router.add_post(ONE + "/upload", visits.deed(self.upload, back=PLACE, body_bytes=UPLOAD_BYTES))
        router.add_post(ONE + "/default-profile", visits.deed(self.choose_default, back=PLACE))
        router.add_post(ONE + "/sync", visits.deed(self.synchronize, back=PLACE))
        router.add_get(ONE + "/remove", self.ask_about_removal)
        router.add_post(ONE + "/remove", visits.deed(self.remove, back=PAGE))

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Show tokens and devices."""
        search = search_in(dict(request.query))
        found = await self._abm.inventory.devices(
            token=search.token,
            text=search.text,
            profile_status=search.status,
            offset=search.offset,
            limit=ROWS,
        )
        profiles = await self._program.all()
        cards = [await self._card(token, profiles) for token in await self._abm.tokens.all()]
        places, notices = {card.place for card in cards}, request[SESSION].take_notices()
        return self._pages.show(
            "abm.html",
            request[SESSION],
            notices=[notice for notice in notices if notice.place not in places],
            told={place: [notice for notice in notices if notice.place == place] for place in places},
            cards=cards,
            names={card.id: card.name for card in cards},
            devices=DevicePage(search, found),
            owned=found.total if not search.narrows else sum(card.devices for card in cards),
            statuses=list(ProfileStatus),
            nothing=Search(),
        )

    async def make(self, visit: Visit) -> Done:
        """Make a key pair for a token to come."""
        name = visit.form.text("name")
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            found = f"{len(name)} characters" if name.isprintable() else "characters that nobody sees"
            raise Explained("api.invalid", expected=f"a name of 1 to {LONGEST_NAME} characters", found=found)
        token = await self._abm.tokens.new(name, visit.facts)
        notice = Notice(title=f"“{token.name}” has its key pair.", remedy="Two steps are left.")
        return Done(notice, _place(token.id))

    async def download_certificate(self, request: web.Request) -> web.StreamResponse:
        """Send the certificate that Apple Business Manager wants to have uploaded."""
        number = int(request.match_info["token"])
        headers = {**HEADERS, "Content-Disposition": f'attachment; filename="abm-token-{number}.pem"'}
        content = await self._abm.tokens.certificate(number)
        return web.Response(text=content, content_type="application/x-pem-file", headers=headers)

    async def upload(self, visit: Visit) -> Done:
        """Take the server token that was chosen."""
        file = visit.form.files.get("p7m", b"")
        if not file:
            raise Explained("abm.token", expected="the .p7m file of a server token", found="no file, or an empty one")
        token = await self._abm.tokens.upload(_number(visit), file, visit.facts)
        title = f"“{token.name}” is {token.server_name or 'a server'} at {token.organization_name or 'Apple'}."
        return Done(Notice(title=title, remedy="Synchronise to read its devices."), _place(token.id))

    async def choose_default(self, visit: Visit) -> Done:
        """Choose the DEP profile of devices that no rule is about."""
        number, profile = _number(visit), visit.form.number("profile")
        token = await self._abm.tokens.choose_default(number, profile, visit.facts)
        if profile is None:
            return Done(Notice(title=f"Devices of “{token.name}” get no profile of themselves."), _place(number))
        name = (await self._program.find(profile)).name
        notice = Notice(
            title=f"Devices of “{token.name}” get the profile “{name}”.",
            remedy="Those that have none yet get it when you synchronise next.",
        )
        return Done(notice, _place(number))

    async def synchronize(self, visit: Visit) -> Done:
        """Read Apple Business Manager by one token, and tell what was decided here."""
        number = _number(visit)
        report = await self._abm.sync.run(number, visit.facts, anew=visit.form.text("anew") == "yes")
        token = await self._abm.tokens.find(number)
        title = f"“{token.name}” is synchronised{'' if _figures(report) else ': nothing has changed'}."
        return Done(Notice(title=title, figures=_figures(report)), _place(number))

    async def ask_about_removal(self, request: web.Request) -> web.StreamResponse:
        """Ask whether a token is to be forgotten."""
        token = await self._abm.tokens.find(int(request.match_info["token"]))
        card = await self._card(token, [])
        return self._pages.show("abm_removal.html", request[SESSION], card=card)

    async def remove(self, visit: Visit) -> Done:
        """Forget a token."""
        token = await self._abm.tokens.find(_number(visit))
        await self._abm.tokens.remove(token.id, visit.facts)
        notice = Notice(title=f"“{token.name}” is forgotten.", remedy="In Apple Business Manager nothing has changed.")
        return Done(notice, PAGE)

    async def _card(self, token: AbmToken, profiles: list[ProgramProfile]) -> TokenCard:
        devices = (await self._abm.inventory.devices(token=token.id, limit=1)).total
        return card_of(token, self._clock(), devices=devices, profiles=profiles)


def _number(visit: Visit) -> int:
    return int(visit.request.match_info["token"])


def _place(token: int) -> str:
    return PLACE.format(token=token)


def _figures(report: SyncReport) -> dict[str, int]:
    """Return what a run counted, without what it did not meet."""
    counted = {
        "added": report.added,
        "changed": report.changed,
        "removed": report.removed,
        "got their profile": report.assigned,
        "lost their profile": report.unassigned,
        "refused by Apple": report.refused,
        "to be tried again later": report.throttled,
        "begun anew": report.begun_anew,
    }
    return {name: count for name, count in counted.items() if count}
