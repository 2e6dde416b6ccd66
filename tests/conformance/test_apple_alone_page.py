"""The pages about Apple, done by somebody who reads them: every command in its order, and the tables believed."""

from __future__ import annotations

import asyncio
import json
import os
import plistlib
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from mdm_server.cli.apple.serving import serve
from mdm_server.clouds.apple.activation import service as activation
from mdm_server.clouds.apple.dep import api
from mdm_server.clouds.apple.dep.fault_words import Mishap, meaning
from mdm_server.clouds.apple.known_faults import POINTS
from mdm_server.clouds.apple.push import service as push
from mdm_server.web.apple.control import STRINGS
from mdm_server.wire import activation as wire
from mdm_server.wire.apns import Reason
from mdm_server.wire.dep import DepErrorCode, ResponseStatus
from rigs import foreign_pkcs7 as pkcs7
from rigs import oracles
from rigs.foreign_servers import foreign_server
from rigs.processes import Ended, loopback_address, run_program
from rigs.read_page import ReadPage, words

PAGE = ReadPage.of("apple-services.md")
PUSH_PAGE = ReadPage.of("apple-push.md")
PATIENCE = 240.0
DEVICES = 3
BOUGHT = 10 + 1 + DEVICES
"""Made up, added with Configurator, and those that are switched on."""


@pytest.mark.timeout(PATIENCE + 60)
async def test_every_command_of_the_page_does_what_the_page_says(
    tmp_path: Path, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """A customer signs in with openssl and curl, buys devices led to a foreign MDM server, and meets depsim."""
    here = loopback_address(tmp_path)
    async with foreign_server("nanomdm", pkcs7.SmallAuthority.create(rsa_keys[2], "foreign CA TEST")) as mdm:
        mdm.device_root = tmp_path / "apple" / "apple-ca.pem"
        (tmp_path / "mdm-ca.pem").write_bytes(mdm.authority.certificate.public_bytes(Encoding.PEM))
        typed = PAGE.script({"localhost": here, "127.0.0.1": here, "https://mdm.example.com": mdm.url})
        run = await _typed(typed, tmp_path, here)
    account, devices = map(json.loads, PAGE.said(run.output, "/server/devices"))
    assert (account["org_name"], len(devices["devices"])) == ("Example Inc.", BOUGHT)
    added = json.loads(PAGE.said(run.output, "/_sim/apple/configurator")[-1])
    assert (added["added_by"], added["server"]) == ("configurator", account["server_uuid"])
    (defined,) = map(json.loads, PAGE.said(run.output, "profile_name"))
    assert list(defined["devices"].values()) == ["SUCCESS"] * DEVICES
    led = "\n".join(PAGE.said(run.output, "load --apple"))
    assert "verdict: PASS" in led
    assert "woken by push" in led
    assert led.count(" pushed ") == DEVICES
    assert sorted(each["SERIAL"] for each in mdm.introduced) == sorted(defined["devices"])
    assert mdm.enrolled == {each["UDID"] for each in mdm.introduced}
    assert "slow" in PAGE.said(run.output, "apple faults")
    journal = [json.loads(line)["event"] for line in PAGE.said(run.output, "apple journal")]
    assert journal.count("activated") == DEVICES
    assert PAGE.said(run.output, "https://mdmenrollment.apple.com") == ["UNAUTHORIZED"]
    assert PAGE.said(run.output, "8447/account") == ['"UNAUTHORIZED"']
    assert json.loads((tmp_path / "token.json").read_text())["consumer_key"].startswith("CK_48dd68d198")
    activated = plistlib.loads("\n".join(PAGE.said(run.output, "device.plist")).encode())
    assert activated["ActivationState"] == "Activated"
    await asyncio.to_thread(_vouched_for, activated["CertificateChain"], tmp_path)


@pytest.mark.timeout(PATIENCE + 60)
async def test_every_command_of_the_page_about_push_does_what_the_page_says(tmp_path: Path) -> None:
    """A push certificate by openssl, pushes by curl, to Apple's own name too, and one that was arranged to fail."""
    here = loopback_address(tmp_path)
    typed = PUSH_PAGE.script({"localhost": here})
    run = await _typed(typed, tmp_path, here)
    assert PUSH_PAGE.said(run.output, "push() {") == ["200"]
    assert PUSH_PAGE.said(run.output, "--connect-to") == ["200"]
    *_, refused = PUSH_PAGE.said(run.output, "apns push Unregistered")
    assert (json.loads(refused[:-3])["reason"], refused[-3:]) == ("Unregistered", "410")


async def test_the_program_of_the_page_runs() -> None:
    """It shows what the command line has no word for: a person who leaves in the provisional period."""
    (program,) = PAGE.blocks("python")
    run = await run_program(sys.executable, "-c", program)
    assert (run.exit_code, run.errors) == (0, "")
    url_added_by, left = run.output.splitlines()
    assert " configurator 20" in url_added_by
    assert left == "[]"


def test_the_page_names_every_call_of_the_device_api() -> None:
    """No more than there are, and no fewer; `GET /token` is depsim's, and told of there."""
    named = [words(row[0])[0] for row in PAGE.table("call", "what for")]
    endpoints = api._endpoints(Mock(), Mock(), Mock())
    answered = {f"{method} {path}" for path, methods in endpoints.items() for method in methods}
    assert sorted(named) == sorted({"GET /session", *answered})


def test_the_page_names_every_string_of_the_second_port() -> None:
    """By method and address below `/_sim/apple`."""
    named = [words(row[0])[0] for row in PAGE.table("at `/_sim/apple`", "what it takes, or tells")]
    assert sorted(named) == sorted(f"{method} {path}".rstrip() for method, path, _ in STRINGS)


def test_the_page_names_everything_that_devices_and_apple_say_to_each_other() -> None:
    """By the names that travel; the protocol is ours, and this is where it is documented."""
    asked, reported = (words(row[1]) for row in PAGE.table("call of a device", "what travels"))
    request = [key.name for key in wire._REQUEST]
    assert asked[: len(request) + 1] == [*request, wire._STATE.name]
    answered = {*wire.ActivationState, wire._CHAIN, wire._CLOUD.name, wire._PROFILE.name, wire._MESSAGE.name}
    assert set(asked[len(request) + 1 :]) == answered | {key.name for key in wire._CONFIGURATION}
    assert reported == [key.name for key in wire._REPORT]


def test_the_page_names_every_setting_of_apple_alone() -> None:
    """A switch that nobody is told of might as well not be there; those of every program are in its help."""
    settings = {option for parameter in serve.params for option in parameter.opts} - {"--config", "--log-level"}
    assert {setting for setting in settings if f"`{setting}" not in PAGE.text} == set()


def test_the_page_names_every_point_and_every_word() -> None:
    """Where something can be made to fail, what can be said there, and with which status."""
    points = {words(service)[0]: words(cell) for service, cell in PAGE.table("service", "points")}
    assert points == {service.value: list(each) for service, each in POINTS.items()}
    statuses = {int(status): words(cell) for status, cell in PAGE.table("status", "words")}
    assert statuses == {
        status: sorted(code for code in DepErrorCode if code.status == status)
        for status in sorted({code.status for code in DepErrorCode})
    }
    activations = [words(row[0])[0] for row in PAGE.table("response of `activation`", "what happens")]
    assert sorted(activations) == sorted(activation.RESPONSES)


def test_the_page_names_what_the_device_api_can_be_made_to_say() -> None:
    """Its examples mean what they are examples of; what concerns devices and the way is there to the last word."""
    rows = [words(row[0]) for row in PAGE.table("response of `dep`", "what happens")]
    codes, spelled, unavailable, of_devices, *on_the_way = rows
    assert {type(meaning(each)) for each in [*codes, *spelled, *unavailable]} == {DepErrorCode}
    assert meaning(*unavailable) is DepErrorCode.SERVICE_UNAVAILABLE
    assert {meaning(each) for each in of_devices} == set(ResponseStatus) - {ResponseStatus.SUCCESS}
    assert {meaning(each) for (each,) in on_the_way} == set(Mishap)


def test_the_page_about_push_names_every_reason_with_its_status() -> None:
    """And every response that is no reason."""
    for cell, reasons in PUSH_PAGE.table("status", "reason, and how to get it without arranging for it"):
        statuses = set(map(int, cell.split(", ")))
        assert set(words(reasons)) & set(Reason) == {reason for reason in Reason if reason.status in statuses}
    on_the_way = [words(row[0])[0] for row in PUSH_PAGE.table("response", "what happens")]
    assert sorted(on_the_way) == sorted(set(push.RESPONSES) - set(Reason))


def _vouched_for(chain: list[bytes], folder: Path) -> None:
    """Have openssl judge the certificates of a device that was activated by hand."""
    device, issuing = (folder / name for name in ("device.pem", "issuing.pem"))
    for der, path in zip(chain, (device, issuing), strict=True):
        oracles.run("openssl", "x509", "-inform", "DER", "-out", path, stdin=der)
    oracles.run("openssl", "verify", "-CAfile", folder / "ca.pem", "-untrusted", issuing, device)
    subject = oracles.run("openssl", "x509", "-in", device, "-noout", "-subject", "-nameopt", "RFC2253").stdout.decode()
    assert "CN=00008110-000000000000001E" in subject
    assert "serialNumber=DEPSIM000000" in subject


async def _typed(script: str, folder: Path, here: str) -> Ended:
    """Have a script typed in a folder, on an address of this test's own, where the ports of the page are free."""
    oracles.require("curl")
    oracles.require("openssl")
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    listeners = {"LISTEN": 8445, "SIM_LISTEN": 8444, "APNS_LISTEN": 2197}
    settings = {f"MDMSIM_{name}": f"{here}:{port}" for name, port in listeners.items()}
    settings |= {"PATH": programs, "MDMSIM_SIM_URL": f"http://{here}:8444"}
    run = await run_program("bash", "-c", f"cd {folder}\n{script}", seconds=PATIENCE, **settings)
    assert run.exit_code == 0, f"{run.output[-2000:]}\n{run.errors[-2000:]}"
    return run
