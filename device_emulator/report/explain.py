"""An explanation for a person to read: why, how it came about, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from rich.text import Text

REMEDY = "What to do: "


def explanation_lines(document: Mapping[str, Any]) -> Iterator[Text]:
    """Yield the lines of an explanation, as the server's REST API gives it."""
    for number, said in enumerate(document["state"]):
        yield Text(_printable(said), style="bold" if number == 0 else "")
    story = document["story"]
    if story:
        yield Text()
    told_first = len(story) - len(story) // 2 if document["left_out"] else len(story)
    for number, happening in enumerate(story):
        if number == told_first:
            yield Text(f"… {document['left_out']} more happenings …", style="dim")
        yield _told(happening)
    yield Text()
    for said in document["remedy"]:
        yield Text(_printable(said), style="yellow" if said.startswith(REMEDY) else "green")


def _told(happening: Mapping[str, Any]) -> Text:
    began = _moment(happening["at"])
    line = Text.assemble((began, "dim"), "  ", _printable(happening["sentence"]))
    if happening["times"] > 1:
        ended = _moment(happening["until"])
        until = "" if ended == began else f", until {ended}"
        line.append(f" ({happening['times']} times{until})", style="dim")
    return line


def _printable(said: str) -> str:
    """Return a sentence that does nothing to a terminal: devices and people are called what they like."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in said)


def _moment(at: str) -> str:
    return f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M:%S} UTC"
