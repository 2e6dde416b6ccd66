"""`mdm-server profile`: configuration profiles, and enrolment profiles for tools that install one on many devices."""

from __future__ import annotations

import re
from pathlib import Path

import click

from mdm_server.cli.examples import examples
from mdm_server.cli.failure import BAD_INPUT, Failure
from mdm_server.cli.recipients import chosen, recipients, show_enqueued
from mdm_server.cli.remote import Json, Remote, remote_command
from mdm_server.cli.tables import JSON_OPTION, moment, show_facts, show_json, show_table

PROFILE = "application/x-apple-aspen-config"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@click.group(
    epilog=examples(
        "mdm-server profile add wifi.mobileconfig",
        "mdm-server profile install com.example.wifi --all",
        "mdm-server profile export --challenge-uses 500 --unsigned enrol.mobileconfig",
    )
)
def profile() -> None:
    """Keep configuration profiles, install them, and export enrolment profiles."""


@profile.command("list")
@JSON_OPTION
@remote_command
async def list_profiles(remote: Remote, as_json: bool) -> None:
    """List the stored profiles."""
    found = (await remote.get("profiles"))["profiles"]
    if as_json:
        show_json(found)
        return
    show_table(
        ("Identifier", "Name", "Payloads", "Removable", "Stored"),
        [
            (
                stored["identifier"],
                stored["display_name"],
                " ".join(stored["payload_types"]),
                not stored["removal_disallowed"],
                moment(stored["stored_at"]),
            )
            for stored in found
        ],
        nothing="No profile is stored; `mdm-server profile add FILE` stores one.",
    )


@profile.command("add")
@click.argument("file", type=click.Path(path_type=Path))
@JSON_OPTION
@remote_command
async def add_profile(remote: Remote, file: Path, as_json: bool) -> None:
    """Store a .mobileconfig FILE, replacing the one of the same identifier."""
    stored = await remote.upload("profiles", data=_read(file), content_type=PROFILE)
    _show_profile(stored, as_json)


@profile.command("show")
@click.argument("profile_id")
@JSON_OPTION
@remote_command
async def show_profile(remote: Remote, profile_id: str, as_json: bool) -> None:
    """Show one stored profile."""
    _show_profile(await remote.get("profiles", profile_id), as_json)


@profile.command("remove")
@click.argument("profile_id")
@remote_command
async def remove_profile(remote: Remote, profile_id: str) -> None:
    """Forget a stored profile; what is installed on devices stays there."""
    await remote.delete("profiles", profile_id)


@profile.command("install")
@click.argument("profile_id")
@recipients
@JSON_OPTION
@remote_command
async def install_profile(
    remote: Remote, profile_id: str, udids: tuple[str, ...], everybody: bool, as_json: bool
) -> None:
    """Install a stored profile on devices."""
    body = {"udids": await chosen(remote, udids, everybody)}
    show_enqueued((await remote.post("profiles", profile_id, "install", body=body))["results"], as_json)


@profile.command("uninstall")
@click.argument("profile_id")
@recipients
@JSON_OPTION
@remote_command
async def uninstall_profile(
    remote: Remote, profile_id: str, udids: tuple[str, ...], everybody: bool, as_json: bool
) -> None:
    """Remove a profile from devices."""
    body = {"udids": await chosen(remote, udids, everybody)}
    show_enqueued((await remote.post("profiles", profile_id, "uninstall", body=body))["results"], as_json)


@profile.command(
    "export",
    epilog=examples(
        "mdm-server profile export enrol.mobileconfig",
        "mdm-server profile export --challenge-uses 500 --unsigned > mdmb.mobileconfig",
    ),
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default="-")
@click.option(
    "--challenge-uses",
    type=click.IntRange(1, 1_000_000),
    default=1,
    show_default=True,
    help="How many devices may enrol with it.",
)
@click.option("--expires", metavar="DURATION", default="1h", show_default=True, help="For how long: 90s, 30m, 12h, 7d.")
@click.option("--unsigned", is_flag=True, help="For tools that cannot read a signed profile, such as mdmb.")
@click.option("--udid", help="The only device it is for.")
@click.option("--supervised/--unsupervised", default=None, help="Whether the device is to be supervised.")
@click.option("--removable/--non-removable", default=None, help="Whether its person may remove it.")
@click.option("--sign-message/--client-certificate", default=None, help="How devices prove who they are.")
@click.option(
    "--base-url", metavar="URL", help="How devices reach the server; needed where they use its plain listener."
)
@remote_command
async def export_profile(
    remote: Remote,
    file: Path,
    challenge_uses: int,
    expires: str,
    unsigned: bool,
    udid: str | None,
    supervised: bool | None,
    removable: bool | None,
    sign_message: bool | None,
    base_url: str | None,
) -> None:
    """Make an enrolment profile and write it to FILE (or to standard output)."""
    body = {
        "max_uses": challenge_uses,
        "expires_in": read_duration(expires),
        "signed": not unsigned,
        "udid": udid,
        "supervised": supervised,
        "removable": removable,
        "sign_message": sign_message,
        "base_url": base_url,
    }
    content = await remote.download("enrollment-profiles", body=body)
    _write(file, content)
    click.echo(
        f"{file}: enrols {challenge_uses} {'device' if challenge_uses == 1 else 'devices'}, for {expires}", err=True
    )


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Failure(BAD_INPUT, f"{file}: expected a readable .mobileconfig file, found {error.strerror}") from None


def _write(file: Path, content: bytes) -> None:
    try:
        with click.open_file(str(file), "wb") as out:
            out.write(content)
    except OSError as error:
        raise Failure(BAD_INPUT, f"{file}: expected to write the profile there, found {error.strerror}") from None


def read_duration(text: str) -> int:
    """Read 90s, 30m, 12h or 7d as seconds."""
    found = re.fullmatch(r"([0-9]{1,9})([smhd])", text)
    if found is None:
        raise Failure(BAD_INPUT, f"--expires: expected a duration such as 90s, 30m, 12h or 7d, found {text!r}")
    return int(found[1]) * _UNITS[found[2]]


def _show_profile(stored: Json, as_json: bool) -> None:
    if as_json:
        show_json(stored)
    else:
        show_facts(
            {
                name.replace("_", " "): value if not isinstance(value, list) else " ".join(value)
                for name, value in stored.items()
            }
        )
