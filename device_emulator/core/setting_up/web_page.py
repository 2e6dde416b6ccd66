"""A page of a web sign-in, as far as its form goes, and a person who fills the form in."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin

TYPED = frozenset({"text", "email", "tel", "search", "url", ""})
"""Kinds of field that a person types their name into."""
PRESSED = frozenset({"submit", "image"})
TICKED = frozenset({"checkbox", "radio"})
UNTOUCHED = frozenset({"button", "reset", "file"})


@dataclass(slots=True)
class Field:
    """One field of a form."""

    name: str
    kind: str
    value: str = ""


@dataclass(slots=True)
class Form:
    """The form of a page."""

    action: str = ""
    method: str = "get"
    fields: list[Field] = field(default_factory=list)

    @property
    def asks_for_password(self) -> bool:
        """Say whether somebody is to type a password."""
        return any(each.kind == "password" for each in self.fields)

    def filled_in(self, user_name: str, password: str) -> list[tuple[str, str]]:
        """Return what is sent when somebody types their credentials, agrees to everything, and presses the button."""
        pressed = next((each for each in self.fields if each.kind in PRESSED), None)
        sent: list[tuple[str, str]] = []
        for each in self.fields:
            if not each.name or each.kind in UNTOUCHED or (each.kind in PRESSED and each is not pressed):
                continue
            value = each.value
            if each.kind == "password":
                value = password
            elif each.kind in TYPED:
                value = value or user_name
            elif each.kind in TICKED:
                value = value or "on"
            sent.append((each.name, value))
        return sent

    def submission(self, page: str, sent: list[tuple[str, str]]) -> tuple[str, str, bytes]:
        """Return method, address and body of what a browser sends from the page at `page`."""
        address, query = urljoin(page, self.action), urlencode(sent)
        if self.method == "post":
            return "POST", address, query.encode()
        return "GET", f"{address.partition('?')[0]}?{query}", b""


class _Reader(HTMLParser):
    """Reads the first form of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.form: Form | None = None
        self._is_open = False
        self._choice: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of the form and of its fields."""
        said = {name: value or "" for name, value in attrs}
        if tag == "form" and self.form is None:
            self.form, self._is_open = Form(said.get("action", ""), said.get("method", "get").lower()), True
        if self.form is None or not self._is_open:
            return
        match tag:
            case "input":
                self._add(Field(said.get("name", ""), said.get("type", "text").lower(), said.get("value", "")))
            case "textarea":
                self._add(Field(said.get("name", ""), "text"))
            case "button":
                self._add(Field(said.get("name", ""), said.get("type", "submit").lower(), said.get("value", "")))
            case "select":
                self._choice = Field(said.get("name", ""), "choice")
                self._add(self._choice)
            case "option" if self._choice is not None and (not self._choice.value or "selected" in said):
                self._choice.value = said.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """Notice the end of the form."""
        if tag == "form":
            self._is_open = False
        if tag == "select":
            self._choice = None

    def _add(self, one: Field) -> None:
        assert self.form is not None
        self.form.fields.append(one)


def read_form(page: str) -> Form | None:
    """Return the first form of a page; None for a page without one."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.form
