"""`device-emulator`: the command line, and how it ends."""

from __future__ import annotations

import asyncio
import os
import sys
import traceback

import click

from certs.errors import CertsError
from device_emulator.cli.demo import demo
from device_emulator.cli.explain import explain
from device_emulator.cli.failure import CommandFailed, ExitCode
from device_emulator.cli.fleet_verbs import checkout, connect, devices, tokenupdate
from device_emulator.cli.keys import keys
from device_emulator.cli.load import load
from device_emulator.cli.scenario import scenario
from device_emulator.cli.serials import serials
from device_emulator.core.errors import SnapshotError
from device_emulator.fleet.fleet_file import FleetFileError


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "MDMSIM", "max_content_width": 110}
)
@click.version_option(package_name="mdmsim", prog_name="device-emulator")
def device_emulator() -> None:
    """Virtual iPhones and iPads, and the people holding them.

    \b
    device-emulator demo
    device-emulator scenario run lockout/wrong-user-on-registered-device
    device-emulator explain annas-phone --journal out/journal.jsonl
    device-emulator load --url https://localhost:8443/enroll --ca state/ca.pem --devices 100 --fleet fleet.jsonl
    device-emulator connect --fleet fleet.jsonl --ca state/ca.pem

    \b
    Exit codes: 0 pass, 1 an expectation failed, 2 bad input, 3 target unreachable, 4 our bug,
    130 interrupted (the report is still written).
    """  # noqa: D301 - \b keeps click from filling the lines


for command in (demo, load, scenario, explain, connect, devices, tokenupdate, checkout, keys, serials):
    device_emulator.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with the code that says how it went."""
    try:
        code = device_emulator.main(args=arguments, prog_name="device-emulator", standalone_mode=False)
    except click.ClickException as error:
        _end(ExitCode.BAD_INPUT, error.format_message())
    except CommandFailed as failure:
        _end(failure.code, str(failure))
    except (FleetFileError, CertsError, SnapshotError) as error:
        _end(ExitCode.BAD_INPUT, str(error))
    except (KeyboardInterrupt, asyncio.CancelledError, click.Abort):
        _end(ExitCode.INTERRUPTED, "interrupted")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitCode.PASS)
    except Exception as error:
        if os.environ.get("MDMSIM_TRACEBACK"):
            traceback.print_exc()
        _end(ExitCode.OUR_BUG, f"this is a bug in mdmsim: {error!r}; MDMSIM_TRACEBACK=1 shows where")
    sys.exit(code if isinstance(code, int) else ExitCode.PASS)


def _end(code: ExitCode, line: str) -> None:
    click.echo(f"device-emulator: {line}", err=True)
    sys.exit(code)
