from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from mdm_server.cli.commands import read_field
from mdm_server.cli.failure import Failure
from mdm_server.cli.profiles import read_duration
from mdm_server.wire import plist
from rigs.command_line import Cli, run_cli
from rigs.sockets import SocketRig

PROFILE = {
    "PayloadType": "Configuration",
    "PayloadVersion": 1,
    "PayloadIdentifier": "com.example.wifi",
    "PayloadUUID": "11111111-2222-4333-8444-555555555555",
    "PayloadDisplayName": "Wi-Fi",
    "PayloadContent": [],
}


async def test_devices_are_a_table_for_people_and_json_for_programs(
    rig: SocketRig, cli: Cli, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """An empty server says so in words; an enrolled device is a line, or an object."""
    assert "No device has enrolled yet." in (await cli("devices")).output
    device = await rig.devices(rsa_keys).enrolled()
    table = await cli("devices")
    assert device.udid in table.output
    assert "\x1b" not in table.output
    assert [each["udid"] for each in json.loads((await cli("devices", "--json")).output)] == [device.udid]
    assert "No device" in (await cli("devices", "--status", "Retired")).output
    shown = await cli("device", device.udid)
    assert "Enrolled" in shown.output
    assert "No command was ever queued" in shown.output


async def test_a_command_is_queued_waited_for_and_cancelled(
    rig: SocketRig, cli: Cli, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """`enqueue` shows what was queued, `--wait` ends when the time is up, `cancel` takes it back, once."""
    device = await rig.devices(rsa_keys).enrolled()
    queued = await cli("enqueue", "DeviceInformation", 'Queries:=["OSVersion"]', "--device", device.udid, "--json")
    command = json.loads(queued.output)[0]["command_uuid"]
    waited = await cli("enqueue", "DeviceInformation", 'Queries:=["UDID"]', "--all", "--wait", "0.1", "--json")
    assert [each["state"] for each in json.loads(waited.output)] == ["Queued"]
    assert "Cleared" in (await cli("cancel", device.udid, command)).output
    again = await cli("cancel", device.udid, command)
    assert (again.exit_code, again.is_one_line, "command.done" in again.errors) == (2, True, True)


async def test_an_answer_is_shown_when_it_comes(rig: SocketRig, cli: Cli, rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """A device that has answered already: `--wait` shows the answer and ends at once."""
    device = await rig.devices(rsa_keys).enrolled()
    order = (
        "enqueue",
        "DeviceInformation",
        'Queries:=["OSVersion"]',
        "--device",
        device.udid,
        "--wait",
        "20",
        "--json",
    )

    async def answer() -> None:
        while not (delivered := await device.send({"UDID": device.udid, "Status": "Idle"})).body:
            pass
        command = plist.loads(delivered.body)["CommandUUID"]
        result = {
            "UDID": device.udid,
            "Status": "Acknowledged",
            "CommandUUID": command,
            "QueryResponses": {"OSVersion": "1"},
        }
        await device.send(result)

    run, _ = await asyncio.gather(cli(*order), answer())
    (command,) = json.loads(run.output)
    assert (command["state"], command["answer"]["QueryResponses"]) == ("Acknowledged", {"OSVersion": "1"})


async def test_a_profile_is_added_listed_installed_and_removed(
    rig: SocketRig, cli: Cli, tmp_path: Path, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """The profile commands, one after the other, as a person uses them."""
    device = await rig.devices(rsa_keys).enrolled()
    file = tmp_path / "wifi.mobileconfig"
    file.write_bytes(plist.dumps(PROFILE))
    assert "No profile is stored" in (await cli("profile", "list")).output
    assert "com.example.wifi" in (await cli("profile", "add", str(file))).output
    assert "Wi-Fi" in (await cli("profile", "list")).output
    assert "Wi-Fi" in (await cli("profile", "show", "com.example.wifi")).output
    installed = await cli("profile", "install", "com.example.wifi", "--all", "--json")
    assert [each["udid"] for each in json.loads(installed.output)] == [device.udid]
    assert (await cli("profile", "uninstall", "com.example.wifi", "--device", device.udid)).exit_code == 0
    assert (await cli("profile", "remove", "com.example.wifi")).exit_code == 0
    gone = await cli("profile", "show", "com.example.wifi")
    assert (gone.exit_code, gone.is_one_line) == (2, True)


async def test_an_enrolment_profile_is_exported(rig: SocketRig, cli: Cli, tmp_path: Path) -> None:
    """To a file or to standard output; unsigned it is a plist that tools can read, and leads where --base-url says."""
    file = tmp_path / "enrol.mobileconfig"
    options = ("--challenge-uses", "500", "--unsigned", "--expires", "7d", "--base-url", rig.plain)
    assert (await cli("profile", "export", *options, str(file))).exit_code == 0
    assert rig.plain in file.read_text()
    written = await cli("profile", "export", "--unsigned")
    assert written.output.startswith("<?xml")
    invitations = await rig.server.store.invitations.list()
    assert sorted(invitation.max_uses for invitation in invitations) == [1, 500]


async def test_events_are_shown_newest_last(rig: SocketRig, cli: Cli) -> None:
    """The journal as a table, or one object a line; a filter keeps what begins so."""
    await rig.call("GET", "/devices", token="wrong")
    assert "api.unauthorized" in (await cli("events")).output
    lines = (await cli("events", "--event", "api.", "--json")).output.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["api.unauthorized"]
    numbers = [json.loads(line)["sequence"] for line in (await cli("events", "--json")).output.splitlines()]
    assert numbers == sorted(numbers)


async def test_what_devices_say_cannot_colour_or_break_a_table(rig: SocketRig, cli: Cli) -> None:
    """T-39: control characters and markup in a name come out as plain characters."""
    profile = plist.dumps({**PROFILE, "PayloadDisplayName": "[red]Wi\u202eFi[/red]\n\x7f"})
    await rig.call("POST", "/profiles", data=profile)
    shown = (await cli("profile", "list")).output
    assert "[red]Wi" in shown
    assert not {"\u202e", "\x1b", "\x7f"} & set(shown)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "word"),
    [
        (("device", "nobody"), 2, "device.unknown"),
        (("devices", "--status", "Happy"), 2, "api.invalid"),
        (("enqueue", "DeviceLock"), 2, "--device"),
        (("enqueue", "DeviceLock", "--all", "--device", "x"), 2, "both"),
        (("enqueue", "DeviceLock", "--all"), 2, "enrolled"),
        (("enqueue", "DeviceLock", "PIN", "--device", "x"), 2, "KEY=TEXT"),
        (("enqueue", "DeviceLock", "PIN:=x", "--device", "x"), 2, "JSON"),
        (("profile", "add", "/nowhere/x.mobileconfig"), 2, "readable"),
        (("profile", "export", "--expires", "soon"), 2, "12h"),
        (("profile", "export", "--challenge-uses", "0"), 2, "challenge-uses"),
        (("profile", "export", "/nowhere/x"), 2, "write"),
        (("devices", "--admin-token", "wrong"), 2, "api.unauthorized"),
        (("devices", "--url", "nonsense"), 2, "https://HOST:PORT"),
        (("devices", "--url", "https://127.0.0.1:1"), 3, "is the server running"),
        (("devices", "--ca", "/nowhere.pem"), 2, "--ca"),
        (("nonsense",), 2, "nonsense"),
        (("devices", "--nonsense"), 2, "--nonsense"),
    ],
)
async def test_a_failure_is_one_line_and_an_exit_code(
    cli: Cli, arguments: tuple[str, ...], exit_code: int, word: str
) -> None:
    """Whatever goes wrong: nothing on standard output, one line on standard error, and 2 or 3 (the network)."""
    run = await cli(*arguments)
    assert (run.exit_code, run.is_one_line, word in run.errors) == (exit_code, True, True), run


async def test_a_server_that_is_not_vouched_for_is_not_believed(
    rig: SocketRig, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --ca the server's certificate is unknown: 3, with what --ca wants."""
    monkeypatch.delenv("MDMSIM_CA")
    run = await cli("devices")
    assert (run.exit_code, run.is_one_line, "ca.pem" in run.errors) == (3, True, True)


async def test_a_defect_is_one_line_too(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 4 says that it is our fault, and how to see where."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("something in the works")

    monkeypatch.setattr("mdm_server.cli.devices.show_json", broken)
    run = await cli("devices", "--json")
    assert (run.exit_code, run.is_one_line, "MDMSIM_TRACEBACK" in run.errors) == (4, True, True)


async def test_without_a_token_nothing_is_asked(rig: SocketRig, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing token is bad input, found before the network is touched."""
    monkeypatch.delenv("MDMSIM_ADMIN_TOKEN")
    run = await cli("devices")
    assert (run.exit_code, run.is_one_line, "MDMSIM_ADMIN_TOKEN" in run.errors) == (2, True, True)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("PIN=0123", ("PIN", "0123")),
        ("A:=[1]", ("A", [1])),
        ("A:=true", ("A", True)),
        ("M=a=b", ("M", "a=b")),
        ("M=", ("M", "")),
    ],
)
def test_fields_are_texts_unless_they_are_said_to_be_json(text: str, field: tuple[str, object]) -> None:
    """A PIN keeps its leading zero; numbers, booleans and lists are written with :=."""
    assert read_field(text) == field


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("12h", 43_200), ("7d", 604_800)])
def test_durations_have_a_unit(text: str, seconds: int) -> None:
    """Seconds, minutes, hours and days."""
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "1", "-1h", "1w", "1h30m", "٣h", "1e3s"])
def test_a_duration_without_a_unit_is_refused(text: str) -> None:
    """Anything else is refused, and the text says what would be right."""
    with pytest.raises(Failure, match="12h"):
        read_duration(text)


@pytest.mark.parametrize(
    "command", ["", "serve", "devices", "device", "enqueue", "cancel", "events", "profile", "profile export"]
)
def test_help_has_examples(command: str) -> None:
    """Every command's help ends in something to copy."""
    run = run_cli(*command.split(), "--help")
    assert run.exit_code == 0
    assert "\n    mdm-server" in run.output
