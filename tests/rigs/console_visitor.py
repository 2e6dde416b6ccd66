"""Somebody at the console without a browser: reads pages, fills in the forms that are on them, and keeps cookies."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import aiohttp

from rigs.sockets import SocketRig

VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})


@dataclass
class PageForm:
    """A form of a page: where it goes, and what it says if nothing is filled in."""

    action: str
    method: str
    enctype: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """A page, read."""

    def __init__(self, status: int, headers: Mapping[str, str], text: str, address: str) -> None:
        super().__init__()
        self.status, self.headers, self.source, self.address = status, headers, text, address
        self.forms: list[PageForm] = []
        self.links: dict[str, str] = {}
        """Where links lead, by their words."""
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.notices: list[str] = []
        self.rows: list[list[str]] = []
        """What is in the table, row by row."""
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self._link = ""
        self.feed(text)

    @property
    def text(self) -> str:
        """All that can be read."""
        return " ".join(self._words).strip()

    def form(self, ending: str) -> PageForm:
        """Return the one form that goes to an address with this end."""
        (found,) = [form for form in self.forms if form.action.partition("#")[0].endswith(ending)]
        return found

    def reset(self) -> None:
        """Begin to read."""
        super().reset()
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a tag."""
        said = dict(attrs)
        self.tags.add(tag)
        self.attributes |= said.keys()
        if tag not in VOID:
            self._open.append((tag, said))
        match tag:
            case "form":
                kind = said.get("enctype") or "application/x-www-form-urlencoded"
                self.forms.append(PageForm(said["action"] or "", said["method"] or "get", kind))
            case "input" if "name" in said and said.get("type") not in {"checkbox", "file"}:
                self.forms[-1].fields[said["name"] or ""] = said.get("value") or ""
            case "option" if "selected" in said or self._chosen("name") not in self.forms[-1].fields:
                self.forms[-1].fields[self._chosen("name")] = said.get("value") or ""
            case "div" if "notice" in (said.get("class") or "").split():
                self.notices.append("")
            case "a":
                self._link = said.get("href") or ""
            case "tr":
                self.rows.append([])
            case "td" | "th":
                self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """End a tag: it is the one that was opened last, or the page is badly made."""
        opened, _ = self._open.pop()
        assert opened == tag, f"expected the end of {opened} on {self.address}, found that of {tag}"

    def handle_data(self, data: str) -> None:
        """Take text."""
        words = " ".join(data.split())
        if not words:
            return
        self._words.append(words)
        tags = [tag for tag, _ in self._open]
        if any("notice" in (said.get("class") or "").split() for _, said in self._open) and self.notices:
            self.notices[-1] = f"{self.notices[-1]} {words}".strip()
        if "a" in tags:
            self.links[words] = self._link
        if tags and {"td", "th"} & set(tags):
            self.rows[-1][-1] = f"{self.rows[-1][-1]} {words}".strip()

    def _chosen(self, attribute: str) -> str:
        (name,) = [said.get(attribute) or "" for tag, said in self._open if tag == "select"]
        return name


@dataclass
class Visitor:
    """A person, and the cookies that they have."""

    base: str
    session: aiohttp.ClientSession
    tls: ssl.SSLContext
    token: str

    @property
    def cookies(self) -> dict[str, str]:
        """What a browser would send."""
        return {cookie.key: cookie.value for cookie in self.session.cookie_jar}

    async def ask(self, method: str, address: str, **request: object) -> Page:
        """Ask for an address, and stay where that leads."""
        url = urljoin(self.base, address)
        async with self.session.request(method, url, ssl=self.tls, allow_redirects=False, **request) as response:  # type: ignore[arg-type]
            return Page(response.status, response.headers, (await response.read()).decode(), address)

    async def see(self, address: str = "/console") -> Page:
        """Open a page, and go where it leads."""
        page = await self.ask("GET", address)
        while page.status == 303:
            page = await self.ask("GET", page.headers["Location"].partition("#")[0])
        return page

    async def send(
        self,
        form: PageForm,
        files: Mapping[str, bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        **said: str,
    ) -> Page:
        """Send a form, as a browser would; return its answer."""
        fields = {**form.fields, **said}
        split = urlsplit(self.base)
        told = {"Origin": f"{split.scheme}://{split.netloc}", "Sec-Fetch-Site": "same-origin", **(headers or {})}
        if form.enctype != "multipart/form-data":
            return await self.ask("POST", form.action, data=fields, headers=told)
        data = aiohttp.FormData(default_to_multipart=True)
        for name, value in fields.items():
            data.add_field(name, value)
        for name, content in (files or {}).items():
            data.add_field(name, content, filename=f"{name}.p7m", content_type="application/pkcs7-mime")
        return await self.ask("POST", form.action, data=data, headers=told)

    async def do(self, page: Page, ending: str, files: Mapping[str, bytes] | None = None, **said: str) -> Page:
        """Send the form of a page that goes to an address with this end, and go where it leads."""
        answer = await self.send(page.form(ending), files, **said)
        assert answer.status == 303, answer.text
        return await self.see(answer.headers["Location"].partition("#")[0])

    async def sign_in(self) -> Page:
        """Sign in, and return the first page."""
        return await self.do(await self.see(), "/sign-in", token=self.token)


@asynccontextmanager
async def visitor(rig: SocketRig, base: str | None = None) -> AsyncIterator[Visitor]:
    """Send somebody to a server, who has yet to sign in; by TLS, unless another address is said."""
    jar = aiohttp.CookieJar(unsafe=True)  # the servers of tests have an address, and no name
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        assert rig.server.admin_token is not None
        yield Visitor(base or rig.server.url, session, rig.tls, rig.server.admin_token)
