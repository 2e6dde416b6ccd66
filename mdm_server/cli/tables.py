"""How results are shown: a table for a person, JSON for a program; colour only on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Write JSON instead of a table.")

STYLES = {
    "Enrolled": "green",
    "Acknowledged": "green",
    "Error": "red",
    "CommandFormatError": "red",
    "NotNow": "yellow",
    "Queued": "yellow",
    "Sent": "cyan",
    "Unenrolled": "dim",
    "Cleared": "dim",
}
# Where nobody looks at a window, a row is a line, however long.
PIPE_WIDTH = 10_000


def show_json(value: Any) -> None:
    """Write JSON for a program."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def show_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, nothing: str) -> None:
    """Write a table, or a sentence where there is nothing to show."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console = _console()
    if not table.row_count:
        console.print(Text(nothing, style="dim"))
        return
    with console.capture() as written:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in written.get().splitlines()), color=console.is_terminal)


def show_facts(facts: Mapping[str, Any]) -> None:
    """Write the facts about one thing, one a line."""
    width = max(map(len, facts))
    console = _console()
    for name, value in facts.items():
        console.print(Text.assemble((f"{name:<{width}}  ", "dim"), _cell(value)))


def moment(text: str | None) -> str:
    """Show a time in UTC, to the second."""
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M:%S") if text else ""


def particulars(values: Mapping[str, Any]) -> str:
    """Show names and values in a row, without those that say nothing."""
    return " ".join(f"{name}={value}" for name, value in values.items() if value not in {None, ""})


def _cell(value: Any) -> Text:
    if value is None:
        return Text("—", style="dim")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    text = "".join(character if character.isprintable() else "�" for character in str(value))
    return Text(text, style=STYLES.get(text, ""))


def _console() -> Console:
    """Make a console that colours and wraps for a terminal only; what devices say is never taken for markup."""
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    return Console(highlight=False, markup=False, emoji=False, width=width)
