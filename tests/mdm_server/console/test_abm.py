"""The page about Apple Business Manager, used as a person would."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from cryptography.x509 import load_pem_x509_certificate

from mdm_server.clouds.apple.business_manager.records import NewDevice
from mdm_server.clouds.apple.faults import Fault
from mdm_server.clouds.apple.journal import Service
from mdm_server.console.abm import UPLOAD_BYTES
from mdm_server.console.abm_cards import ROWS
from mdm_server.service.staging.enrollment_program import ProfileOrder
from rigs.abm_portal import Portal
from rigs.console_visitor import Page, Visitor
from rigs.rejection import about
from rigs.service import HandClock
from rigs.sockets import SocketRig

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title><svg onload=alert(1)>",
    "{{ 7 * 7 }} {% raw %} ${7*7}",
    "javascript:alert(1)",
]


@pytest.fixture
def portal(rig: SocketRig) -> Portal:
    """Return somebody at Apple's portal."""
    return Portal.of(rig.server)


async def with_token(rig: SocketRig, person: Visitor, portal: Portal, name: str = "stores") -> Page:
    """Make a token, and take it there and back."""
    page = await person.do(await person.see(), "/abm/tokens", name=name)
    certificate = await person.ask("GET", page.links["Download the certificate"])
    assert certificate.source.startswith("-----BEGIN CERTIFICATE-----")
    page = await person.do(page, "/upload", {"p7m": portal.p7m(certificate.source)})
    assert page.notices == [f"“{name}” is Stores at Example. Synchronise to read its devices."]
    return page


async def test_an_empty_page_says_what_to_do(person: Visitor) -> None:
    """About tokens, and about devices."""
    page = await person.see()
    assert "No token yet." in page.text
    assert "Devices appear here once there is a token" in page.text


async def test_a_token_is_made_uploaded_synchronised_and_removed(
    rig: SocketRig, person: Visitor, portal: Portal
) -> None:
    """From nothing to devices, and back to nothing after a question."""
    page = await with_token(rig, person, portal)
    assert "No device yet." in page.text
    portal.order("C39ABM000001", "C39ABM000002")
    page = await person.do(page, "/sync")
    assert page.notices == ["“stores” is synchronised. added 2"]
    assert [row[0] for row in page.rows[1:]] == ["C39ABM000001", "C39ABM000002"]
    page = await person.do(page, "/sync")
    assert page.notices == ["“stores” is synchronised: nothing has changed."]
    page = await person.see(page.links["Forget…"])
    assert "Forget “stores” ?" in page.text
    assert "2 devices" in page.text
    page = await person.do(page, "/remove")
    assert page.notices[0].startswith("“stores” is forgotten.")
    assert "No token yet." in page.text
    assert await rig.server.suite.abm.tokens.all() == []


async def test_the_certificate_is_downloaded_under_a_plain_name_and_without_its_key(
    rig: SocketRig, person: Visitor
) -> None:
    """Whatever the token is called."""
    page = await person.do(await person.see(), "/abm/tokens", name='evil"; filename="x.exe')
    answer = await person.ask("GET", page.links["Download the certificate"])
    assert answer.headers["Content-Disposition"] == 'attachment; filename="abm-token-1.pem"'
    assert "PRIVATE" not in answer.source


async def test_nothing_secret_about_a_token_is_on_any_page(rig: SocketRig, person: Visitor, portal: Portal) -> None:
    """Neither its key nor what Apple gave for it."""
    page = await with_token(rig, person, portal)
    (token,) = await rig.server.suite.abm.tokens.all()
    assert token.secrets is not None
    for secret in token.secrets.decode().split('"'):
        assert len(secret) < 16 or secret not in page.source
    assert "PRIVATE KEY" not in page.source


async def test_a_file_that_is_no_token_is_refused_on_the_card(rig: SocketRig, person: Visitor, portal: Portal) -> None:
    """With what was found; something else, nothing at all, and a token for another certificate."""
    page = await person.do(await person.see(), "/abm/tokens", name="one")
    await rig.server.suite.abm.tokens.new("two")
    other = portal.p7m(await rig.server.suite.abm.tokens.certificate(2))
    for file, words in ((b"hello", "MIME"), (b"", "no file, or an empty one"), (other, "another")):
        page = await person.do(page, "tokens/1/upload", {"p7m": file})
        (notice,) = page.notices
        assert words in notice
        assert "This is no server token that can be used here." in notice
        assert "download the .p7m there" in notice
    assert (await rig.server.suite.abm.tokens.find(1)).secrets is None


async def test_a_file_that_is_too_large_is_refused_before_it_is_read(rig: SocketRig, person: Visitor) -> None:
    """With a page of its own."""
    page = await person.do(await person.see(), "/abm/tokens", name="one")
    answer = await person.send(page.form("/upload"), {"p7m": b"x" * UPLOAD_BYTES})
    assert (answer.status, answer.notices[0].partition(".")[0]) == (413, "The body is too large")


@pytest.mark.parametrize("name", ["", "   ", "x" * 65, "a\nb", "a\x00b", "\u202egnp.exe"])
async def test_a_name_that_nobody_could_read_is_refused(rig: SocketRig, person: Visitor, name: str) -> None:
    """And said so."""
    page = await person.do(await person.see(), "/abm/tokens", name=name)
    assert "Expected a name of 1 to 64 characters" in page.notices[0]
    assert await rig.server.suite.abm.tokens.all() == []


async def test_a_name_in_use_is_refused(person: Visitor) -> None:
    """Whatever its case."""
    await person.do(await person.see(), "/abm/tokens", name="one")
    page = await person.do(await person.see(), "/abm/tokens", name="ONE")
    assert "It exists already and is different." in page.notices[0]


async def test_the_default_profile_is_chosen_and_devices_get_it(
    rig: SocketRig, person: Visitor, portal: Portal
) -> None:
    """And taken back."""
    page = await with_token(rig, person, portal)
    assert "mdm-server abm profile save NAME" in page.text
    saved = await rig.server.suite.staging.program.save(ProfileOrder(name="corporate"))
    page = await person.do(await person.see(), "/default-profile", profile=str(saved.id))
    assert "Devices of “stores” get the profile “corporate”." in page.notices[0]
    assert page.form("/default-profile").fields["profile"] == str(saved.id)
    portal.order("C39ABM000001")
    page = await person.do(page, "/sync")
    assert page.notices == ["“stores” is synchronised. added 1 got their profile 1"]
    assert portal.profile_of("C39ABM000001") == "corporate"
    page = await person.do(page, "/sync")
    assert page.rows[1][3:5] == ["corporate", "assigned"]
    page = await person.do(page, "/default-profile", profile="")
    assert "get no profile of themselves" in page.notices[0]
    for wrong in ("999", "x"):
        page = await person.do(page, "/default-profile", profile=wrong)
        assert len(page.notices) == 1


async def test_what_apple_refused_is_told_and_stays_on_the_card(
    rig: SocketRig, person: Visitor, portal: Portal
) -> None:
    """Until it is well again."""
    page = await with_token(rig, person, portal)
    assert rig.server.apple is not None
    fault = Fault(name="terms", service=Service.DEP, point="post_server_devices", response="T_C_NOT_SIGNED", count=1)
    rig.server.apple.faults.add(fault)
    page = await person.do(page, "/sync")
    (notice,) = page.notices
    assert "Apple Business Manager said no." in notice
    assert "T_C_NOT_SIGNED" in notice
    (kept,) = (await person.see()).notices
    assert "Apple Business Manager said no. T_C_NOT_SIGNED" in kept
    page = await person.do(page, "/sync")
    assert page.notices == ["“stores” is synchronised: nothing has changed."]
    assert (await person.see()).notices == []


async def test_a_token_whose_year_is_over_says_so_and_can_be_renewed(
    rig: SocketRig, person: Visitor, portal: Portal, hand_clock: HandClock
) -> None:
    """A month before, it says how many days are left."""
    await with_token(rig, person, portal)
    hand_clock.now += timedelta(days=340)
    page = await person.sign_in()
    assert "days left" in page.text
    hand_clock.now += timedelta(days=30)
    page = await person.sign_in()
    assert "Its year is over." in page.text
    assert not [form for form in page.forms if form.action.endswith("/sync")]
    certificate = await rig.server.suite.abm.tokens.certificate(1)
    page = await person.do(page, "/upload", {"p7m": portal.p7m(certificate)})
    assert "Its year is over." not in page.text


async def test_devices_are_searched_and_come_in_pages(rig: SocketRig, person: Visitor, portal: Portal) -> None:
    """Forth and back, with what was looked for kept."""
    page = await with_token(rig, person, portal)
    portal.order(*[f"C39A{number:06d}" for number in range(ROWS + 1)], "DIFFERENT")
    page = await person.do(page, "/sync")
    assert (len(page.rows) - 1, f"1–{ROWS} of {ROWS + 2}" in page.text) == (ROWS, True)
    page = await person.see(page.links["Later"])
    assert [row[0] for row in page.rows[1:]] == [f"C39A{ROWS:06d}", "DIFFERENT"]
    assert "Later" not in page.links
    assert f"1–{ROWS}" in (await person.see(page.links["Earlier"])).text
    page = await person.see("/console/abm?text=c39a&token=1&status=")
    assert f"1–{ROWS} of {ROWS + 1}" in page.text
    page = await person.see(page.links["Later"])
    assert (len(page.rows) - 1, page.form("/abm").fields["text"]) == (1, "c39a")
    page = await person.see("/console/abm?text=nobody")
    assert "No device like that." in page.text
    page = await person.see("/console/abm?offset=5000")
    assert "There are not so many." in page.text
    page = await person.see(page.links["Go to the last page"])
    assert [row[0] for row in page.rows[1:]] == [f"C39A{ROWS:06d}", "DIFFERENT"]
    assert not (await person.see("/console/abm?status=pushed")).rows


@pytest.mark.parametrize("query", ["offset=-1", "offset=x", "token=0", "status=lost", "text=" + 129 * "x", "sort=1"])
async def test_an_address_that_no_form_wrote_is_refused(person: Visitor, query: str) -> None:
    """With a page."""
    page = await person.see(f"/console/abm?{query}")
    assert page.status == 422
    assert "Look for devices with the form." in page.notices[0]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/certificate"), ("GET", "/remove"), ("POST", "/remove"), ("POST", "/sync"), ("POST", "/upload")],
)
async def test_a_token_that_is_gone_is_not_found(person: Visitor, method: str, path: str) -> None:
    """A page for who looks, a notice for who sends the form of an old page."""
    ticket = (await person.see()).form("/abm/tokens").fields["ticket"]
    if method == "GET":
        page = await person.see(f"/console/abm/tokens/9{path}")
        assert page.status == 404
    else:
        data = {"ticket": ticket}
        answer = await person.ask("POST", f"/console/abm/tokens/9{path}", data=data)
        assert answer.status == 303
        page = await person.see()
    assert len(page.notices) == 1


async def test_a_hostile_name_is_text_wherever_it_is_shown(rig: SocketRig, person: Visitor, portal: Portal) -> None:
    """Of a token, a profile, a device; and in what is said about them. Nothing of it becomes a tag, or a template."""
    for number, text in enumerate(HOSTILE, 1):
        saved = await rig.server.suite.staging.program.save(ProfileOrder(name=text))
        page = await person.do(await person.see(), "/abm/tokens", name=text)
        server = portal.manager.add_server(portal.organization, text).uuid
        certificate = await rig.server.suite.abm.tokens.certificate(number)
        sealed = portal.manager.server_token(server, load_pem_x509_certificate(certificate.encode()))
        device = NewDevice(serial_number=f"C39ABM{number:06d}", model=text, color=text, description=text)
        portal.manager.order(portal.organization, [device], server=server)
        pages = [
            page,
            await person.do(page, f"tokens/{number}/upload", {"p7m": sealed}),
            await person.do(await person.see(), f"tokens/{number}/default-profile", profile=str(saved.id)),
            await person.do(await person.see(), f"tokens/{number}/sync"),
            await person.see(f"/console/abm/tokens/{number}/remove"),
            await person.ask("GET", "/console/abm", params={"text": text}),
            await person.ask("GET", "/console/abm", params={"status": text}),
            await person.ask("GET", f"/console/{quote(text, safe='')}"),
        ]
        with about(text):
            # The last word on it is the browser's (tests/conformance); these are what a reader of the page takes in.
            words = " ".join(text.split())
            assert all(words in read for read in (*(page.text for page in pages[:5]), pages[3].rows[number][1]))
            assert all(page.tags.isdisjoint({"script", "svg"}) for page in pages)
            assert all(page.attributes.isdisjoint({"onerror", "onload", "onmouseover"}) for page in pages)


async def test_a_server_that_was_not_told_where_apple_is_says_what_to_do(
    rig: SocketRig, person: Visitor, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the words of the refusal."""
    page = await person.do(await person.see(), "/abm/tokens", name="one")
    sealed = portal.p7m(await rig.server.suite.abm.tokens.certificate(1))
    monkeypatch.setattr(rig.server.suite.abm.clients, "_url", None)
    page = await person.do(page, "/upload", {"p7m": sealed})
    assert "Start it with --abm-url" in page.notices[0]
