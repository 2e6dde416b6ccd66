"""`device-emulator explain`: why a device is in its state, and what frees it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import msgspec
from rich.console import Console

from device_emulator.cli import options
from device_emulator.cli.administrator import Administrator, RequestDeclined
from device_emulator.cli.failure import CommandFailed, ExitCode
from device_emulator.cli.reaching import reach
from device_emulator.cli.running import run
from device_emulator.report.explain import explanation_lines
from mdm_server.embed.explaining import JournalError, UnknownDeviceError, explain_from_journal, read_journal


@click.command(short_help="Say why a device is in its state, and what frees it.")
@click.argument("device", metavar="DEVICE")
@click.option("--journal", type=options.FILE, help="The journal that a run left behind, instead of a server.")
@options.setting("--url", default="https://127.0.0.1:8443", show_default=True, help="The server.")
@options.setting("--admin-token", help="The administrator's token that `mdm-server serve` printed first.")
@options.ca
@options.as_json
def explain(
    device: str, journal: Path | None, url: str, admin_token: str | None, ca: Path | None, json_file: Path | None
) -> int:
    """Say in sentences why DEVICE is as it is, who did what and when, and what frees it.

    DEVICE is a UDID, a serial number, an IMEI, or a name: the one it has on the server, or had in the run.

    \b
    device-emulator explain F17XQ2ABCD --url https://localhost:8443 --ca state/ca.pem --admin-token TOKEN
    device-emulator explain phone --journal out/journal.jsonl
    """  # noqa: D301
    document = _from_journal(journal, device) if journal is not None else run(_ask(url, admin_token, ca, device))
    if json_file is not None:
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    console = Console(highlight=False, soft_wrap=True)
    for line in explanation_lines(document):
        console.print(line)
    return ExitCode.PASS


def _from_journal(path: Path, device: str) -> Mapping[str, Any]:
    try:
        with path.open("rb") as file:
            entries = read_journal(file)
        explanation = explain_from_journal(entries, device, _names_beside(path))
    except (JournalError, UnknownDeviceError) as error:
        raise CommandFailed(ExitCode.BAD_INPUT, f"{path}: {error}") from error
    document: dict[str, Any] = msgspec.to_builtins(explanation, str_keys=True)
    return document


def _names_beside(journal: Path) -> Mapping[str, str]:
    """Return what a run called its devices: its summary lies beside its journal, and says so."""
    try:
        devices = json.loads((journal.parent / "summary.json").read_bytes())["devices"]
        return {str(name): str(udid) for name, udid in devices.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


async def _ask(url: str, token: str | None, ca: Path | None, device: str) -> Mapping[str, Any]:
    if not token:
        raise CommandFailed(
            ExitCode.BAD_INPUT, "--admin-token: expected the administrator's token, found none; or read a --journal"
        )
    await reach(url, ca)
    async with Administrator(url.rstrip("/"), token, ca) as administrator:
        try:
            document: dict[str, Any] = await administrator.ask("GET", f"/devices/{quote(device, safe='')}/explanation")
        except RequestDeclined as declined:
            raise CommandFailed(ExitCode.BAD_INPUT, _said(declined)) from declined
    return document


def _said(declined: RequestDeclined) -> str:
    """Return the server's own words for why there is no explanation."""
    try:
        problem = json.loads(declined.answer)
        words = [str(problem[name]).rstrip(".") for name in ("title", "found", "remedy") if problem.get(name)]
        return f"{problem['code']}: {'; '.join(words)}"
    except (ValueError, KeyError, TypeError):
        return f"expected an mdmsim server there, found an answer {declined.status} that is not one of its own"
