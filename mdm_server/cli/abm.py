"""`mdm-server abm`: our side of Apple Business Manager: tokens, devices, DEP profiles, and who gets which."""

from __future__ import annotations

from pathlib import Path

import click

from mdm_server.cli.commands import read_field
from mdm_server.cli.examples import examples
from mdm_server.cli.failure import BAD_INPUT, Failure
from mdm_server.cli.remote import Json, Remote, remote_command
from mdm_server.cli.tables import JSON_OPTION, moment, show_facts, show_json, show_table
from mdm_server.cli.waiting import telling

P7M = "application/pkcs7-mime"
TOKEN_OPTION = click.option("--token", type=click.IntRange(1), help="The number of the token; without it, all.")
PROFILE = click.argument("profile", type=click.IntRange(1))
_PAGE = 500


@click.group(
    epilog=examples(
        "mdm-server abm token new stores > stores.pem",
        "mdm-server abm token upload 1 server_token.p7m",
        'mdm-server abm profile save corporate department=IT skip_setup_items:=\'["AppleID","Siri"]\'',
        "mdm-server abm rule add --token 1 --profile 1 --family iPad",
        "mdm-server abm sync",
        "mdm-server abm devices",
        heading="From a new server in Apple Business Manager to devices that get their profile:",
    )
)
def abm() -> None:
    """Read Apple Business Manager, and say which device gets which DEP profile."""


@abm.group()
def token() -> None:
    """Keep the server tokens of Apple Business Manager."""


@token.command("new")
@click.argument("name")
@remote_command
async def new_token(remote: Remote, name: str) -> None:
    """Make a key pair for a token called NAME, and write the certificate to upload there to standard output."""
    made = await remote.post("abm-tokens", body={"name": name})
    click.echo(made["certificate"], nl=False)
    number = made["token"]["id"]
    click.echo(
        f"upload this in Apple Business Manager, download the token, then: mdm-server abm token upload {number} FILE",
        err=True,
    )


@token.command("certificate")
@click.argument("number", type=click.IntRange(1))
@remote_command
async def show_certificate(remote: Remote, number: int) -> None:
    """Write the certificate of token NUMBER to standard output once more."""
    click.echo(await remote.download("abm-tokens", str(number), "certificate"), nl=False)


@token.command("upload")
@click.argument("number", type=click.IntRange(1))
@click.argument("file", type=click.Path(path_type=Path))
@JSON_OPTION
@remote_command
async def upload_token(remote: Remote, number: int, file: Path, as_json: bool) -> None:
    """Take the .p7m FILE that Apple gave for the certificate of token NUMBER; next year's is taken the same way."""
    uploaded = await remote.replace("abm-tokens", str(number), data=_read(file), content_type=P7M)
    _show(uploaded, as_json)


@token.command("list")
@JSON_OPTION
@remote_command
async def list_tokens(remote: Remote, as_json: bool) -> None:
    """List the tokens."""
    found = (await remote.get("abm-tokens"))["tokens"]
    if as_json:
        show_json(found)
        return
    show_table(
        ("Token", "Name", "State", "Server", "Organization", "Until", "Last read", "Trouble"),
        [
            (
                each["id"],
                each["name"],
                each["state"],
                each["server_name"],
                each["organization_name"],
                moment(each["expires_at"]),
                moment(each["synced_at"]),
                each["trouble"],
            )
            for each in found
        ],
        nothing="There is no token; `mdm-server abm token new NAME` makes one.",
    )


@token.command("default")
@click.argument("number", type=click.IntRange(1))
@click.argument("profile", type=click.IntRange(1), required=False)
@JSON_OPTION
@remote_command
async def choose_default(remote: Remote, number: int, profile: int | None, as_json: bool) -> None:
    """Give devices of token NUMBER that no rule is about this PROFILE, or none."""
    _show(await remote.put("abm-tokens", str(number), "default-profile", body={"profile": profile}), as_json)


@token.command("remove")
@click.argument("number", type=click.IntRange(1))
@remote_command
async def remove_token(remote: Remote, number: int) -> None:
    """Forget token NUMBER with its devices and rules; in Apple Business Manager nothing changes."""
    await remote.delete("abm-tokens", str(number))


@abm.command()
@TOKEN_OPTION
@click.option("--anew", is_flag=True, help="Fetch all devices again, instead of what has changed.")
@JSON_OPTION
@remote_command
async def sync(remote: Remote, token: int | None, anew: bool, as_json: bool) -> None:
    """Read what has changed in Apple Business Manager, and tell it what was decided here."""

    async def how_far() -> str:
        known = (await remote.get("abm-devices", token=token, limit=1))["total"]
        return f"Reading Apple Business Manager: {known:,} devices are known here"

    reports = (await telling(remote.order("abm-sync", token=token, anew=anew), how_far))["reports"]
    if as_json:
        show_json(reports)
        return
    words = ("token", "added", "changed", "removed", "assigned", "unassigned", "refused", "throttled")
    show_table(
        [word.capitalize() for word in words],
        [[report[word] for word in words] for report in reports],
        nothing="No token is good for it; `mdm-server abm token list` shows why.",
    )


@abm.command()
@TOKEN_OPTION
@click.option("--text", default="", help="A part of the serial number, or of the model.")
@JSON_OPTION
@remote_command
async def devices(remote: Remote, token: int | None, text: str, as_json: bool) -> None:
    """List the devices that Apple Business Manager has for us."""
    found: list[Json] = []
    while True:
        page = await remote.get("abm-devices", token=token, text=text, offset=len(found), limit=_PAGE)
        found += page["devices"]
        if not page["devices"] or len(found) >= page["total"]:
            break
    if as_json:
        show_json(found)
        return
    show_table(
        ("Serial number", "Model", "Family", "Token", "Profile here", "At Apple"),
        [
            (
                each["serial_number"],
                each["model"],
                each["device_family"],
                each["token"],
                each["profile"],
                each["profile_status"],
            )
            for each in found
        ],
        nothing="Apple Business Manager has no device for us, or nobody asked it yet: `mdm-server abm sync`.",
    )


@abm.command(epilog=examples("mdm-server abm assign 1 C39XK0ABCDEF C39XK0ABCDEG"))
@PROFILE
@click.argument("serial_numbers", nargs=-1, required=True)
@remote_command
async def assign(remote: Remote, profile: int, serial_numbers: tuple[str, ...]) -> None:
    """Give the devices with these SERIAL_NUMBERS the DEP profile number PROFILE."""
    for serial_number in serial_numbers:
        await remote.post("dep-devices", serial_number, body={"profile": profile})


@abm.command()
@click.argument("serial_numbers", nargs=-1, required=True)
@remote_command
async def unassign(remote: Remote, serial_numbers: tuple[str, ...]) -> None:
    """Take the DEP profile of devices away."""
    for serial_number in serial_numbers:
        await remote.delete("dep-devices", serial_number)


@abm.command()
@click.argument("serial_number")
@click.option("--message", help="What the locked device shows.")
@remote_command
async def lock(remote: Remote, serial_number: str, message: str | None) -> None:
    """Lock a device to the organization, and write the code that opens it: it is told this once."""
    locked = await remote.post("abm-devices", serial_number, "activation-lock", body={"message": message})
    click.echo(locked["bypass_code"])


@abm.command()
@click.argument("serial_number")
@click.confirmation_option(prompt="The organization will never have this device again. Go on?")
@remote_command
async def disown(remote: Remote, serial_number: str) -> None:
    """Give a device up for ever."""
    await remote.post("abm-devices", serial_number, "disown")


@abm.group()
def profile() -> None:
    """Keep DEP profiles."""


@profile.command("list")
@JSON_OPTION
@remote_command
async def list_profiles(remote: Remote, as_json: bool) -> None:
    """List the DEP profiles."""
    found = (await remote.get("dep-profiles"))["profiles"]
    if as_json:
        show_json(found)
        return
    show_table(
        ("Profile", "Name", "Mandatory", "Supervised", "Removable", "Asks who it is", "At Apple"),
        [
            (
                each["id"],
                each["name"],
                each["mandatory"],
                each["supervised"],
                each["removable"],
                each["authentication_required"],
                each["abm_uuid"],
            )
            for each in found
        ],
        nothing="There is no DEP profile; `mdm-server abm profile save NAME` saves one.",
    )


@profile.command(
    "save",
    epilog=examples(
        "mdm-server abm profile save corporate department=IT support_phone_number='+1 555 0100'",
        "mdm-server abm profile save kiosks authentication_required:=false default_user=7 --change 2",
    ),
)
@click.argument("name")
@click.argument("fields", nargs=-1, metavar="[FIELD=TEXT | FIELD:=JSON]...")
@click.option("--change", "number", type=click.IntRange(1), help="The number of a profile to save anew.")
@JSON_OPTION
@remote_command
async def save_profile(remote: Remote, name: str, fields: tuple[str, ...], number: int | None, as_json: bool) -> None:
    """Save a DEP profile called NAME; its fields are those of `/api/v1/dep-profiles`."""
    body = dict(map(read_field, fields)) | {"name": name}
    if number is None:
        _show(await remote.post("dep-profiles", body=body), as_json)
    else:
        _show(await remote.put("dep-profiles", str(number), body=body), as_json)


@profile.command("remove")
@PROFILE
@remote_command
async def remove_profile(remote: Remote, profile: int) -> None:
    """Remove DEP profile number PROFILE, which no device, rule or token may have."""
    await remote.delete("dep-profiles", str(profile))


@abm.group()
def rule() -> None:
    """Keep the rules by which devices get their DEP profile."""


@rule.command("list")
@TOKEN_OPTION
@JSON_OPTION
@remote_command
async def list_rules(remote: Remote, token: int | None, as_json: bool) -> None:
    """List the rules in the order in which they are asked."""
    found = (await remote.get("abm-rules", token=token))["rules"]
    if as_json:
        show_json(found)
        return
    words = ("id", "token", "device_family", "serial_prefix", "model", "profile")
    show_table(
        ("Rule", "Token", "Family", "Serial number", "Model", "Profile"),
        [[each[word] for word in words] for each in found],
        nothing="There is no rule; `mdm-server abm rule add` adds one.",
    )


@rule.command("add")
@click.option("--token", type=click.IntRange(1), required=True, help="The number of the token.")
@click.option("--profile", type=click.IntRange(1), required=True, help="The number of the DEP profile.")
@click.option("--family", help="iPhone, iPad, iPod, Mac, AppleTV or Vision.")
@click.option("--serial", help="How serial numbers begin.")
@click.option("--model", help="A part of the model's name.")
@JSON_OPTION
@remote_command
async def add_rule(
    remote: Remote,
    token: int,
    profile: int,
    family: str | None,
    serial: str | None,
    model: str | None,
    as_json: bool,
) -> None:
    """Add a rule behind the others: devices like this get that profile."""
    body = {"token": token, "profile": profile, "device_family": family, "serial_prefix": serial, "model": model}
    _show(await remote.post("abm-rules", body=body), as_json)


@rule.command("remove")
@click.argument("number", type=click.IntRange(1))
@remote_command
async def remove_rule(remote: Remote, number: int) -> None:
    """Remove rule NUMBER; what was assigned by it stays so."""
    await remote.delete("abm-rules", str(number))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Failure(BAD_INPUT, f"{file}: expected a readable .p7m file, found {error.strerror}") from None


def _show(found: Json, as_json: bool) -> None:
    """Show one thing, without what it does not have."""
    if as_json:
        show_json(found)
        return
    show_facts(
        {
            name.replace("_", " "): ", ".join(map(str, value)) if isinstance(value, list) else value
            for name, value in found.items()
            if value not in ([], "")
        }
    )
