"""`device-emulator load` end to end, against servers of ours and of others."""

from __future__ import annotations

import asyncio
import json
import plistlib
import signal
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from rigs import foreign_pkcs7 as pkcs7
from rigs.foreign_scepserver import debians_scepserver
from rigs.foreign_servers import CHALLENGE, ForeignServer, foreign_server
from rigs.go_http import http_request
from rigs.processes import EMULATOR, SERVER, Ended, FleetLedger, run_program
from rigs.server_thread import ServerThread

Emulate = Callable[..., Awaitable[Ended]]
EmulateHere = Callable[..., Ended]


def _statuses(server: ServerThread, report: Path) -> list[str]:
    """Return what the server says of every device that a run reports."""
    return [server.device(udid)["status"] for udid in FleetLedger.read(report).udids.values()]


# --- our server ------------------------------------------------------------------------------------------------------


async def test_a_fleet_enrolls_over_tls_and_reports(server: ServerThread, load: Emulate, tmp_path: Path) -> None:
    """`--url …/enroll --ca`: exit 0, every device enrolled on either side, and every report that was asked for."""
    report, summary_file = tmp_path / "report", tmp_path / "summary.json"
    ended = await load(
        *("--url", f"{server.url}/enroll", "--ca", server.server.ca_file),
        *("--report", report, "--json", summary_file),
    )
    assert (ended.exit_code, ended.errors) == (0, ""), ended
    assert _statuses(server, report) == ["Enrolled"] * 2
    summary = json.loads(summary_file.read_text())
    assert summary == FleetLedger.read(report).summary
    assert (summary["schema"], summary["verdict"], summary["funnel"]["enrolled"]) == ("mdmsim/report/1", "pass", 2)
    assert summary["woken_by"] == "push"
    assert {file.name for file in report.iterdir()} == {"devices.csv", "events.jsonl", "report.html", "summary.json"}


def test_a_fleet_enrolls_over_the_air(server: ServerThread, load_here: EmulateHere, tmp_path: Path) -> None:
    """`--url …/enroll/ota`: through the three phases of the profile service."""
    ended = load_here(
        "--url", f"{server.url}/enroll/ota", "--ca", server.server.ca_file, "--report", tmp_path / "report"
    )
    assert ended.exit_code == 0, ended
    assert _statuses(server, tmp_path / "report") == ["Enrolled"] * 2
    assert FleetLedger.read(tmp_path / "report").summary["funnel"]["profile_service"] == 2


def test_half_prove_themselves_by_signature_and_half_by_tls(
    server: ServerThread, load_here: EmulateHere, tmp_path: Path
) -> None:
    """`--proof both`: four devices, each way in for two of them, whatever the profile says."""
    ended = load_here(
        *("--url", f"{server.url}/enroll", "--ca", server.server.ca_file),
        *("--proof", "both", "--report", tmp_path / "report"),
        devices=4,
    )
    assert ended.exit_code == 0, ended
    assert _statuses(server, tmp_path / "report") == ["Enrolled"] * 4
    assert sorted(FleetLedger.read(tmp_path / "report").summary["proofs"].values()) == [2, 2]


@pytest.mark.parametrize("key_kind", ["rsa-2048", "p-256"])
def test_a_profile_may_ask_for_client_certificates(
    server: ServerThread, load_here: EmulateHere, tmp_path: Path, key_kind: str
) -> None:
    """`?sign_message=false`: no signatures, the identity is in the handshake; with either kind of key."""
    ended = load_here(
        *("--url", f"{server.url}/enroll?sign_message=false", "--ca", server.server.ca_file),
        *("--key-kind", key_kind, "--report", tmp_path / "report"),
    )
    assert ended.exit_code == 0, ended
    assert _statuses(server, tmp_path / "report") == ["Enrolled"] * 2


async def test_one_exported_profile_enrols_as_many_as_it_says(
    server: ServerThread, load: Emulate, tmp_path: Path
) -> None:
    """`mdm-server profile export --challenge-uses 2 --unsigned` over plain HTTP: two devices enrol, the third does not.

    The fleet that fails says where and why, exits with 1, and its report is there all the same.
    """
    profile = tmp_path / "enrol.mobileconfig"
    exported = await run_program(
        *(*SERVER, "profile", "export", "--challenge-uses", "2", "--unsigned", "--base-url", server.plain, profile),
        *("--url", server.url, "--admin-token", server.server.admin_token or "", "--ca", server.server.ca_file),
    )
    assert exported.exit_code == 0, exported
    assert plistlib.loads(profile.read_bytes())["PayloadContent"][0]["PayloadType"] == "com.apple.security.scep"
    ended = await load("--profile", profile, "--report", tmp_path / "report")
    assert ended.exit_code == 0, ended
    assert _statuses(server, tmp_path / "report") == ["Enrolled"] * 2
    late = await load("--profile", profile, "--report", tmp_path / "late", devices=1)
    assert (late.exit_code, late.errors) == (1, "")
    assert "identity: scep.refused" in late.output
    assert FleetLedger.read(tmp_path / "late").summary["failures"] == {"identity: scep.refused": 1}


def test_a_signed_profile_is_verified_against_its_ca(
    server: ServerThread, load_here: EmulateHere, tmp_path: Path, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """`--profile-ca`: our root will do; under another the profile is refused, nobody enrols, and nobody waits."""
    profile = tmp_path / "enrol.mobileconfig"
    profile.write_bytes(server.profile(signed=True, base_url=server.url))
    common = ("--profile", profile, "--ca", server.server.ca_file, "--profile-ca")
    assert load_here(*common, server.server.ca_file).exit_code == 0
    other = tmp_path / "other.pem"
    stranger = pkcs7.SmallAuthority.create(rsa_keys[2], "another CA TEST").certificate
    other.write_bytes(stranger.public_bytes(Encoding.PEM))
    refused = load_here(*common, other, "--json", tmp_path / "summary.json")
    assert refused.exit_code == 1
    assert "profile.untrusted" in refused.output
    assert json.loads((tmp_path / "summary.json").read_text())["seconds"] < 10, "it waited for what could not come"


# --- servers of others -----------------------------------------------------------------------------------------------


async def _fetch(server: ForeignServer, file: Path) -> Path:
    def fetch() -> None:
        file.write_bytes(http_request("GET", server.url + server.manners.profile).body)

    await asyncio.to_thread(fetch)
    return file


@pytest.mark.parametrize("name", ["micromdm", "zentral"])
async def test_a_fleet_enrols_at_a_foreign_server_without_a_courier(
    rsa_keys: list[rsa.RSAPrivateKey], load: Emulate, tmp_path: Path, name: str
) -> None:
    """`--profile` of micromdm or zentral: no push there, so the devices ask every `--poll` seconds, and say so."""
    authority = pkcs7.SmallAuthority.create(rsa_keys[2], "foreign CA TEST")
    async with foreign_server(name, authority) as server:
        profile = await _fetch(server, tmp_path / "enrol.mobileconfig")
        ended = await load(
            *("--profile", profile, "--legacy-algorithms", "--poll", "0.2", "--duration", "1"),
            *("--json", tmp_path / "summary.json"),
        )
        assert ended.exit_code == 0, ended
        assert len(server.enrolled) == 2
        # One each because it was told to; after that five polls of each device fit into the second.
        assert 4 <= server.messages.count("Idle") <= 14
    assert json.loads((tmp_path / "summary.json").read_text())["woken_by"] == "polling every 0.2 s"


async def test_debians_scepserver_certifies_a_fleet(
    rsa_keys: list[rsa.RSAPrivateKey], load: Emulate, tmp_path: Path
) -> None:
    """`--profile … --legacy-algorithms` at an MDM whose SCEP is scepserver's; without the flag nobody enrols."""
    with debians_scepserver(tmp_path, challenge=CHALLENGE) as scepserver:
        async with foreign_server("nanomdm", pkcs7.SmallAuthority(rsa_keys[2], scepserver.certificate)) as server:
            server.scep_url = scepserver.url
            profile = await _fetch(server, tmp_path / "enrol.mobileconfig")
            strict = await load("--profile", profile)
            assert (strict.exit_code, server.requests) == (1, [])
            assert "identity: scep." in strict.output
            # One after the other: asked by two at once, scepserver now and then refuses one of them.
            ended = await load("--profile", profile, "--legacy-algorithms", "--concurrency", "1")
            assert ended.exit_code == 0, ended
            assert len(server.enrolled) == 2


# --- a fleet that is kept --------------------------------------------------------------------------------------------


def test_a_fleet_enrolled_today_is_there_tomorrow(
    server: ServerThread, load_here: EmulateHere, emulate_here: EmulateHere, tmp_path: Path
) -> None:
    """`--fleet`: then devices, connect, tokenupdate and checkout, with nothing but the file between them."""
    fleet, pool = tmp_path / "fleet.jsonl", ("--key-pool", tmp_path / "keys")
    ended = load_here("--url", f"{server.url}/enroll", "--ca", server.server.ca_file, "--fleet", fleet)
    assert ended.exit_code == 0, ended
    assert stat.S_IMODE(fleet.stat().st_mode) == 0o600

    def verb(name: str, *arguments: str | Path) -> Ended:
        tls = () if name == "devices" else ("--ca", server.server.ca_file)
        return emulate_here(name, "--fleet", fleet, *pool, *tls, *arguments)

    listed: list[dict[str, Any]] = json.loads(verb("devices", "--json").output)
    assert [device["life"] for device in listed] == ["enrolled"] * 2
    orders = {each["udid"]: server.order(each["udid"], "DeviceInformation", Queries=["DeviceName"]) for each in listed}
    assert verb("connect", "--iterations", "2").exit_code == 0
    assert {server.state(udid, order) for udid, order in orders.items()} == {"Acknowledged"}
    assert verb("tokenupdate").exit_code == 0
    gone = verb("checkout", "--json", tmp_path / "checkout.json")
    assert gone.exit_code == 0, gone
    assert json.loads((tmp_path / "checkout.json").read_text())["verdict"] == "pass"
    assert {server.device(each["udid"])["status"] for each in listed} == {"Unenrolled"}
    after = json.loads(verb("devices", "--json").output)
    assert [(device["udid"], device["life"]) for device in after] == [(each["udid"], "in_use") for each in listed]
    again = verb("connect")
    assert again.exit_code == 2
    assert "holds no enrolled device" in again.errors


def test_a_fleet_that_leaves_may_come_again_and_another_may_not_have_its_keys(
    server: ServerThread, emulate_here: EmulateHere, tmp_path: Path
) -> None:
    """One pool, one server: the same fleet enrols anew after its checkout; what the server says to others is told."""
    pool, fleet, tls = ("--key-pool", tmp_path / "keys"), tmp_path / "fleet.jsonl", ("--ca", server.server.ca_file)
    assert emulate_here("keys", "make", "--count", "1", *pool).exit_code == 0
    load = ("load", "--url", f"{server.url}/enroll", *tls, *pool, "--devices", "1", "--timeout", "20")
    assert emulate_here(*load, "--seed", 700_001, "--fleet", fleet).exit_code == 0
    other = emulate_here(*load, "--seed", 700_002)
    assert (other.exit_code, "enroll.cert_reuse" in other.output) == (1, True), other
    assert emulate_here("checkout", "--fleet", fleet, *tls, *pool).exit_code == 0
    assert emulate_here(*load, "--seed", 700_001).exit_code == 0


# --- interrupted -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_run_still_reports(server: ServerThread, tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C or SIGTERM in the middle: 130, and the report, the summary and the fleet file are written."""
    report, fleet = tmp_path / "report", tmp_path / "fleet.jsonl"
    process = await asyncio.create_subprocess_exec(
        *(*EMULATOR, "load", "--url", f"{server.url}/enroll", "--ca", str(server.server.ca_file), "--devices", "1"),
        *("--seed", str(900_000 + number), "--keys", "fresh", "--duration", "100", "--report", str(report)),
        *("--fleet", str(fleet), "--json", str(tmp_path / "summary.json")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            while b"Staying awake" not in (line := await process.stdout.readline()):
                assert line, await process.communicate()
            process.send_signal(number)
            output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, errors) == (130, b"")
    assert b"INTERRUPTED" in output
    summary = FleetLedger.read(report).summary
    assert (summary["interrupted"], summary["verdict"]) == (True, "interrupted")
    assert summary == json.loads((tmp_path / "summary.json").read_text())
    assert len(fleet.read_text().splitlines()) == 2
