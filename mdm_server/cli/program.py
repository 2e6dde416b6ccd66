"""The program: its commands, and the exit codes that scripts rely on."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

import click

from mdm_server.cli.abm import abm
from mdm_server.cli.apple import apple
from mdm_server.cli.commands import cancel, enqueue
from mdm_server.cli.devices import device, devices
from mdm_server.cli.events import events
from mdm_server.cli.examples import examples
from mdm_server.cli.failure import BAD_INPUT, DEFECT, Failure
from mdm_server.cli.profiles import profile
from mdm_server.cli.serve import serve

START = examples(
    "mdm-server serve --state-dir state",
    "",
    "export MDMSIM_URL=https://127.0.0.1:8443 MDMSIM_CA=state/ca.pem MDMSIM_ADMIN_TOKEN=…",
    "mdm-server devices",
    "mdm-server enqueue DeviceLock PIN=123456 --device UDID --wait 10",
    "mdm-server events --follow",
    heading="Start a server, keep what it prints, and administer it from another terminal:",
)
EXITS = examples(
    "0 done · 2 bad input, or refused by the server · 3 server unreachable · 4 a defect of ours",
    "serve: 65 damaged state · 69 address taken · 73 not writable · 75 state in use · 78 unsafe modes",
    heading="Exit codes:",
)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, epilog=f"{START}\n\n{EXITS}"
)
@click.version_option(version("mdmsim"), prog_name="mdm-server")
def program() -> None:
    """Run a simulated MDM server, or administer one that runs."""


for command in (serve, devices, device, enqueue, cancel, events, profile, abm, apple):
    program.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line (the console script's entry point); leaves by SystemExit when something is wrong."""
    try:
        program(arguments, prog_name="mdm-server", standalone_mode=False)
    except Failure as failure:
        click.echo(f"mdm-server: {failure}", err=True)
        sys.exit(failure.exit_code)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        where = f" (see `{error.ctx.command_path} --help`)" if isinstance(error, click.UsageError) and error.ctx else ""
        click.echo(f"mdm-server: {error.format_message()}{where}", err=True)
        sys.exit(BAD_INPUT)
    except Exception as error:  # the edge: a defect is one line too, and says how to see more
        if os.environ.get("MDMSIM_TRACEBACK"):
            raise
        click.echo(f"mdm-server: this is a bug in mdmsim: {error!r}; MDMSIM_TRACEBACK=1 shows where", err=True)
        sys.exit(DEFECT)
