"""`device-emulator explain`, of a journal that a run left behind and of a server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from rigs.journal_entries import wrong_user
from rigs.processes import Ended
from rigs.server_thread import ServerThread

EmulateHere = Callable[..., Ended]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Return the journal of a device that the wrong user tried to have, and a summary that calls it a phone."""
    file = tmp_path / "journal.jsonl"
    file.write_bytes(b"".join(msgspec.json.encode(entry) + b"\n" for entry in wrong_user()))
    (tmp_path / "summary.json").write_text(json.dumps({"devices": {"phone": "F17XQ2"}}))
    return file


@pytest.mark.parametrize("device", ["F17XQ2", "phone", "device:5"])
def test_a_journal_explains_a_device_by_any_of_its_names(emulate_here: EmulateHere, journal: Path, device: str) -> None:
    """Why it is locked, who did it, and what frees it: first the state, then the story, then the way out."""
    ended = emulate_here("explain", device, "--journal", journal)
    assert (ended.exit_code, ended.errors) == (0, "")
    lines = ended.output.splitlines()
    assert lines[0].endswith("is expected, and has not enrolled.")
    assert lines[1].startswith("It is locked since 2026-01-05 08:02:00 UTC (REG_USER_MISMATCH)")
    assert "2026-01-05 08:00:00 UTC  It was registered to anna." in lines
    assert lines[-1].startswith("What to do: Unlock the device")


def test_the_explanation_can_be_had_as_json(emulate_here: EmulateHere, journal: Path) -> None:
    """In the form in which the server's REST API gives it."""
    assert emulate_here("explain", "phone", "--journal", journal, "--json", "why.json").exit_code == 0
    document = json.loads(journal.with_name("why.json").read_text())
    assert document.keys() == {"device", "state", "story", "remedy", "left_out"}
    assert [happening["code"] for happening in document["story"]][-1] == "hub.refused"


@pytest.mark.parametrize(
    ("device", "words"),
    [("F17XQ3", "did you mean 'F17XQ2'?"), ("phones", "did you mean 'phone'?"), ("~~~", "there is nothing like it")],
)
def test_an_unknown_device_is_bad_input_with_the_nearest_name(
    emulate_here: EmulateHere, journal: Path, device: str, words: str
) -> None:
    """One line, exit code 2, and what was probably meant."""
    ended = emulate_here("explain", device, "--journal", journal)
    assert (ended.exit_code, ended.output, ended.errors.count("\n")) == (2, "", 1)
    assert words in ended.errors


@pytest.mark.parametrize("summary", [None, "junk", "[]", '{"devices": 5}'])
def test_a_journal_needs_no_summary_beside_it(emulate_here: EmulateHere, journal: Path, summary: str | None) -> None:
    """A summary that is missing or none gives no names, and that is all."""
    beside = journal.with_name("summary.json")
    beside.unlink()
    if summary is not None:
        beside.write_text(summary)
    assert emulate_here("explain", "F17XQ2", "--journal", journal).exit_code == 0
    assert emulate_here("explain", "phone", "--journal", journal).exit_code == 2


def test_what_is_no_journal_is_bad_input(emulate_here: EmulateHere, tmp_path: Path) -> None:
    """The file, the line, what was expected and what was found."""
    (tmp_path / "junk").write_text("junk\n")
    ended = emulate_here("explain", "F17XQ2", "--journal", "junk")
    assert (ended.exit_code, ended.output) == (2, "")
    assert "junk: line 1: expected an entry of a journal" in ended.errors
    assert "does not exist" in emulate_here("explain", "F17XQ2", "--journal", "missing").errors


def test_a_server_explains_its_devices(emulate_here: EmulateHere, server: ServerThread, tmp_path: Path) -> None:
    """A device that enrolled is found by its UDID; an unknown one is bad input, with the server's own words."""
    here = ("--url", server.url, "--ca", server.server.ca_file, "--admin-token", server.server.admin_token)
    loaded = emulate_here(
        "load", "--url", f"{server.url}/enroll", "--ca", server.server.ca_file, "--devices", 1, "--seed", 4711,
        "--keys", "fresh", "--fleet", "fleet.jsonl", "--timeout", 20,
    )  # fmt: skip
    assert loaded.exit_code == 0, loaded
    device = json.loads((tmp_path / "fleet.jsonl").read_text().splitlines()[1])["device"]["hardware"]
    ended = emulate_here("explain", device["udid"], *here)
    assert ended.exit_code == 0, ended
    assert "is enrolled" in ended.output.splitlines()[0]
    assert "It is managed from now on." in ended.output
    unknown = emulate_here("explain", device["udid"][:-1] + "x", *here)
    assert (unknown.exit_code, unknown.output) == (2, "")
    assert f"device.unknown: There is no such device; {device['udid'][:-1] + 'x'!r}; did you mean" in unknown.errors


def test_a_server_needs_a_token_and_a_server(emulate_here: EmulateHere, server: ServerThread) -> None:
    """Without a token, with a wrong one, and where nobody answers."""
    assert "--admin-token: expected" in emulate_here("explain", "x", "--url", server.url).errors
    refused = emulate_here("explain", "x", "--url", server.url, "--ca", server.server.ca_file, "--admin-token", "wrong")
    assert (refused.exit_code, "api.unauthorized" in refused.errors) == (2, True)
    nobody = emulate_here("explain", "x", "--url", "http://127.0.0.1:1", "--admin-token", "any")
    assert (nobody.exit_code, "is the server running?" in nobody.errors) == (3, True)
