"""Apple Business Manager over our own API: tokens, rules, devices, and DEP profiles with all that Apple knows."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.json import decode

from mdm_server.wire.server_token import ServerToken
from rigs.abm_portal import Portal
from rigs.sockets import SocketRig, socket_rig

SERIAL = "C39ABM000001"
P7M = {"Content-Type": "application/pkcs7-mime"}


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[SocketRig]:
    """Run our server, and Apple beside it."""
    async with socket_rig(tmp_path, apple="127.0.0.1:0") as opened:
        yield opened


@pytest.fixture
def portal(rig: SocketRig) -> Portal:
    """Return somebody at the portal."""
    return Portal.of(rig.server)


@pytest.fixture
async def token(rig: SocketRig, portal: Portal) -> int:
    """Return the number of a token that is good."""
    _, made, _ = await rig.call("POST", "/abm-tokens", json={"name": "stores"})
    number = made["token"]["id"]
    status, uploaded, _ = await rig.call(
        "PUT", f"/abm-tokens/{number}", data=portal.p7m(made["certificate"]), headers=P7M
    )
    assert (status, uploaded["state"], uploaded["server_name"]) == (200, "active", "Stores")
    return int(number)


async def test_a_token_is_made_shown_and_removed_and_nothing_secret_is_in_any_answer(
    rig: SocketRig, token: int
) -> None:
    """The certificate can be had again; a name is there once."""
    status, found, _ = await rig.call("GET", "/abm-tokens")
    assert (status, [each["id"] for each in found["tokens"]]) == (200, [token])
    assert not {"identity", "secrets", "consumer_key", "cursor"} & found["tokens"][0].keys()
    status, pem, headers = await rig.call("GET", f"/abm-tokens/{token}/certificate")
    assert pem.startswith(b"-----BEGIN CERTIFICATE-----")
    assert b"PRIVATE" not in pem
    assert headers["Content-Type"] == "application/x-pem-file"
    status, problem, _ = await rig.call("POST", "/abm-tokens", json={"name": "STORES"})
    assert (status, problem["code"]) == (409, "api.conflict")
    assert (await rig.call("DELETE", f"/abm-tokens/{token}"))[0] == 204
    assert (await rig.call("GET", f"/abm-tokens/{token}"))[0] == 404


async def test_a_file_that_is_no_token_for_this_key_is_refused_with_what_was_expected(
    rig: SocketRig, portal: Portal
) -> None:
    """Something else, and a token for another certificate."""
    _, mine, _ = await rig.call("POST", "/abm-tokens", json={"name": "one"})
    _, other, _ = await rig.call("POST", "/abm-tokens", json={"name": "two"})
    address = f"/abm-tokens/{mine['token']['id']}"
    for file, word in ((b"hello", "MIME"), (portal.p7m(other["certificate"]), "another")):
        status, problem, _ = await rig.call("PUT", address, data=file, headers=P7M)
        assert (status, problem["code"]) == (422, "abm.token")
        assert word in str(problem)
    assert (await rig.call("GET", address))[1]["state"] == "waiting"


async def test_devices_are_read_and_get_their_profile_by_rule_by_default_and_by_hand(
    rig: SocketRig, portal: Portal, token: int
) -> None:
    """And Apple knows it."""
    numbers = {}
    for name in ("corporate", "kiosk", "lab"):
        status, saved, _ = await rig.call("POST", "/dep-profiles", json={"name": name})
        assert status == 201
        numbers[name] = saved["id"]
    rule = {"token": token, "profile": numbers["kiosk"], "serial_prefix": "C39KIO"}
    status, added, _ = await rig.call("POST", "/abm-rules", json=rule)
    assert (status, added["serial_prefix"]) == (201, "C39KIO")
    await rig.call("PUT", f"/abm-tokens/{token}/default-profile", json={"profile": numbers["corporate"]})
    portal.order(SERIAL, "C39KIO000001", "C39LAB000001")
    status, told, _ = await rig.call("POST", "/abm-sync")
    assert (status, [(report["added"], report["assigned"]) for report in told["reports"]]) == (200, [(3, 3)])
    assert (await rig.call("POST", "/dep-devices/C39LAB000001", json={"profile": numbers["lab"]}))[0] == 204
    assert [portal.profile_of(each) for each in (SERIAL, "C39KIO000001", "C39LAB000001")] == [
        "corporate",
        "kiosk",
        "lab",
    ]
    status, found, _ = await rig.call("GET", "/abm-devices?text=kio")
    assert (found["total"], found["devices"][0]["profile"], found["devices"][0]["profile_status"]) == (
        1,
        "kiosk",
        "assigned",
    )
    assert (await rig.call("GET", "/abm-devices?profile_status=removed"))[1]["total"] == 0
    assert (await rig.call("GET", "/abm-rules"))[1]["rules"] == [added]
    assert (await rig.call("DELETE", f"/dep-profiles/{numbers['kiosk']}"))[1]["code"] == "api.conflict"
    assert (await rig.call("DELETE", f"/abm-rules/{added['id']}"))[0] == 204
    status, told, _ = await rig.call("POST", f"/abm-sync?token={token}&anew=true")
    assert (status, told["reports"][0]["added"], told["reports"][0]["removed"]) == (200, 0, 0)


async def test_a_dep_profile_says_everything_and_can_be_changed_and_removed(rig: SocketRig) -> None:
    """Every field that Apple knows; what contradicts itself is refused."""
    anchor = base64.b64encode(b"0\x00").decode()
    wanted = {
        "name": "everything",
        "department": "IT",
        "support_phone_number": "1",
        "support_email_address": "it@example.org",
        "language": "de",
        "region": "DE",
        "multi_user": True,
        "allow_pairing": False,
        "await_configuration": True,
        "auto_advance": True,
        "web_sign_in": True,
        "do_not_use_profile_from_backup": True,
        "return_to_service": True,
        "anchor_certificates": [anchor],
        "skip_setup_items": ["AppleID"],
        "minimum_os": "18.1",
    }
    status, saved, _ = await rig.call("POST", "/dep-profiles", json=wanted)
    assert (status, {name: saved[name] for name in wanted}) == (201, wanted)
    status, changed, _ = await rig.call("PUT", f"/dep-profiles/{saved['id']}", json={"name": "less"})
    assert (status, changed["uuid"], changed["department"]) == (200, saved["uuid"], "")
    assert (await rig.call("GET", f"/dep-profiles/{saved['uuid']}"))[1] == changed
    for wrong in ({"supervised": False}, {"web_sign_in": True, "authentication_required": False}):
        status, problem, _ = await rig.call("PUT", f"/dep-profiles/{saved['id']}", json={"name": "wrong", **wrong})
        assert (status, problem["code"]) == (422, "dep.profile")
    for wrong in ({"region": "de"}, {"language": "D"}, {"token": 99}, {"anchor_certificates": ["%"]}):
        status, problem, _ = await rig.call("POST", "/dep-profiles", json={"name": "wrong", **wrong})
        assert status in (404, 422), problem
    assert (await rig.call("DELETE", f"/dep-profiles/{saved['id']}"))[0] == 204
    assert (await rig.call("GET", "/dep-profiles"))[1]["profiles"] == []


async def test_what_apple_says_no_with_is_told_and_kept(rig: SocketRig, portal: Portal, token: int) -> None:
    """By one token an answer 502 with Apple's own word; by all of them a token without a report."""
    portal.manager.withdraw_terms(portal.organization)
    status, problem, _ = await rig.call("POST", f"/abm-sync?token={token}")
    assert (status, problem["code"]) == (502, "abm.refused")
    assert (await rig.call("POST", "/abm-sync"))[1]["reports"] == []
    assert (await rig.call("GET", f"/abm-tokens/{token}"))[1]["trouble"] == "abm.refused:t_c_not_signed"


async def test_a_server_without_apple_says_where_to_find_one(tmp_path: Path) -> None:
    """Nothing can be uploaded there; profiles are kept and assigned as before."""
    async with socket_rig(tmp_path) as rig:
        _, made, _ = await rig.call("POST", "/abm-tokens", json={"name": "stores"})
        assert (await rig.call("POST", "/abm-sync"))[1]["reports"] == []
        status, problem, _ = await rig.call("POST", f"/abm-sync?token={made['token']['id']}")
        assert (status, problem["code"]) == (422, "abm.token")
        _, saved, _ = await rig.call("POST", "/dep-profiles", json={"name": "corporate"})
        assert (await rig.call("POST", f"/dep-devices/{SERIAL}", json={"profile": saved["id"]}))[0] == 204
        assert (await rig.call("DELETE", f"/dep-devices/{SERIAL}"))[0] == 204


async def test_an_apple_that_does_not_answer_is_named_as_such(tmp_path: Path, rig: SocketRig, portal: Portal) -> None:
    """A token is not kept untried."""
    (tmp_path / "other").mkdir()
    async with socket_rig(tmp_path / "other", abm_url="https://127.0.0.1:9") as other:
        _, made, _ = await other.call("POST", "/abm-tokens", json={"name": "stores"})
        address = f"/abm-tokens/{made['token']['id']}"
        status, problem, _ = await other.call("PUT", address, data=portal.p7m(made["certificate"]), headers=P7M)
        assert (status, problem["code"]) == (502, "abm.unreachable")
        assert (await other.call("GET", address))[1]["state"] == "waiting"


async def test_t72_nothing_secret_about_a_token_is_ever_told(rig: SocketRig, portal: Portal, token: int) -> None:
    """Not by any answer, and not by the journal: neither our private key nor Apple's consumer and access secrets."""
    kept = await rig.server.suite.abm.tokens.find(token)
    assert kept.secrets is not None
    secrets = decode(kept.secrets, type=ServerToken)
    canaries = [secrets.consumer_secret, secrets.access_secret, *kept.identity.decode().split("\n")[1:4]]
    portal.order(SERIAL)
    await rig.call("POST", "/abm-sync")
    portal.manager.withdraw_terms(portal.organization)
    await rig.call("POST", "/abm-sync")
    heard = ""
    for address in ("/abm-tokens", f"/abm-tokens/{token}", "/abm-devices", "/abm-rules", "/events?limit=500"):
        status, document, _ = await rig.call("GET", address)
        assert status == 200
        heard += str(document)
    assert "abm.token_added" in heard
    assert [canary for canary in canaries if canary in heard] == []
