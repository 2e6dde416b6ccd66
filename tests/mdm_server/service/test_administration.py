from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.service import push
from mdm_server.service.commanding import CommandOrder
from mdm_server.service.compat import LENIENCIES, TOOLS, Compat, CompatError, parse_compat
from mdm_server.service.invitations import InvitationRequest
from mdm_server.service.journal import DETAILS, LONGEST_VALUE
from mdm_server.service.refusals import DetailedRefusal, refusal_of
from mdm_server.store.errors import StoreUnavailable
from mdm_server.wire.errors import WireError
from rigs.service import ServiceRig

INFORMATION = CommandOrder(request_type="DeviceInformation", fields={"Queries": ["DeviceName"]})


async def _refusal(request: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await request
    return refused.value


# --- devices ---------------------------------------------------------------------------------------------------------


async def test_devices_are_listed_page_by_page(rig: ServiceRig) -> None:
    """In the order of their UDIDs, and by status."""
    devices = [await rig.enrolled(number) for number in range(5)]
    await devices[3].check_out()
    first = await rig.suite.administration.devices(limit=2)
    rest = await rig.suite.administration.devices(after=first[-1].udid)
    assert [view.udid for view in (*first, *rest)] == [device.udid for device in devices]
    (gone,) = await rig.suite.administration.devices(status="Unenrolled")
    assert gone.udid == devices[3].udid
    assert (await _refusal(rig.suite.administration.devices(status="Nonsense"))).status == 422


async def test_a_device_is_shown_without_its_tokens(rig: ServiceRig) -> None:
    """Push token, magic, unlock token and bootstrap token stay inside (T-72)."""
    device = await rig.enrolled()
    await device.send(device.message("SetBootstrapToken", BootstrapToken=b"canary bootstrap"))
    shown = repr(await rig.suite.administration.device(device.udid))
    for secret in (device.magic, repr(device.token), "unlock ", "canary"):
        assert secret not in shown


async def test_a_retired_device_gets_nothing_more(rig: ServiceRig) -> None:
    """It is answered politely, and is on the list as what it is."""
    device = await rig.enrolled()
    await rig.suite.commanding.enqueue(device.udid, INFORMATION)
    assert (await rig.suite.administration.retire(device.udid)).status == "Retired"
    assert await device.idle() is None
    assert (await _refusal(rig.suite.commanding.enqueue(device.udid, INFORMATION))).status == 409


async def test_a_push_may_be_sent_by_hand(rig: ServiceRig) -> None:
    """To see whether a device wakes."""
    device = await rig.enrolled()
    assert await rig.suite.administration.push(device.udid)
    assert rig.pushes.tokens == [device.token]


async def test_after_a_restart_whoever_has_something_waiting_is_woken(rig: ServiceRig) -> None:
    """Pushes kept in memory are gone with the process; the queue is the truth."""
    devices = [await rig.enrolled(number) for number in range(3)]
    order = CommandOrder(request_type="DeviceInformation", fields={"Queries": ["DeviceName"]}, push=False)
    await rig.suite.commanding.enqueue_many([device.udid for device in devices[:2]], order)
    assert await rig.suite.pusher.wake_waiting() == 2
    assert set(rig.pushes.tokens) == {device.token for device in devices[:2]}


async def test_waking_goes_through_all_pages(rig: ServiceRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many wait."""
    monkeypatch.setattr(push, "LARGEST_PAGE", 1)
    for number in range(3):
        await rig.suite.commanding.enqueue((await rig.enrolled(number)).udid, INFORMATION)
    assert await rig.suite.pusher.wake_waiting() == 3


async def test_a_device_named_twice_is_pushed_once(rig: ServiceRig) -> None:
    """Whoever sends the pushes pays for each of them."""
    device = await rig.enrolled()
    sent: list[push.PushTarget] = []

    class Recorder:
        async def send(self, targets: Sequence[push.PushTarget]) -> None:
            sent.extend(targets)

    rows = [row for _ in range(2) if (row := await rig.store.enrollments.find(device.udid)) is not None]
    assert await push.Pusher(rig.store, Recorder(), rig.clock).wake(rows) == 1
    assert sent == [push.PushTarget(device.token, device.magic, rig.suite.settings.topic, device.udid)]


@pytest.mark.parametrize("verb", ["device", "users", "push", "retire"])
async def test_nobody_is_found_under_an_unknown_udid(rig: ServiceRig, verb: str) -> None:
    """404 and a code of its own, for every verb."""
    refusal = await _refusal(getattr(rig.suite.administration, verb)("nobody"))
    assert (refusal.code, refusal.status) == ("device.unknown", 404)


# --- certificates, invitations, counts -------------------------------------------------------------------------------


async def test_certificates_are_listed_and_revoked(rig: ServiceRig) -> None:
    """By device, newest first; revoking an unknown one is a 404."""
    device = await rig.enrolled()
    assert device.identity is not None
    (view,) = await rig.suite.administration.certificates(device.udid)
    assert (view.fingerprint, view.udid, view.state) == (device.identity.fingerprint, device.udid, "Current")
    assert (await rig.suite.administration.revoke(view.fingerprint)).state == "Revoked"
    assert (await _refusal(rig.suite.administration.revoke("0" * 64))).code == "certificate.unknown"


async def test_invitations_are_listed_without_their_challenges(rig: ServiceRig) -> None:
    """Not even the hash is shown."""
    issued = await rig.suite.invitations.invite(InvitationRequest(max_uses=500))
    (view,) = await rig.suite.administration.invitations()
    assert (view.invitation_id, view.max_uses, view.uses) == (issued.invitation_id, 500, 0)
    assert issued.challenge not in repr(view)
    assert (await _refusal(rig.suite.administration.revoke_invitation("no"))).code == "invitation.unknown"


async def test_everything_is_counted(rig: ServiceRig) -> None:
    """One device enrolled: one of each kind."""
    device = await rig.enrolled()
    await rig.suite.commanding.enqueue(device.udid, INFORMATION)
    counts = await rig.suite.administration.counts()
    assert (counts.certificates, counts.invitations) == (1, 1)
    assert (dict(counts.enrollments)["Enrolled"], dict(counts.commands)["Queued"]) == (1, 1)


# --- journal ---------------------------------------------------------------------------------------------------------


async def test_the_journal_tells_the_story_of_a_device_in_order(rig: ServiceRig) -> None:
    """From its enrolment to its refusal, each with its request and peer."""
    device = await rig.enrolled()
    await _refusal(device.send(device.message("CheckOut"), mdm_signature="AAAA"))
    events = await rig.suite.administration.events(limit=500)
    assert [event.sequence for event in events] == sorted(event.sequence for event in events)
    refused = await rig.suite.administration.events(event="auth.")
    assert [(event.event, event.peer) for event in refused] == [("auth.cms", device.peer)]
    assert refused[0].request_id.startswith("request-")
    assert await rig.suite.administration.events(device=device.udid)


async def test_a_field_outside_the_allow_list_cannot_get_into_the_journal(rig: ServiceRig) -> None:
    """A body, a challenge or a token has nowhere to go."""
    assert not {"body", "challenge", "token", "key", "password"} & DETAILS
    with pytest.raises(ValueError, match="among"):
        rig.suite.journal.note("test", rig.facts(), challenge="secret")


async def test_long_values_are_cut(rig: ServiceRig) -> None:
    """A device that calls itself a megabyte does not fill the journal."""
    rig.suite.journal.note("test.long", rig.facts(), device="x" * 10**6, message="y" * 10**6)
    (event,) = await rig.store.journal.list(code="test.long")
    assert (len(event.device), len(str(event.detail["message"]))) == (LONGEST_VALUE, LONGEST_VALUE)


async def test_a_store_that_cannot_write_is_a_503_with_a_time_to_come_back(rig: ServiceRig) -> None:
    """Nothing is acknowledged that is not durable."""
    with pytest.raises(Refusal) as refused, rig.suite.journal.guard(rig.facts()):
        raise StoreUnavailable("disk full", retry_after=7)
    assert (refused.value.status, refused.value.retry_after) == (503, 7)


# --- refusals --------------------------------------------------------------------------------------------------------


def test_what_the_wire_cannot_read_keeps_its_code() -> None:
    """One the refusal table does not know is still a 400, with the reason."""
    assert refusal_of(WireError("parse.depth", "too deep")).code == "parse.depth"
    unknown = refusal_of(WireError("parse.syntax", "unclosed tag"))
    assert (unknown.code, unknown.reason, unknown.status) == ("parse.plist", "syntax", 400)
    assert "unclosed tag" in str(unknown)


def test_a_refusal_with_a_detail_tells_an_administrator_more() -> None:
    """The detail is in the answer's text; the event has only code and reason."""
    refusal = DetailedRefusal("command.fields", reason="missing", detail="Queries: missing")
    assert "Queries: missing" in str(refusal)
    assert refusal.event == "command.fields:missing"


# --- compat ----------------------------------------------------------------------------------------------------------


def test_every_leniency_is_documented() -> None:
    """A name without a sentence would be a leniency nobody can choose with open eyes."""
    assert set(LENIENCIES) == set(Compat)
    assert all(TOOLS[tool] <= set(Compat) for tool in TOOLS)


def test_names_of_leniencies_and_tools_may_be_mixed() -> None:
    """Comma-separated or repeated, tools stand for what they need."""
    assert parse_compat([]) == frozenset()
    assert parse_compat(["sha1,des", " any-topic "]) == {Compat.SHA1, Compat.DES, Compat.ANY_TOPIC}
    assert parse_compat(["mdmb"]) == {Compat.SHA1, Compat.DES, Compat.WEAK_KEYS}
    assert parse_compat(["fleet,"]) >= {Compat.ANY_TOPIC, Compat.OTA_WITHOUT_CHALLENGE}


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    """Expected, found."""
    with pytest.raises(CompatError, match=r"expected one of sha1.*found 'md5'"):
        parse_compat(["md5"])
