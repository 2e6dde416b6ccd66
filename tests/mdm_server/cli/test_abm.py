"""`mdm-server abm`: from a new server in Apple Business Manager to devices that get their profile."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rigs.abm_portal import Portal
from rigs.command_line import Cli
from rigs.sockets import SocketRig, socket_rig

SERIAL = "C39ABM000001"


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[SocketRig]:
    """Run the server, and Apple beside it."""
    async with socket_rig(tmp_path, apple="127.0.0.1:0") as opened:
        yield opened


async def test_a_token_is_made_uploaded_shown_and_removed(rig: SocketRig, cli: Cli, tmp_path: Path) -> None:
    """The certificate goes to standard output, what to do with it to standard error."""
    assert "There is no token" in (await cli("abm", "token", "list")).output
    portal, file = Portal.of(rig.server), tmp_path / "token.p7m"
    made = await cli("abm", "token", "new", "stores")
    assert made.output.startswith("-----BEGIN CERTIFICATE-----")
    assert "mdm-server abm token upload 1 FILE" in made.errors
    assert (await cli("abm", "token", "certificate", "1")).output == made.output
    file.write_bytes(portal.p7m(made.output))
    uploaded = await cli("abm", "token", "upload", "1", str(file))
    assert "active" in uploaded.output
    listed = await cli("abm", "token", "list")
    assert "Stores" in listed.output
    assert json.loads((await cli("abm", "token", "list", "--json")).output)[0]["organization_name"] == "Example"
    assert (await cli("abm", "token", "remove", "1")).exit_code == 0
    assert "There is no token" in (await cli("abm", "token", "list")).output


async def test_a_file_that_is_no_token_is_one_clear_line(rig: SocketRig, cli: Cli, tmp_path: Path) -> None:
    """Not a .p7m, one for another key, and none at all."""
    portal, file = Portal.of(rig.server), tmp_path / "token.p7m"
    first = await cli("abm", "token", "new", "one")
    await cli("abm", "token", "new", "two")
    for content, word in ((b"hello", "MIME"), (portal.p7m(first.output), "for another")):
        file.write_bytes(content)
        refused = await cli("abm", "token", "upload", "2", str(file))
        assert (refused.exit_code, refused.is_one_line, "abm.token" in refused.errors) == (2, True, True)
        assert word in refused.errors
    missing = await cli("abm", "token", "upload", "2", str(tmp_path / "none.p7m"))
    assert (missing.exit_code, missing.is_one_line) == (2, True)
    assert "No such file" in missing.errors


async def test_devices_get_their_profile_by_rule_and_by_hand(rig: SocketRig, cli: Cli, tmp_path: Path) -> None:
    """Profiles are saved with the fields of the API; a sync tells what it did."""
    portal, file = Portal.of(rig.server), tmp_path / "token.p7m"
    file.write_bytes(portal.p7m((await cli("abm", "token", "new", "stores")).output))
    await cli("abm", "token", "upload", "1", str(file))
    assert "There is no DEP profile" in (await cli("abm", "profile", "list")).output
    saved = await cli("abm", "profile", "save", "corporate", "department=IT", 'skip_setup_items:=["AppleID","Siri"]')
    assert "AppleID, Siri" in saved.output
    await cli("abm", "profile", "save", "kiosk", "--json")
    changed = await cli("abm", "profile", "save", "kiosks", "await_configuration:=true", "--change", "2", "--json")
    assert json.loads(changed.output)["await_configuration"] is True
    assert (await cli("abm", "token", "default", "1", "1")).exit_code == 0
    assert (await cli("abm", "rule", "add", "--token", "1", "--profile", "2", "--serial", "C39KIO")).exit_code == 0
    assert "C39KIO" in (await cli("abm", "rule", "list")).output
    portal.order(SERIAL, "C39KIO000001")
    reports = json.loads((await cli("abm", "sync", "--json")).output)
    assert [(report["added"], report["assigned"]) for report in reports] == [(2, 2)]
    assert [portal.profile_of(each) for each in (SERIAL, "C39KIO000001")] == ["corporate", "kiosks"]
    assert "kiosks" in (await cli("abm", "devices", "--text", "KIO")).output
    assert (await cli("abm", "assign", "2", SERIAL)).exit_code == 0
    assert portal.profile_of(SERIAL) == "kiosks"
    assert (await cli("abm", "unassign", SERIAL)).exit_code == 0
    assert portal.profile_of(SERIAL) is None
    table = await cli("abm", "sync", "--token", "1", "--anew")
    assert "Throttled" in table.output
    assert (await cli("abm", "rule", "remove", "1")).exit_code == 0
    kept = await cli("abm", "profile", "remove", "2")
    assert (kept.exit_code, "api.conflict" in kept.errors) == (2, True)
    assert len(json.loads((await cli("abm", "devices", "--json")).output)) == 2


async def test_what_apple_says_no_with_is_one_line(rig: SocketRig, cli: Cli, tmp_path: Path) -> None:
    """With Apple's own word, and exit code 2."""
    portal, file = Portal.of(rig.server), tmp_path / "token.p7m"
    file.write_bytes(portal.p7m((await cli("abm", "token", "new", "stores")).output))
    await cli("abm", "token", "upload", "1", str(file))
    portal.manager.withdraw_terms(portal.organization)
    refused = await cli("abm", "sync", "--token", "1")
    assert (refused.exit_code, refused.is_one_line, "abm.refused" in refused.errors) == (2, True, True)
    assert "found T_C_NOT_SIGNED" in refused.errors
    assert "t_c_not_signed" in (await cli("abm", "token", "list")).output
    assert "No token is good for it" in (await cli("abm", "sync")).output


async def test_every_command_explains_itself(cli: Cli) -> None:
    """And the group shows the whole way from a token to devices."""
    shown = (await cli("abm", "--help")).output
    for line in ("abm token new", "abm token upload", "abm profile save", "abm rule add", "abm sync", "abm devices"):
        assert line in shown


async def test_a_device_is_locked_and_given_up(rig: SocketRig, cli: Cli, tmp_path: Path) -> None:
    """The code is written once; giving up is asked about first."""
    portal, file = Portal.of(rig.server), tmp_path / "token.p7m"
    file.write_bytes(portal.p7m((await cli("abm", "token", "new", "stores")).output))
    await cli("abm", "token", "upload", "1", str(file))
    portal.order(SERIAL)
    await cli("abm", "sync")
    code = (await cli("abm", "lock", SERIAL, "--message", "Bring me back")).output.strip()
    assert [len(part) for part in code.split("-")] == [5, 5, 4, 4, 4, 4]
    assert (await cli("abm", "disown", SERIAL, "--yes")).exit_code == 0
    gone = await cli("abm", "lock", SERIAL)
    assert (gone.exit_code, "api.not_found" in gone.errors) == (2, True)
