"""Who gets into the console, for how long, and what becomes of whoever guesses or steals."""

from __future__ import annotations

import logging

import pytest

from mdm_server.console.application import GUESSES
from mdm_server.console.pages import HEADERS
from rigs.console_visitor import Page, PageForm, Visitor, visitor
from rigs.rejection import about
from rigs.service import HandClock
from rigs.sockets import SocketRig

SIGN_IN = PageForm("/console/sign-in", "post", "application/x-www-form-urlencoded")


async def codes(rig: SocketRig) -> list[str]:
    """Return what the journal tells, oldest first."""
    return [entry.code for entry in await rig.server.store.journal.list(limit=500)]


async def test_the_administrators_token_opens_the_console(rig: SocketRig, stranger: Visitor) -> None:
    """From wherever somebody begins, to the first room."""
    page = await stranger.see("/console/abm?text=1")
    assert "Sign in" in page.text
    page = await stranger.sign_in()
    assert (page.status, page.address) == (200, "/console/abm")
    assert (await stranger.ask("GET", "/console/sign-in")).headers["Location"] == "/console"
    assert "console.signed_in" in await codes(rig)


async def test_the_cookie_is_for_this_server_over_tls_alone_and_no_script_sees_it(stranger: Visitor) -> None:
    """`__Host-` makes browsers insist on that."""
    answer = await stranger.send(SIGN_IN, token=stranger.token)
    name, _, attributes = answer.headers["Set-Cookie"].partition("=")
    port = stranger.base.rpartition(":")[2]
    assert name == f"__Host-mdmsim-{port}"
    assert {each.strip() for each in attributes.split(";")[1:]} == {"HttpOnly", "Secure", "SameSite=Strict", "Path=/"}


async def test_the_plain_listener_has_a_cookie_and_sessions_of_its_own(rig: SocketRig, person: Visitor) -> None:
    """What was given over TLS opens nothing there, whatever name it is sent under."""
    async with visitor(rig, rig.plain) as other:
        answer = await other.send(SIGN_IN, token=other.token)
        name = answer.headers["Set-Cookie"].partition("=")[0]
        assert name == f"mdmsim-{rig.plain.rpartition(':')[2]}"
        assert "Secure" not in answer.headers["Set-Cookie"]
        assert (await other.see()).address == "/console/abm"
    (cookie,) = person.cookies.values()
    async with visitor(rig, rig.plain) as thief:
        stolen = {"Cookie": f"{name}={cookie}"}
        assert (await thief.ask("GET", "/console/abm", headers=stolen)).headers["Location"] == "/console/sign-in"


@pytest.mark.parametrize("wrong", ["", " ", "wrong", "é" * 200])
async def test_a_wrong_token_opens_nothing(rig: SocketRig, stranger: Visitor, wrong: str) -> None:
    """The form is there again, and says what to do; the token is not in it, nor in the journal."""
    page = await stranger.send(SIGN_IN, token=wrong)
    assert (page.status, "Set-Cookie" in page.headers) == (401, False)
    assert "No valid administrator's token." in page.notices[0]
    assert page.form("/sign-in").fields["token"] == ""
    events = await rig.server.store.journal.list(limit=500)
    assert [event.code for event in events].count("api.unauthorized") == 1
    assert len(wrong) < 5 or wrong not in repr(events)


async def test_guessing_ends_with_429_for_the_right_token_too(
    rig: SocketRig, stranger: Visitor, hand_clock: HandClock
) -> None:
    """Whatever forwarded address is claimed; and after a while the person may go on."""
    for number in range(GUESSES):
        claimed = {"X-Forwarded-For": f"192.0.2.{number}", "Forwarded": f"for=192.0.2.{number}"}
        assert (await stranger.send(SIGN_IN, token=f"guess {number}", headers=claimed)).status == 401
    page = await stranger.send(SIGN_IN, token=stranger.token)
    assert (page.status, page.headers["Retry-After"]) == (429, "12")
    assert "Try again in 12 seconds." in page.notices[0]
    assert "limit.rate" in await codes(rig)
    hand_clock.pass_time(seconds=12)
    assert (await stranger.sign_in()).status == 200


async def test_signing_out_kills_the_session_here_too(rig: SocketRig, person: Visitor) -> None:
    """A copy of the cookie that somebody kept is worth nothing."""
    kept = dict(person.cookies)
    page = await person.do(await person.see(), "/sign-out")
    assert "Sign in" in page.text
    assert person.cookies == {}
    person.session.cookie_jar.update_cookies(kept)
    page = await person.see("/console/abm")
    assert "You are not signed in any more." in page.notices[0]
    assert "console.signed_out" in await codes(rig)


async def test_somebody_who_was_idle_signs_in_again(person: Visitor, hand_clock: HandClock) -> None:
    """A form that is sent too late does nothing."""
    page = await person.see()
    hand_clock.pass_time(minutes=31)
    answer = await person.send(page.form("/tokens"), name="late")
    assert answer.headers["Location"] == "/console/sign-in"
    assert "late" not in (await person.sign_in()).text


async def test_signing_in_makes_a_new_session_and_ends_the_old_one(rig: SocketRig, person: Visitor) -> None:
    """A cookie that somebody planted, or knew before, becomes nobody's."""
    (name, old), *_ = person.cookies.items()
    await person.send(SIGN_IN, token=person.token)
    assert person.cookies[name] != old
    async with visitor(rig) as thief:
        page = await thief.ask("GET", "/console/abm", headers={"Cookie": f"{name}={old}"})
        assert page.headers["Location"] == "/console/sign-in"
        planted = {"Cookie": f"{name}=planted"}
        answer = await thief.send(SIGN_IN, token=thief.token, headers=planted)
        assert "planted" not in answer.headers["Set-Cookie"]
        thief.session.cookie_jar.clear()
        assert (await thief.ask("GET", "/console/abm", headers=planted)).status == 303


async def test_a_stranger_learns_nothing_but_where_to_sign_in(stranger: Visitor) -> None:
    """Not even which pages there are, however they ask."""
    pages = ("", "/", "/abm", "/abm/", "/nothing", "/abm/tokens/1/certificate", "/abm/tokens/1/remove", "/sign-out")
    for path in pages:
        for method in ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"):
            with about((method, path)):
                page = await stranger.ask(method, f"/console{path}")
                assert (page.status, page.headers["Location"], page.source) == (303, "/console/sign-in", "")


async def assert_dressed(page: Page) -> None:
    """Assert that a browser is told what it may do with a page."""
    assert {name: page.headers[name] for name in HEADERS} == HEADERS
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert not {"script", "style", "iframe", "object", "embed"} & page.tags
    assert not [each for each in page.attributes if each.startswith("on") or each == "style"]


async def test_every_page_says_what_a_browser_may_do_with_it(stranger: Visitor) -> None:
    """Those of strangers, of errors and of the signed-in; none has a script, or a style of its own."""
    await assert_dressed(await stranger.ask("GET", "/console"))
    await assert_dressed(await stranger.see())
    await assert_dressed(await stranger.send(SIGN_IN, token="wrong"))
    await assert_dressed(await stranger.sign_in())
    await assert_dressed(await stranger.ask("GET", "/console/nothing"))
    assert (await stranger.ask("GET", "/console/nothing")).status == 404
    assert (await stranger.ask("PUT", "/console/abm")).status == 405


async def test_style_and_picture_are_for_everybody(stranger: Visitor) -> None:
    """By the address that the page has for this version of them; nothing else of the folder can be had."""
    source = (await stranger.see()).source
    for name, kind in (("console.css", "text/css; charset=utf-8"), ("icon.svg", "image/svg+xml")):
        page = await stranger.ask("GET", source[source.index(f"/console/{name}") :].partition('"')[0])
        assert (page.status, page.headers["Content-Type"]) == (200, kind)
        assert "immutable" in page.headers["Cache-Control"]
    for path in ("/console/abm.html", "/console/static/console.css", "/console/..%2fabm.py"):
        assert (await stranger.ask("GET", path)).status == 303


async def test_a_defect_of_ours_is_owned_up_to_and_not_shown(
    rig: SocketRig, person: Visitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The page has a number, the log has the rest."""

    async def fails() -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(type(rig.server.suite.abm.tokens), "all", lambda _: fails())
    with caplog.at_level(logging.ERROR, "mdm_server.web"):
        page = await person.ask("GET", "/console/abm")
    assert page.status == 500
    assert "secret detail" not in page.source
    incident = page.notices[0].partition("incident ")[2].partition(" ")[0]
    assert incident
    assert incident in caplog.text
    assert "ZeroDivisionError" in caplog.text
