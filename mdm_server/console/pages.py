"""Pages: templates filled in, and what a browser may do with them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from mdm_server.console.notices import Notice
from mdm_server.console.sessions import Session

CONSOLE = "/console"
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'",
        # Not `no-referrer`: with that, browsers say `Origin: null` about our own forms (Fetch, "append Origin header").
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
)
"""What a browser may do with a page: show it in our one style, send its forms back here, and forget it."""
ROOMS: Mapping[str, str] = MappingProxyType({f"{CONSOLE}/abm": "Apple Business Manager"})
"""What there is to go to, by address."""
_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


class Pages:
    """Makes pages of templates; everything that is filled in is text, whoever wrote it."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=PackageLoader("mdm_server.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["moment"] = _moment
        self._environment.filters["iso"] = lambda at: at.astimezone(UTC).isoformat(timespec="seconds")
        self._environment.globals |= {"console": CONSOLE, "rooms": ROOMS}
        folder = files("mdm_server.console") / "static"
        self._static = {each.name: each.read_bytes() for each in folder.iterdir() if each.name[-4:] in _TYPES}
        # A style of another version is another address: no page is ever shown in the style of yesterday.
        self._environment.globals["addresses"] = {
            name: f"{CONSOLE}/{name}?{hashlib.sha256(content).hexdigest()[:12]}"
            for name, content in self._static.items()
        }

    def show(
        self,
        template: str,
        session: Session | None = None,
        *,
        status: int = 200,
        notices: Sequence[Notice] = (),
        **facts: Any,
    ) -> web.Response:
        """Return a page, and on it what was left for the session to be read."""
        left = [] if session is None else session.take_notices()
        text = self._environment.get_template(template).render(session=session, notices=[*left, *notices], **facts)
        return web.Response(status=status, text=text, content_type="text/html", headers=HEADERS)

    @property
    def static(self) -> list[str]:
        """The names of what pages are shown with."""
        return sorted(self._static)

    async def send_static(self, request: web.Request) -> web.StreamResponse:
        """Send a style or a picture: the same for everybody, and for as long as this version runs."""
        name = request.path.rpartition("/")[2]
        kept = {**HEADERS, "Cache-Control": "public, max-age=86400, immutable", "Content-Type": _TYPES[name[-4:]]}
        return web.Response(body=self._static[name], headers=kept)


def see(address: str) -> web.Response:
    """Lead a browser to another page; after a form that is what keeps a reload from sending it again."""
    return web.Response(status=303, headers={**HEADERS, "Location": address})


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
