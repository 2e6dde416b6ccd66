from __future__ import annotations

import logging

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from mdm_server.web.api import AdminTokens, token_hash
from mdm_server.wire import plist
from rigs.sockets import SocketRig

PROFILE = {
    "PayloadType": "Configuration",
    "PayloadVersion": 1,
    "PayloadIdentifier": "com.example.wifi",
    "PayloadUUID": "11111111-2222-4333-8444-555555555555",
    "PayloadDisplayName": "Wi-Fi",
    "PayloadContent": [],
}


def test_only_a_whole_token_is_accepted() -> None:
    """Neither a beginning of the token nor its hash opens the API."""
    tokens = AdminTokens([token_hash("right"), token_hash("other")])
    assert tokens.accepts("right")
    assert tokens.accepts("other")
    assert not any(tokens.accepts(wrong) for wrong in ("", "righ", "right ", "RIGHT", token_hash("right")))


async def test_a_device_s_life_as_the_api_sees_it(rig: SocketRig, rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """A device enrols over TLS; it is listed, is given a command, answers it, and the journal tells the story."""
    device = await rig.devices(rsa_keys).enrolled()
    _, page, _ = await rig.call("GET", "/devices?status=Enrolled")
    assert [each["udid"] for each in page["devices"]] == [device.udid]
    order = {"request_type": "DeviceInformation", "fields": {"Queries": ["OSVersion"]}}
    status, queued, _ = await rig.call("POST", f"/devices/{device.udid}/commands", json=order)
    assert (status, queued["udid"]) == (201, device.udid)
    _, queue, _ = await rig.call("GET", f"/devices/{device.udid}/queue")
    assert [each["request_type"] for each in queue["commands"]] == ["DeviceInformation"]

    delivered = await device.send({"UDID": device.udid, "Status": "Idle"})
    assert delivered.content_type == "application/xml"
    assert plist.loads(delivered.body)["CommandUUID"] == queued["command_uuid"]
    result = {
        "UDID": device.udid,
        "Status": "Acknowledged",
        "CommandUUID": queued["command_uuid"],
        "QueryResponses": {"OSVersion": "18.5"},
    }
    done = await device.send(result)
    assert (done.status, done.body) == (200, b"")

    _, command, _ = await rig.call("GET", f"/devices/{device.udid}/commands/{queued['command_uuid']}")
    assert (command["state"], command["answer"]["QueryResponses"]) == ("Acknowledged", {"OSVersion": "18.5"})
    _, journal, _ = await rig.call("GET", f"/events?device={device.udid}&limit=500")
    assert len(journal["events"]) >= 4
    status, problem, _ = await rig.call("DELETE", f"/devices/{device.udid}/commands/{queued['command_uuid']}")
    assert (status, problem["code"]) == (409, "command.done")


async def test_a_profile_is_stored_listed_downloaded_signed_and_forgotten(rig: SocketRig) -> None:
    """A profile goes in as a file and comes out as it came, or signed by the server."""
    raw = plist.dumps(PROFILE)
    status, stored, _ = await rig.call("POST", "/profiles", data=raw)
    assert (status, stored["identifier"]) == (201, "com.example.wifi")
    _, page, _ = await rig.call("GET", "/profiles")
    assert [each["profile_id"] for each in page["profiles"]] == ["com.example.wifi"]
    _, content, headers = await rig.call("GET", "/profiles/com.example.wifi/content")
    assert content == raw
    assert headers["Content-Type"] == "application/x-apple-aspen-config"
    assert headers["Content-Disposition"] == 'attachment; filename="com.example.wifi.mobileconfig"'
    _, signed, _ = await rig.call("GET", "/profiles/com.example.wifi/content?signed=true")
    assert signed.startswith(b"\x30\x82")
    assert raw in signed
    status, nothing, _ = await rig.call("DELETE", "/profiles/com.example.wifi")
    assert (status, nothing) == (204, b"")
    status, problem, _ = await rig.call("GET", "/profiles/com.example.wifi")
    assert (status, problem["code"]) == (404, "profile.unknown")


async def test_a_profile_is_installed_on_the_devices_that_can_have_it(
    rig: SocketRig, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """A bulk order queues for those who can, and says of the others why not."""
    device = await rig.devices(rsa_keys).enrolled()
    await rig.call("POST", "/profiles", data=plist.dumps(PROFILE))
    body = {"udids": [device.udid, "nobody"]}
    status, answer, _ = await rig.call("POST", "/profiles/com.example.wifi/install", json=body)
    assert status == 200
    done, refused = answer["results"]
    assert done["command_uuid"]
    assert (refused["command_uuid"], refused["code"]) == (None, "device.unknown")


async def test_an_enrolment_profile_for_many_devices_is_made_unsigned(rig: SocketRig) -> None:
    """What `mdm-server profile export` asks for: a reusable challenge, and no signature if so wished."""
    body = {"max_uses": 500, "signed": False, "expires_in": 600}
    status, profile, headers = await rig.call("POST", "/enrollment-profiles", json=body)
    assert (status, headers["Content-Type"]) == (201, "application/x-apple-aspen-config")
    payloads = [payload["PayloadType"] for payload in plist.loads(profile)["PayloadContent"]]
    assert payloads[:2] == ["com.apple.security.scep", "com.apple.mdm"]
    _, page, _ = await rig.call("GET", "/invitations")
    assert [(each["max_uses"], each["uses"]) for each in page["invitations"]] == [(500, 0)]


@pytest.mark.parametrize(
    ("method", "path", "request_options", "status", "code", "hint"),
    [
        ("GET", "/devices?limit=0", {}, 422, "api.invalid", ">= 1"),
        ("GET", "/devices?limit=501", {}, 422, "api.invalid", "<= 500"),
        ("GET", "/devices?limit=ten", {}, 422, "api.invalid", "int"),
        ("GET", "/devices?limit=1&limit=2", {}, 422, "api.invalid", "twice"),
        ("GET", "/devices?status=Happy", {}, 422, "api.invalid", "Happy"),
        ("GET", "/devices/nobody", {}, 404, "device.unknown", ""),
        ("POST", "/commands", {"data": b"{"}, 422, "api.invalid", "JSON"),
        ("POST", "/commands", {"data": b"\xff"}, 422, "api.invalid", "JSON"),
        ("POST", "/commands", {"data": b"[" * 100_000}, 422, "api.invalid", "array"),
        ("POST", "/commands", {"json": {"request_type": "DeviceLock"}}, 422, "api.invalid", "udids"),
        ("POST", "/commands", {"json": {"request_type": 1, "udids": ["x"]}}, 422, "api.invalid", "$.request_type"),
        ("POST", "/enrollment-profiles", {"json": {"role": "root"}}, 422, "api.invalid", "role"),
        ("POST", "/enrollment-profiles", {"json": {"base_url": "javascript:1"}}, 422, "api.invalid", "base_url"),
        ("POST", "/profiles", {"data": b"not a profile"}, 422, "profile.invalid", ""),
        ("GET", "/nothing", {}, 404, "api.not_found", "/api/v1/nothing"),
        ("POST", "/devices", {}, 405, "api.method", ""),
        ("POST", "/certificates/zz/revoke", {}, 422, "api.invalid", ""),
        ("POST", f"/certificates/{'0' * 64}/revoke", {}, 404, "certificate.unknown", ""),
        ("POST", "/profiles", {"headers": {"Content-Encoding": "gzip"}, "data": b"x"}, 415, "limit.encoding", ""),
    ],
)
async def test_a_wrong_call_is_answered_with_a_problem_document(
    rig: SocketRig, method: str, path: str, request_options: dict[str, object], status: int, code: str, hint: str
) -> None:
    """Whatever is wrong with a call, the answer has the status, a stable code, and a remedy; the state stays."""
    digest = await rig.server.store.state_digest()
    found_status, problem, headers = await rig.call(method, path, **request_options)
    assert (found_status, problem["code"], problem["status"]) == (status, code, status)
    assert headers["Content-Type"] == "application/problem+json"
    assert hint in f"{problem.get('found')} {problem.get('expected')}"
    assert problem["remedy"]
    assert await rig.server.store.state_digest() == digest


async def test_a_refused_call_leaves_one_event(rig: SocketRig) -> None:
    """R0 holds for administrators too: a wrong token is in the journal, without the token."""
    await rig.call("GET", "/devices", token="canary-token")
    _, page, _ = await rig.call("GET", "/events?event=api.unauthorized")
    assert [(each["event"], each["peer"]) for each in page["events"]] == [("api.unauthorized", "127.0.0.1")]
    assert "canary" not in repr(page)


async def test_a_defect_is_500_with_an_incident_and_no_traceback(
    rig: SocketRig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller learns a number; the log has the rest under that number, once."""

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("canary in the works")

    monkeypatch.setattr(type(rig.server.suite.administration), "counts", broken)
    with caplog.at_level(logging.ERROR):
        status, problem, _ = await rig.call("GET", "/server")
    assert (status, problem["code"]) == (500, "internal")
    assert "canary" not in repr(problem)
    logged = [record.getMessage() for record in caplog.records if problem["incident"] in record.getMessage()]
    assert len(logged) == 1
    assert "canary in the works" in logged[0]


async def test_pages_lead_through_everything(rig: SocketRig) -> None:
    """Following `next` visits every invitation once."""
    for _ in range(5):
        await rig.call("POST", "/enrollment-profiles", json={})
    seen: list[str] = []
    after = ""
    while True:
        _, page, _ = await rig.call("GET", f"/invitations?limit=2&after={after}")
        seen += [each["invitation_id"] for each in page["invitations"]]
        after = page.get("next")
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 5
