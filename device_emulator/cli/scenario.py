"""`device-emulator scenario`: plays with an expected ending, checked, listed and played."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from device_emulator.cli import options
from device_emulator.cli.failure import CommandFailed, ExitCode
from device_emulator.cli.running import run as run_to_the_end
from device_emulator.report.folder import write_summary
from device_emulator.report.junit import write_junit
from device_emulator.scenario import (
    DocumentError,
    Outcome,
    ScenarioError,
    Script,
    StageError,
    UnknownScenario,
    load,
    names,
    run,
)
from device_emulator.scenario.playing import STAGES
from device_emulator.scenario.runner import missing_needs

PIPED_WIDTH = 400
MOST_DEVICES_SHOWN = 6
"""Of larger fleets only the report says what each device is in the end."""


@click.group(short_help="Plays with an expected ending: check, list, run.")
def scenario() -> None:
    """Play scenarios: who is there, what happens, and what is to come of it, in a YAML document.

    Shipped ones have names, your own are files. docs/scenarios.md tells what there is, docs/scenario.schema.json is
    the form for your editor.

    \b
    device-emulator scenario list
    device-emulator scenario run lockout/wrong-user-on-registered-device
    device-emulator scenario run mine.yaml --clock virtual --seed 7 --report out/ --junit out/junit.xml

    \b
    Exit codes: 0 everything came as expected, 1 something did not, 2 no such scenario or something wrong with it,
    3 the server could not be reached, 4 our bug, 130 interrupted (what was asked for is still written).
    """  # noqa: D301 - \b keeps click from filling the lines


@scenario.command("check")
@click.argument("which", nargs=-1, required=True, metavar="NAME|FILE...")
def check_command(which: tuple[str, ...]) -> int:
    """Read scenarios and say everything that is wrong with them, without playing them.

    \b
    device-emulator scenario check mine.yaml lockout/wrong-user-on-registered-device
    """  # noqa: D301
    wrong = 0
    for one in which:
        try:
            script = load(one)
        except DocumentError as error:
            wrong += len(error.problems)
            click.echo(str(error), err=True)
        except UnknownScenario as error:
            raise CommandFailed(ExitCode.BAD_INPUT, str(error)) from error
        else:
            click.echo(f"{script.source}: {script.name}, {_count(len(script.steps), 'step')}: nothing wrong with it")
    if wrong:
        raise CommandFailed(ExitCode.BAD_INPUT, f"{_count(wrong, 'problem')} found")
    return ExitCode.PASS


@scenario.command("list")
@click.argument("about", required=False, metavar="[TEXT]")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with the rows that each one reaches.")
def list_command(about: str | None, as_json: bool) -> int:
    """List the shipped scenarios, all or those with TEXT in their name or description.

    \b
    device-emulator scenario list
    device-emulator scenario list lockout
    """  # noqa: D301
    scripts = [script for script in map(load, names()) if about is None or about.lower() in _said(script)]
    if as_json:
        listed = [
            {
                "scenario": script.name,
                "description": script.document.description.strip(),
                "rows": script.rows,
                "waits_for": missing_needs(script),
            }
            for script in scripts
        ]
        click.echo(msgspec.json.format(msgspec.json.encode(listed), indent=2).decode())
        return ExitCode.PASS
    console = Console(highlight=False)
    if not console.is_terminal:
        # Something may search it: no line is broken.
        console = Console(highlight=False, width=PIPED_WIDTH)
    console.print(_table(scripts) if scripts else Text(f"no scenario is about {about}"))
    return ExitCode.PASS if scripts else ExitCode.EXPECTATION_FAILED


@scenario.command("run")
@click.argument("which", nargs=-1, required=True, metavar="NAME|FILE...")
@options.setting(
    "--seed",
    type=click.IntRange(min=0),
    help="What devices, identifiers and faults are drawn from; else the document's.",
)
@options.setting(
    "--clock", type=click.Choice(tuple(STAGES)), help="Real sockets, or a virtual clock; else the document's."
)
@click.option("--keep-going", is_flag=True, help="Play on after something that was not expected.")
@click.option(
    "--report",
    type=options.FOLDER,
    help="Write story.txt, summary.json and journal.jsonl here; of several scenarios, each in a folder of its own.",
)
@click.option("--junit", type=options.NEW_FILE, help="Write a JUnit file: a test case for each expectation.")
def run_command(
    which: tuple[str, ...],
    seed: int | None,
    clock: str | None,
    keep_going: bool,
    report: Path | None,
    junit: Path | None,
) -> int:
    """Play scenarios, tell their stories, and say whether everything came as expected.

    A real clock means a server and devices on real sockets; waiting puts their clocks forward. A virtual one means all
    of it in one process, where nothing waits, and where two runs of one seed write the same journal.

    \b
    device-emulator scenario run lockout/wrong-user-on-registered-device
    device-emulator scenario run lockout/wrong-user-on-registered-device --clock virtual --seed 7 --report out/
    """  # noqa: D301
    scripts = [_load(one) for one in which]
    outcomes: list[Outcome] = []
    try:
        for script in scripts:
            outcomes.append(_play(script, seed, clock, keep_going=keep_going))
            if report is not None:
                folder = report if len(scripts) == 1 else report / script.name
                write_report(folder, outcomes[-1])
            if outcomes[-1].interrupted:
                break
    finally:
        if junit is not None:
            write_junit(junit, outcomes)
    if report is not None and len(outcomes) == 1:
        for device in outcomes[0].told_of[:1]:
            click.echo(f"Why? device-emulator explain {device} --journal {report / 'journal.jsonl'}")
    if any(outcome.interrupted for outcome in outcomes):
        return ExitCode.INTERRUPTED
    return ExitCode.PASS if all(outcome.passed for outcome in outcomes) else ExitCode.EXPECTATION_FAILED


def _load(which: str) -> Script:
    try:
        return load(which)
    except DocumentError as error:
        raise CommandFailed(ExitCode.BAD_INPUT, f"{which} is no scenario that can be played:\n{error}") from error
    except UnknownScenario as error:
        raise CommandFailed(ExitCode.BAD_INPUT, str(error)) from error


def _play(script: Script, seed: int | None, clock: str | None, *, keep_going: bool) -> Outcome:
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(f"{script.name}: {' '.join(script.document.description.split())}", style="bold"))

    def tell(sentence: str) -> None:
        console.print(
            Text(sentence, style="" if "✗" not in sentence and "expected otherwise" not in sentence else "red")
        )

    try:
        outcome = run_to_the_end(run(script, clock=clock, seed=seed, tell=tell, keep_going=keep_going))
    except StageError as error:
        raise CommandFailed(ExitCode.UNREACHABLE, str(error)) from error
    except ScenarioError as error:
        raise CommandFailed(ExitCode.BAD_INPUT, str(error)) from error
    for line in outcome.ending if len(outcome.in_the_end) <= MOST_DEVICES_SHOWN else ():
        console.print(Text(line, style="dim"))
    console.print(_verdict(outcome))
    return outcome


def _verdict(outcome: Outcome) -> Text:
    style = {"pass": "bold green", "fail": "bold red"}.get(outcome.verdict, "bold yellow")
    met = sum(1 for finding in outcome.findings if finding.passed)
    left_out = f", {_count(outcome.left_out, 'step')} not played" if outcome.left_out else ""
    return Text.assemble(
        ("verdict: ", "bold"),
        (outcome.verdict.upper(), style),
        f", {met} of {_count(len(outcome.findings), 'expectation')} met{left_out}"
        f" · seed {outcome.seed}, {outcome.clock} clock\n",
    )


def write_report(folder: Path, outcome: Outcome) -> None:
    """Write what is left of a play: the story for people, the summary for machines, the journal for `explain`."""
    folder.mkdir(parents=True, exist_ok=True)
    in_the_end = ["", "What the devices are in the end, as they see themselves:", *outcome.ending]
    story = [outcome.script.name, *outcome.story, *in_the_end, ""]
    (folder / "story.txt").write_text("\n".join(story), encoding="utf-8")
    write_summary(folder / "summary.json", outcome.summary())
    (folder / "journal.jsonl").write_text("".join(f"{line}\n" for line in outcome.journal), encoding="utf-8")


def _table(scripts: Sequence[Script]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("scenario", no_wrap=True)
    table.add_column("rows", no_wrap=True)
    table.add_column("what happens")
    for script in scripts:
        waits = missing_needs(script)
        told = Text(" ".join(script.document.description.split()))
        if waits:
            told = Text.assemble((f"waits for {', '.join(waits)}: ", "yellow"), told)
        table.add_row(Text(script.name, style="dim" if waits else ""), " ".join(script.rows), told)
    return table


def _said(script: Script) -> str:
    return f"{script.name} {script.document.description}".lower()


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
