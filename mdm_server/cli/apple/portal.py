"""What an organization does in Apple Business Manager."""

from __future__ import annotations

import random
from pathlib import Path

import click

from mdm_server.cli.apple.failing import FAULT_COLUMNS, fault_rows
from mdm_server.cli.apple.files import read_file, write_file
from mdm_server.cli.apple.reaching import portal_command
from mdm_server.cli.examples import examples
from mdm_server.cli.failure import BAD_INPUT, Failure
from mdm_server.cli.remote import Remote
from mdm_server.cli.tables import JSON_OPTION, show_facts, show_json, show_table

ORDER = 5_000
"""So many devices go into one request: others want to be answered in between."""
SERIAL_LETTERS = "0123456789CDFGHJKLMNPQRTVWXY"


@click.command(epilog=examples("mdm-server apple status"))
@JSON_OPTION
@portal_command
async def status(apple: Remote, as_json: bool) -> None:
    """Say where Apple listens, who its customers are, and what is going to fail."""
    found = await apple.get()
    if as_json:
        show_json(found)
        return
    show_facts({"device API": found["url"], "push": found["push_url"]})
    names = {each["id"]: each["name"] for each in found["organizations"]}
    show_table(
        ("Organization", "Id", "Terms"),
        [(each["name"], each["id"], "agreed" if each["terms_agreed"] else "open") for each in found["organizations"]],
        nothing="No organization has joined yet: mdm-server apple organization NAME",
    )
    show_table(
        ("Server", "UUID", "Organization"),
        [(each["name"], each["uuid"], names.get(each["organization"])) for each in found["servers"]],
        nothing="No MDM server yet: mdm-server apple server ORGANIZATION NAME",
    )
    if found["faults"]:
        show_table(FAULT_COLUMNS, fault_rows(found["faults"]), nothing="")


@click.command(epilog=examples("mdm-server apple organization 'Example Inc.'"))
@click.argument("name")
@click.option("--type", "kind", type=click.Choice(["org", "edu", "tvprovider"]), default="org", show_default=True)
@portal_command
async def organization(apple: Remote, name: str, kind: str) -> None:
    """Let a company join the program; print its id."""
    click.echo((await apple.post("organizations", body={"name": name, "type": kind}))["id"])


@click.command(epilog=examples("mdm-server apple server ORGANIZATION 'My MDM'"))
@click.argument("organization")
@click.argument("name")
@portal_command
async def server(apple: Remote, organization: str, name: str) -> None:
    """Enter an MDM server of an organization; print its UUID."""
    click.echo((await apple.post("servers", body={"organization": organization, "name": name}))["uuid"])


@click.command(epilog=examples("mdm-server apple token SERVER mdm-public-key.pem --output server_token.p7m"))
@click.argument("server")
@click.argument("certificate", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), default=Path("server_token.p7m"), show_default=True)
@portal_command
async def token(apple: Remote, server: str, certificate: Path, output: Path) -> None:
    """Encrypt a new server token for the CERTIFICATE (PEM) of an MDM server; its old one ends."""
    content = read_file("CERTIFICATE", certificate)
    sealed = await apple.exchange("servers", server, "token", data=content, content_type="application/x-pem-file")
    write_file(output, sealed)
    click.echo(f"{output}: to be uploaded to the MDM server")


@click.command(
    epilog=examples(
        "mdm-server apple order ORGANIZATION C02XXXXXXXXX F9FXXXXXXXXX --server SERVER",
        "mdm-server apple order ORGANIZATION --count 1000 --model 'iPad (10th generation)' --family iPad --in 60",
    )
)
@click.argument("organization")
@click.argument("serials", nargs=-1)
@click.option("--count", type=click.IntRange(1, 100_000), help="So many devices with serial numbers of their own.")
@click.option("--server", help="Assign them to this MDM server at once.")
@click.option("--model", default="iPhone 16", show_default=True)
@click.option("--family", default="iPhone", show_default=True, help="iPhone, iPad, iPod, Mac, AppleTV or Vision.")
@click.option("--os", "system", default="iOS", show_default=True, help="iOS, iPadOS, OSX, tvOS or visionOS.")
@click.option("--in", "arrives_in", type=click.FloatRange(0), default=0.0, help="Seconds until they arrive.")
@portal_command
async def order(
    apple: Remote,
    organization: str,
    serials: tuple[str, ...],
    count: int | None,
    server: str | None,
    model: str,
    family: str,
    system: str,
    arrives_in: float,
) -> None:
    """Buy devices; prints the serial numbers that were made up."""
    if bool(serials) == bool(count):
        raise Failure(BAD_INPUT, "expected either serial numbers or --count, found " + ("both" if count else "neither"))
    made_up = [] if count is None else ["".join(random.choices(SERIAL_LETTERS, k=10)) for _ in range(count)]  # noqa: S311
    devices = [
        {"serial_number": serial, "model": model, "device_family": family, "os": system}
        for serial in (*serials, *made_up)
    ]
    for first in range(0, len(devices), ORDER):
        some = {"devices": devices[first : first + ORDER], "server": server, "arrives_in": arrives_in}
        await apple.post("devices", body={"organization": organization, **some})
    for serial in made_up:
        click.echo(serial)


@click.command(epilog=examples("mdm-server apple devices ORGANIZATION"))
@click.argument("organization")
@JSON_OPTION
@portal_command
async def devices(apple: Remote, organization: str, as_json: bool) -> None:
    """List the devices of an organization."""
    found = (await apple.get("devices", organization=organization))["devices"]
    if as_json:
        show_json(found)
        return
    show_table(
        ("Serial number", "Model", "Server", "Profile", "Added by"),
        [
            (each["serial_number"], each["model"], each["server"], each["profile_status"], each["added_by"])
            for each in found
        ],
        nothing="No device yet: mdm-server apple order ORGANIZATION --count 10",
    )


@click.command(epilog=examples("mdm-server apple assign C02XXXXXXXXX SERVER", "mdm-server apple assign C02XXXXXXXXX"))
@click.argument("serial")
@click.argument("server", required=False)
@portal_command
async def assign(apple: Remote, serial: str, server: str | None) -> None:
    """Assign a device to an MDM server; without SERVER take it away from the one it has."""
    await apple.put("devices", serial, body={"server": server})


@click.command(epilog=examples("mdm-server apple release C02XXXXXXXXX"))
@click.argument("serial")
@portal_command
async def release(apple: Remote, serial: str) -> None:
    """Let go of a device for good."""
    await apple.delete("devices", serial)
