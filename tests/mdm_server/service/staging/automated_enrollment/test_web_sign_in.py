"""The page on which a person signs in: what is on it, what its form does, and what nobody can do with it."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import pytest

from certs.authority import Authority
from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.vocabulary import AssignmentState, EntryChannel, Platform
from mdm_server.service.answer import PROFILE, Answer
from mdm_server.service.staging.automated_enrollment.ticket import GOOD_FOR
from mdm_server.service.staging.automated_enrollment.web_sign_in import LONGEST_FORM
from mdm_server.service.staging.registrations import RegistrationOrder
from mdm_server.wire.device_errors import DeviceErrorCode, parse_device_error
from rigs.boxed_device import Box
from rigs.hub import password_of
from rigs.rejection import about, assert_rejected
from rigs.staging_office import StagingOffice


class Page(HTMLParser):
    """What a web view makes of an answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(answer.body.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember an element."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        """Remember text."""
        self.text += data

    def field(self, name: str) -> dict[str, str]:
        """Return the one field of a name."""
        (found,) = [said for tag, said in self.elements if tag == "input" and said.get("name") == name]
        return found

    @property
    def has_form(self) -> bool:
        """Whether anything can be typed."""
        return any(tag == "form" for tag, _ in self.elements)


async def send(box: Box, **fields: str) -> Answer:
    """Send a form with these fields."""
    facts = box.office.rig.facts(method="POST", content_type="application/x-www-form-urlencoded")
    return await box.office.rig.suite.hub.web_sign_in.answer(facts, urlencode(fields).encode())


async def sign_in(box: Box, user_name: str, password: str, ticket: str | None = None) -> Answer:
    """Open the page, and fill its form in."""
    if ticket is None:
        ticket = Page(await box.open_page()).field("ticket")["value"]
    return await send(box, ticket=ticket, username=user_name, password=password)


async def web_box(office: StagingOffice, vendor: Authority, number: int = 1, **order: Any) -> Box:
    """Return a device whose person signs in on the page."""
    return await Box(office, vendor, number).assigned(**{"name": f"web {number}", "web_sign_in": True, **order})


async def test_a_person_signs_in_and_gets_a_device_that_is_theirs(office: StagingOffice, vendor: Authority) -> None:
    """What comes in the place of the next page is the profile, and the journal tells how."""
    ann, box = await office.person("ann"), await web_box(office, vendor)
    answer = await sign_in(box, "ann", password_of("ann"))
    assert (answer.status, answer.content_type) == (200, PROFILE)
    assert [event.device for event in await office.told("ade.web_sign_in")] == [box.device.udid]
    await box.device.enroll(answer.body)
    record = await office.record(box.device)
    assert (record.assignment.state, record.assignment.user, record.via) == (
        AssignmentState.ASSIGNED,
        ann.id,
        EntryChannel.DEP,
    )


async def test_the_page_is_plain_and_helps_whoever_types(office: StagingOffice, vendor: Authority) -> None:
    """Labels, autocompletion, the right kinds of field; no script, and nothing from elsewhere."""
    answer = await (await web_box(office, vendor)).open_page()
    page = Page(answer)
    assert (answer.status, answer.content_type) == (200, "text/html; charset=utf-8")
    assert page.field("username")["autocomplete"] == "username"
    assert (page.field("password")["type"], page.field("password")["autocomplete"]) == ("password", "current-password")
    labelled = {said["for"] for tag, said in page.elements if tag == "label"}
    assert labelled == {page.field(name)["id"] for name in ("username", "password")}
    assert {said["lang"] for tag, said in page.elements if tag == "html"} == {"en"}
    assert "mdmsim TEST will set up this device" in page.text
    for tag, said in page.elements:
        assert tag not in {"script", "img", "link", "iframe", "object"}
        assert not [name for name in said if name.startswith("on") or name in {"src", "href", "action", "style"}]


async def test_the_policy_allows_the_style_of_the_page_and_nothing_else(
    office: StagingOffice, vendor: Authority
) -> None:
    """The hash in the header is that of the one style element."""
    answer = await (await web_box(office, vendor)).open_page()
    (style,) = re.findall(rb"<style>(.*?)</style>", answer.body, re.DOTALL)
    expected = base64.b64encode(hashlib.sha256(style).digest()).decode()
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "style-src": f"'sha256-{expected}'",
    }
    assert answer.headers["Cache-Control"] == "no-store"


async def test_what_was_typed_wrongly_may_be_typed_again(office: StagingOffice, vendor: Authority) -> None:
    """The form comes back with an error and the user name, never the password; an unknown name looks the same."""
    await office.person("ann")
    box = await web_box(office, vendor)
    pages = {}
    for name in ("ann", "bob"):
        answer = await sign_in(box, name, "wrong")
        assert answer.status == 422
        pages[name] = page = Page(answer)
        assert "The user name or the password is wrong." in page.text
        assert page.field("username")["value"] == name
        assert b"wrong<" not in answer.body
        assert "value" not in page.field("password")
    again = await sign_in(box, "ann", password_of("ann"), pages["ann"].field("ticket")["value"])
    assert again.content_type == PROFILE


async def test_what_is_typed_cannot_become_part_of_the_page(office: StagingOffice, vendor: Authority) -> None:
    """Markup stays text."""
    box = await web_box(office, vendor)
    typed = "\"><script>alert('x')</script>"
    page = Page(await sign_in(box, typed, "wrong"))
    assert page.field("username")["value"] == typed
    assert not [tag for tag, _ in page.elements if tag == "script"]


async def test_guessing_ends_with_429(office: StagingOffice, vendor: Authority) -> None:
    """As at the other doors; whoever comes from elsewhere is let in."""
    await office.person("ann")
    box = await web_box(office, vendor)
    limiter = office.rig.suite.hub.door._limiter  # three hundred wrong logins would take long
    for _ in range(300):
        limiter.failed("192.0.2.1")
    ticket = Page(await box.open_page()).field("ticket")["value"]
    await assert_rejected(
        office.rig.store, sign_in(box, "ann", password_of("ann"), ticket), status=429, event="limit.rate:dep"
    )


async def test_a_form_is_for_the_device_it_was_made_for(office: StagingOffice, vendor: Authority) -> None:
    """T-21: a serial number beside the ticket counts for nothing, and a changed ticket opens nothing."""
    await office.person("ann")
    box, other = await web_box(office, vendor), await web_box(office, vendor, 2)
    ticket = Page(await box.open_page()).field("ticket")["value"]
    answer = await send(
        other,
        ticket=ticket,
        username="ann",
        password=password_of("ann"),
        serial=other.device.serial_number,
        SERIAL=other.device.serial_number,
    )
    await box.device.enroll(answer.body)
    assert (await office.record(box.device)).identifiers.serial_number == box.device.serial_number
    for forged in (ticket[:-4] + "AAAA", "AAAA" + ticket[4:], ticket + "AAAA", "", "*", "A" * 64):
        with about(forged):
            request = sign_in(box, "ann", password_of("ann"), forged)
            await assert_rejected(office.rig.store, request, status=410, event="SESSION_EXPIRED:ticket")


async def test_a_form_of_yesterday_is_too_old(office: StagingOffice, vendor: Authority) -> None:
    """The page that says so has no form."""
    await office.person("ann")
    box = await web_box(office, vendor)
    ticket = Page(await box.open_page()).field("ticket")["value"]
    office.rig.clock.now += GOOD_FOR
    answer = await sign_in(box, "ann", password_of("ann"), ticket)
    assert (answer.status, Page(answer).has_form) == (410, False)
    assert "Your session has expired" in Page(answer).text


@pytest.mark.parametrize("body", [b"\xff", b"&" * 100, b"ticket=%FF", b"ticket=" + b"A" * LONGEST_FORM, b""])
async def test_what_is_no_form_of_ours_is_refused(office: StagingOffice, vendor: Authority, body: bytes) -> None:
    """Whatever it is."""
    await web_box(office, vendor)
    request = office.rig.suite.hub.web_sign_in.answer(office.rig.facts(method="POST"), body)
    await assert_rejected(office.rig.store, request, status=410, event="SESSION_EXPIRED")


async def test_the_page_is_shown_to_devices_that_are_sent_here_only(office: StagingOffice, vendor: Authority) -> None:
    """No description, a device without a profile, one that is asked by Setup Assistant: one and the same page."""
    plain = await Box(office, vendor, 3).assigned()
    ticket = Page(await (await web_box(office, vendor)).open_page()).field("ticket")["value"]
    cases = {
        "missing": plain.open_page(device_info=None),
        "not_assigned": Box(office, vendor, 2).open_page(),
        "no_web_sign_in": plain.open_page(),
    }
    answers = set()
    for reason, request in cases.items():

        async def keep(asked: Any = request) -> Answer:
            answer: Answer = await asked
            answers.add((answer.status, answer.body))
            return answer

        await assert_rejected(office.rig.store, keep(), status=400, event=f"ade.machineinfo:{reason}")
    assert len(answers) == 1
    await office.staging.program.assign("SERIAL000001", None)
    late = sign_in(Box(office, vendor), "ann", "x", ticket)
    await assert_rejected(office.rig.store, late, status=400, event="ade.machineinfo:not_assigned")


async def test_an_old_system_is_sent_to_update_before_anything_is_shown(
    office: StagingOffice, vendor: Authority
) -> None:
    """403 with Apple's code, as at the door without a page."""
    answer = await (await web_box(office, vendor, minimum_os="18.1")).open_page()
    error = parse_device_error(answer.body, answer.content_type)
    assert error is not None
    assert (answer.status, error.code) == (403, DeviceErrorCode.SOFTWARE_UPDATE_REQUIRED)


async def test_a_refusal_of_staging_is_a_page_without_a_form(office: StagingOffice, vendor: Authority) -> None:
    """A device that is registered to somebody refuses another, and says so in words for the person."""
    ann = await office.person("ann")
    await office.person("bob")
    box = await web_box(office, vendor)
    await office.register(ann.id, office.hub(1))
    answer = await sign_in(box, "bob", password_of("bob"))
    assert (answer.status, Page(answer).has_form) == (400, False)
    assert "registered to another user" in Page(answer).text


async def test_a_registration_token_may_be_typed_into_both_fields(office: StagingOffice, vendor: Authority) -> None:
    """Row 47, on the page."""
    await office.set(mode="RegisteredOnly", token_required=True)
    ann, box = await office.person("ann"), await web_box(office, vendor)
    identifiers = DeviceIdentifiers(serial_number=box.device.serial_number)
    order = RegistrationOrder(user=ann.id, platform=Platform.IOS, identifiers=identifiers)
    token = (await office.staging.registrations.register(order)).token or ""
    await box.device.enroll((await sign_in(box, token, token)).body)
    assert (await office.record(box.device)).assignment.user == ann.id
