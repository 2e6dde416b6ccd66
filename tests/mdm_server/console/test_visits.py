"""Whose forms the console takes."""

from __future__ import annotations

import gzip

import pytest

from mdm_server.console.visits import FORM_BYTES
from rigs.console_visitor import PageForm, Visitor, visitor
from rigs.sockets import SocketRig

EVIL = "https://evil.example"


async def names(rig: SocketRig) -> list[str]:
    """Return the names of the tokens that there are."""
    return [token.name for token in await rig.server.suite.abm.tokens.all()]


async def foreign(rig: SocketRig) -> list[str]:
    """Return why forms were refused as foreign ones."""
    return [event.reason for event in await rig.server.store.journal.list() if event.code == "console.foreign_form"]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Origin": EVIL, "Sec-Fetch-Site": "cross-site"}, "site"),
        ({"Sec-Fetch-Site": "same-site"}, "site"),
        ({"Sec-Fetch-Site": "none"}, "site"),
        ({"Origin": EVIL}, "origin"),
        ({"Origin": "null"}, "origin"),
        ({"Origin": "https://127.0.0.1"}, "origin"),
        ({"Origin": "http://127.0.0.1:{port}"}, "origin"),
    ],
)
async def test_a_form_of_another_page_is_refused(
    rig: SocketRig, person: Visitor, headers: dict[str, str], reason: str
) -> None:
    """Another site, another port of this one, a page of no origin: as the browser says it, and even with the ticket."""
    form = (await person.see()).form("/abm/tokens")
    port = person.base.rpartition(":")[2]
    told = {name: value.format(port=port) for name, value in headers.items()}
    page = await person.send(form, headers=told, name="theirs")
    assert (page.status, await names(rig), await foreign(rig)) == (403, [], [reason])
    assert "not sent from a page of this console" in page.notices[0]


async def test_signing_in_from_another_page_is_refused(rig: SocketRig, stranger: Visitor) -> None:
    """Even with the right token."""
    form = (await stranger.see()).form("/sign-in")
    page = await stranger.send(form, headers={"Origin": EVIL}, token=stranger.token)
    assert (page.status, "Set-Cookie" in page.headers, await foreign(rig)) == (403, False, ["origin"])


async def test_a_form_without_the_ticket_of_its_session_is_refused(rig: SocketRig, person: Visitor) -> None:
    """No ticket, an invented one, and one of another session."""
    page = await person.see()
    async with visitor(rig) as other:
        theirs = (await other.sign_in()).form("/abm/tokens").fields["ticket"]
    for ticket in ("", "invented", theirs):
        for ending in ("/abm/tokens", "/sign-out"):
            answer = await person.send(page.form(ending), ticket=ticket, name="theirs")
            assert answer.status == 403
    assert (await names(rig), await foreign(rig)) == ([], 6 * ["ticket"])
    assert (await person.see()).address == "/console/abm"


async def test_a_browser_that_says_nothing_about_origins_is_believed_its_ticket(
    rig: SocketRig, person: Visitor
) -> None:
    """Old ones do not."""
    form = (await person.see()).form("/abm/tokens")
    answer = await person.ask("POST", form.action, data={**form.fields, "name": "mine"})
    assert (answer.status, await names(rig)) == (303, ["mine"])


async def test_looking_changes_nothing(rig: SocketRig, person: Visitor) -> None:
    """No form does its work by GET."""
    await person.do(await person.see(), "/abm/tokens", name="mine")
    page = await person.see()
    digest = await rig.server.store.state_digest()
    for form in page.forms:
        answer = await person.ask("GET", form.action.partition("#")[0], params=form.fields)
        assert answer.status in {200, 405}
    assert await rig.server.store.state_digest() == digest


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"x" * (FORM_BYTES + 1), {}, 413),
        (gzip.compress(b"name=x", mtime=0), {"Content-Encoding": "gzip"}, 415),
        (b"{}", {"Content-Type": "application/json"}, 422),
        (b"name=x", {"Content-Type": "text/plain"}, 422),
        (b"name=1&name=2", {}, 422),
    ],
)
async def test_what_is_no_form_is_refused_with_a_page(
    rig: SocketRig, person: Visitor, body: bytes, headers: dict[str, str], status: int
) -> None:
    """It says what was expected."""
    sent = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    page = await person.ask("POST", "/console/abm/tokens", data=body, headers=sent)
    assert (page.status, await names(rig)) == (status, [])
    assert page.notices
    assert page.links["Back to the console"] == "/console"


async def test_what_was_said_is_said_once(person: Visitor) -> None:
    """A reload neither sends the form again nor tells of it."""
    page = await person.do(await person.see(), "/abm/tokens", name="mine")
    assert "“mine” has its key pair." in page.notices[0]
    assert (await person.see()).notices == []


async def test_notices_are_for_the_session_that_caused_them(rig: SocketRig, person: Visitor) -> None:
    """Somebody else who looks at that moment does not read them."""
    form = (await person.see()).form("/abm/tokens")
    await person.send(PageForm(form.action, form.method, form.enctype, form.fields), name="mine")
    async with visitor(rig) as other:
        assert (await other.sign_in()).notices == []
    assert len((await person.see()).notices) == 1
