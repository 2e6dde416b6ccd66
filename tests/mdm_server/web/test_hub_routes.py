"""The Hub over sockets: its addresses, its limits, and a whole life of devices that nobody on the server helped."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from mdm_server.domain.staging.vocabulary import AssignmentState, DeviceStagingType
from mdm_server.service.answer import Answer
from mdm_server.service.staging.users import UserOrder
from mdm_server.wire.hub import MAX_BYTES, DeviceLogin, HubDevice, Step, encode
from rigs.hub import password_of
from rigs.rejection import assert_rejected
from rigs.service import ServiceDevice
from rigs.sockets import SocketRig, socket_rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[SocketRig]:
    """Run a server whose passwords cost nothing."""
    async with socket_rig(tmp_path, weak_passwords=True) as opened:
        yield opened


WIZARD = "/DeviceServices/AirwatchEnroll.aws/Enrollment/"
TURNED = "/deviceservices/enrollment/airwatchenroll.aws/"
"""The other order, in which clients write the same address."""


async def post(rig: SocketRig, path: str, body: bytes, **headers: str) -> Answer:
    """Send one request."""
    async with rig.session.post(rig.server.url + path, data=body, ssl=rig.tls, headers=headers) as response:
        return Answer(await response.read(), response.headers.get("Content-Type"), response.status)


async def ask(rig: SocketRig, path: str, document: dict[str, Any]) -> dict[str, Any]:
    """Send one request of the wizard and return the answer."""
    async with rig.session.post(rig.server.url + path, json=document, ssl=rig.tls) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "application/json"
        answer: dict[str, Any] = await response.json()
        return answer


async def person(rig: SocketRig, name: str, kind: DeviceStagingType = DeviceStagingType.DISABLED) -> None:
    """Make somebody who can log in."""
    await rig.server.suite.staging.users.create(
        UserOrder(user_name=name, password=password_of(name), staging_type=kind)
    )


async def enroll(rig: SocketRig, device: ServiceDevice, name: str, path: str = WIZARD) -> None:
    """Go through the wizard as the vendor's own sample does, and install what it leads to."""
    described = {"Serial": device.serial_number, "Identifier": device.udid, "Type": "2", "OsVersion": "17.5"}
    begun = await ask(
        rig,
        path + "validateGroupIdentifier",
        {"GroupId": "mdmsim", "GroupIDSource": "1", "Device": described, "Header": {"ProcotolRevision": "5"}},
    )
    header = {"SessionId": begun["Header"]["SessionId"]}
    credentials = {"Username": name, "Password": password_of(name), "Device": described, "Header": header}
    assert (await ask(rig, path + "validatelogincredentials", credentials))["Status"]["Code"] == 1
    end = await ask(rig, path + "createMdmInstallUrl", {"Device": described, "Header": header})
    install_url = end["NextStep"]["InstallUrl"]
    assert install_url.startswith(rig.server.url)
    async with rig.session.get(install_url, ssl=rig.tls) as response:
        assert response.headers["Content-Type"] == "application/x-apple-aspen-config"
        await device.enroll(await response.read())


async def on_device(rig: SocketRig, device: ServiceDevice, verb: str, **login: str) -> dict[str, Any]:
    """Use the Hub of an enrolled device."""
    body = encode(DeviceLogin(device=HubDevice(identifier=device.udid), **login))  # type: ignore[arg-type]
    headers = {"Mdm-Signature": device.signature(body)}
    url = f"{rig.server.url}/DeviceServices/Hub/{verb}"
    async with rig.session.post(url, data=body, headers=headers, ssl=rig.tls) as response:
        assert response.status == 200
        answer: dict[str, Any] = await response.json()
        return answer


@pytest.mark.parametrize("path", [WIZARD, TURNED])
async def test_a_device_enrols_through_the_wizard(rig: SocketRig, rsa_keys: list[rsa.RSAPrivateKey], path: str) -> None:
    """Row 1 over TLS, in both orders of the address and in any case."""
    await person(rig, "ann")
    device = rig.devices(rsa_keys).device()
    await enroll(rig, device, "ann", path)
    record = (await rig.server.suite.staging.devices.find(device.udid)).device
    assert record.assignment.state is AssignmentState.ASSIGNED


async def test_a_shared_device_is_checked_out_and_in(rig: SocketRig, rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """Rows 32 to 34 over TLS: the device signs what its Hub sends, as it signs a check-in."""
    await person(rig, "stager", DeviceStagingType.MULTI)
    await person(rig, "ann")
    device = rig.devices(rsa_keys).device()
    await enroll(rig, device, "stager")
    login = {"username": "ann", "password": password_of("ann")}
    assert (await on_device(rig, device, "login", **login))["State"] == "CheckedOut"
    assert (await on_device(rig, device, "status"))["User"] == "ann"
    assert (await on_device(rig, device, "LOGOUT/"))["State"] == "MultiIdle"


async def test_a_login_to_the_other_app_is_answered(rig: SocketRig) -> None:
    """Row 41 over TLS: not enabled means unmanaged."""
    await person(rig, "ann")
    message = {
        "Username": "ann",
        "Password": password_of("ann"),
        "Device": {"Type": 2, "SerialNumber": "S1"},
    }
    assert (await ask(rig, "/DeviceServices/WorkspaceOne/enroll", message))["Result"] == "Unmanaged"


@pytest.mark.parametrize(
    ("body", "status", "event"),
    [
        (b"", 400, "parse.json"),
        (b"{", 400, "parse.json"),
        (b"[" * 50_000, 400, "parse.json"),
        (b'{"Device":{"Type":"9"}}', 400, "parse.value"),
        (b'{"Device":{"Type":"2"}}', 400, "parse.value"),
        (b'{"GroupId":"a","groupid":"b"}', 400, "parse.duplicate_key"),
        (b'{"GroupId":"' + b"x" * MAX_BYTES + b'"}', 413, "limit.body"),
    ],
)
async def test_what_is_no_message_is_refused_and_changes_nothing(
    rig: SocketRig, body: bytes, status: int, event: str
) -> None:
    """Bad JSON, an unknown device type and a body beyond the cap leave one event each (R0)."""
    await assert_rejected(rig.server.store, post(rig, WIZARD + Step.GROUP, body), status=status, event=event)


@pytest.mark.parametrize("path", ["login", "logout", "status"])
async def test_a_device_that_does_not_prove_itself_is_refused(rig: SocketRig, path: str) -> None:
    """Nobody logs in on a device from elsewhere; and never 401, which would unenrol a real device."""
    request = post(rig, f"/DeviceServices/Hub/{path}", b"{}")
    await assert_rejected(rig.server.store, request, status=400, event="auth.missing")
    request = post(rig, f"/DeviceServices/Hub/{path}", b"{}", Authorization="Device nobody:nothing")
    await assert_rejected(rig.server.store, request, status=404, event="device.unknown")


async def test_a_compressed_body_is_not_unpacked(rig: SocketRig) -> None:
    """The rule of every door: no Content-Encoding."""
    request = post(rig, WIZARD + Step.GROUP, b"{}", **{"Content-Encoding": "gzip"})
    await assert_rejected(rig.server.store, request, status=415, event="limit.encoding")


async def test_there_is_nothing_beside_the_steps(rig: SocketRig) -> None:
    """An unknown step and another method lead nowhere."""
    assert (await post(rig, WIZARD + "validateEverything", b"{}")).status == 404
    async with rig.session.get(rig.server.url + WIZARD + Step.GROUP, ssl=rig.tls) as response:
        assert response.status == 405


async def test_a_refusal_is_an_answer_with_the_status_200(rig: SocketRig) -> None:
    """As the real one does it: the code is in the document, and one event in the journal."""
    body = b'{"GroupId":"NOWHERE","Device":{"Type":"2","Serial":"S"}}'
    request = post(rig, WIZARD + Step.GROUP, body)
    await assert_rejected(rig.server.store, request, status=200, event="hub.refused:GROUP_UNKNOWN")


async def test_an_install_url_is_worth_nothing_without_its_session(rig: SocketRig) -> None:
    """Guessing a session gets a refusal, not a profile."""
    for session in ("", "0" * 32, "x" * 1000):
        request = rig.session.get(f"{rig.server.url}/enroll?session={session}", ssl=rig.tls)
        async with request as response:
            assert response.status == 410
            assert b"SESSION_EXPIRED" in await response.read()


async def test_what_was_typed_is_in_no_log_and_no_journal(
    rig: SocketRig, rsa_keys: list[rsa.RSAPrivateKey], caplog: pytest.LogCaptureFixture
) -> None:
    """Passwords, sessions and CAPTCHAs of a whole life with everything logged are nowhere to be read (T-72)."""
    await person(rig, "stager", DeviceStagingType.MULTI)
    await person(rig, "canary")
    device = rig.devices(rsa_keys).device()
    with caplog.at_level(logging.DEBUG):
        await enroll(rig, device, "stager")
        for _ in range(4):
            await on_device(rig, device, "login", username="canary", password="canary password")
    journal = await rig.server.store.journal.list(limit=500)
    assert "canary password" not in caplog.text + repr(journal)
    assert password_of("stager") not in caplog.text + repr(journal)
