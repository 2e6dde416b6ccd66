"""`mdm-server enqueue` and `mdm-server cancel`: commands for devices."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import click

from mdm_server.cli.examples import examples
from mdm_server.cli.failure import BAD_INPUT, Failure
from mdm_server.cli.recipients import chosen, recipients, show_enqueued
from mdm_server.cli.remote import Json, Remote, remote_command
from mdm_server.cli.tables import JSON_OPTION, show_facts, show_json, show_table

LOOK_AGAIN_SECONDS = 0.25
DONE = {"Acknowledged", "Error", "CommandFormatError", "Expired", "Cleared"}


@click.command(
    epilog=examples(
        'mdm-server enqueue DeviceLock PIN=123456 Message="Call the desk" --device UDID',
        'mdm-server enqueue DeviceInformation \'Queries:=["OSVersion","BatteryLevel"]\' --all --wait 10',
        "mdm-server enqueue InstallProfile --profile com.example.wifi --device UDID",
    )
)
@click.argument("request_type")
@click.argument("fields", nargs=-1, metavar="[KEY=TEXT | KEY:=JSON]...")
@recipients
@click.option("--profile", "profile_id", metavar="ID", help="With InstallProfile: a stored profile.")
@click.option("--force", is_flag=True, help="Queue it even if the device is known to refuse it.")
@click.option("--no-push", is_flag=True, help="Do not wake the device.")
@click.option("--wait", type=click.FloatRange(0, 3600), default=0.0, metavar="SECONDS", help="Wait for the answers.")
@JSON_OPTION
@remote_command
async def enqueue(
    remote: Remote,
    request_type: str,
    fields: tuple[str, ...],
    udids: tuple[str, ...],
    everybody: bool,
    profile_id: str | None,
    force: bool,
    no_push: bool,
    wait: float,
    as_json: bool,
) -> None:
    """Queue a command for devices."""
    body: Json = {
        "request_type": request_type,
        "fields": dict(map(read_field, fields)),
        "profile_id": profile_id,
        "force": force,
        "push": not no_push,
        "udids": await chosen(remote, udids, everybody),
    }
    results = (await remote.post("commands", body=body))["results"]
    queued = [(result["udid"], result["command_uuid"]) for result in results if result["command_uuid"]]
    if not wait or not queued:
        show_enqueued(results, as_json)
        return
    _show_answers(await _answers(remote, queued, wait), as_json)


@click.command(
    epilog=examples(
        "mdm-server cancel UDID 1B4E28BA-2FA1-11D2-883F-0016D3CCA427",
    )
)
@click.argument("udid")
@click.argument("command_uuid")
@JSON_OPTION
@remote_command
async def cancel(remote: Remote, udid: str, command_uuid: str, as_json: bool) -> None:
    """Take back a command that has no answer yet."""
    command = await remote.delete("devices", udid, "commands", command_uuid)
    if as_json:
        show_json(command)
    else:
        show_facts({name: command[name] for name in ("request_type", "udid", "state")})


def read_field(text: str) -> tuple[str, Any]:
    """Read KEY=TEXT or KEY:=JSON, the way httpie does it: only the second knows numbers, booleans and lists."""
    key, separator, value = text.partition("=")
    if not separator or not key.rstrip(":"):
        raise Failure(BAD_INPUT, f"expected KEY=TEXT or KEY:=JSON, found {text!r}")
    if not key.endswith(":"):
        return key, value
    try:
        return key[:-1], json.loads(value)
    except ValueError as error:
        raise Failure(BAD_INPUT, f"{key[:-1]}: expected JSON after :=, found {value!r} ({error})") from None


async def _answers(remote: Remote, queued: list[tuple[str, str]], wait: float) -> list[Json]:
    """Ask until every command is answered or the time is up."""
    loop = asyncio.get_running_loop()
    until = loop.time() + wait
    found: dict[str, Json] = {}
    while True:
        for udid, command_uuid in queued:
            if found.get(command_uuid, {}).get("state") not in DONE:
                found[command_uuid] = await remote.get("devices", udid, "commands", command_uuid)
        if loop.time() >= until or all(command["state"] in DONE for command in found.values()):
            return list(found.values())
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


def _show_answers(commands: list[Json], as_json: bool) -> None:
    if as_json:
        show_json(commands)
        return
    show_table(
        ("UDID", "State", "Answer"),
        [
            (
                command["udid"],
                command["state"],
                json.dumps(command["answer"] or None, ensure_ascii=False),
            )
            for command in commands
        ],
        nothing="Nothing was queued.",
    )
