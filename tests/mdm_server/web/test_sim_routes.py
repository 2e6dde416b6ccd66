from __future__ import annotations

import json
from typing import Any

import pytest

from rigs.sockets import SocketRig


async def _pull(rig: SocketRig, method: str, path: str, **request: Any) -> tuple[int, bytes]:
    async with rig.session.request(method, f"{rig.server.sim_url}/_sim/{path}", **request) as response:
        return response.status, await response.read()


async def test_it_says_when_the_server_is_ready(rig: SocketRig) -> None:
    """Ready means that the first port answers, and says where that is."""
    status, body = await _pull(rig, "GET", "ready")
    assert (status, json.loads(body)) == (200, {"ready": True, "url": rig.server.url})


async def test_reset_forgets_what_it_is_told_to(rig: SocketRig) -> None:
    """After a reset the store is empty, and the administrator's token still good."""
    await rig.call("POST", "/enrollment-profiles", json={})
    assert await _pull(rig, "POST", "reset?what=everything") == (200, b'{"reset":"everything"}\n')
    status, page, _ = await rig.call("GET", "/invitations")
    assert (status, page["invitations"]) == (200, [])


async def test_an_unknown_scope_is_refused_and_nothing_forgotten(rig: SocketRig) -> None:
    """What cannot be reset is named, together with what can."""
    digest = await rig.server.store.state_digest()
    status, body = await _pull(rig, "POST", "reset?what=world")
    problem = json.loads(body)
    assert (status, problem["code"], problem["found"]) == (422, "sim.scope", "world")
    assert "devices" in problem["expected"]
    assert await rig.server.store.state_digest() == digest


async def test_a_seed_repeats_what_is_drawn(rig: SocketRig) -> None:
    """Two runs from one seed, with a reset in between, draw the same identifiers."""

    async def run() -> list[str]:
        await _pull(rig, "POST", "reset")
        assert (await _pull(rig, "POST", "seed?seed=7"))[0] == 200
        await rig.call("POST", "/enrollment-profiles", json={})
        _, page, _ = await rig.call("GET", "/invitations")
        return [each["invitation_id"] for each in page["invitations"]]

    assert await run() == await run() != []
    assert await _pull(rig, "GET", "seed") == (200, b'{"seed":7}\n')


async def test_a_seed_is_refused_once_a_run_has_begun(rig: SocketRig) -> None:
    """In a store that is not empty a seed would repeat identifiers that are taken."""
    await rig.call("POST", "/enrollment-profiles", json={})
    status, body = await _pull(rig, "POST", "seed?seed=7")
    assert (status, json.loads(body)["code"]) == (409, "sim.not_empty")
    assert (await _pull(rig, "POST", "seed?seed=x"))[0] == 422


async def test_the_journal_is_one_object_a_line_in_order(rig: SocketRig) -> None:
    """Every entry, in order, each line readable by itself; `after` leaves out what is known."""
    for _ in range(3):
        await rig.call("POST", "/enrollment-profiles", json={})
    _, body = await _pull(rig, "GET", "journal")
    numbers = [json.loads(line)["sequence"] for line in body.splitlines()]
    assert numbers == sorted(numbers)
    assert len(numbers) >= 3
    _, rest = await _pull(rig, "GET", f"journal?after={numbers[0]}")
    assert rest.count(b"\n") == len(numbers) - 1
    assert (await _pull(rig, "GET", "journal?after=x"))[0] == 422


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Origin": "https://evil.example.test"}, "sim.origin"),
        ({"Origin": "null"}, "sim.origin"),
        ({"Host": "evil.example.test"}, "sim.host"),
        ({"Host": "localhost.evil.example.test"}, "sim.host"),
        ({"Host": "192.0.2.1"}, "sim.host"),
    ],
)
async def test_web_pages_and_foreign_names_are_kept_out(rig: SocketRig, headers: dict[str, str], code: str) -> None:
    """Neither a page's request nor one led here by somebody's DNS may empty the store."""
    digest = await rig.server.store.state_digest()
    status, body = await _pull(rig, "POST", "reset", headers=headers)
    assert (status, json.loads(body)["code"]) == (403, code)
    assert await rig.server.store.state_digest() == digest


async def test_nothing_of_the_first_port_is_here_and_nothing_of_this_one_there(rig: SocketRig) -> None:
    """The two ports share no address."""
    assert (await _pull(rig, "GET", "../api/v1/devices"))[0] == 404
    assert (await _pull(rig, "GET", "nothing"))[0] == 404
    async with rig.session.post(f"{rig.plain}/_sim/reset") as response:
        assert response.status == 404


async def test_a_server_that_plays_no_apple_says_so(rig: SocketRig) -> None:
    """And how it would: whoever looks for Apple's portal finds the way."""
    status, body = await _pull(rig, "GET", "apple/faults")
    problem = json.loads(body)
    assert (status, problem["code"]) == (404, "sim.no_apple")
    assert "--apple-listen" in problem["remedy"]
