"""What the README and the pages about Apple have people type is there: each command, and each of its options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from device_emulator.cli import device_emulator
from mdm_server.cli.program import program as mdm_server

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/apple-services.md", "docs/apple-push.md")
PROGRAMS = {"mdm-server": mdm_server, "device-emulator": device_emulator}
_TYPED = re.compile(rf"\b(?:{'|'.join(PROGRAMS)}) [^`\n#>)]+")
_INSIDE = re.compile(r"\$\(([^()]*)\)")
"""A command whose output is an argument of another."""
ELSEWHERE = {"…", "|", "&", "\\"}
"""Where what belongs to a program ends."""


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_a_page_names_is_there(page: str) -> None:
    """With the options that stand behind it."""
    text = (CHECKOUT / page).read_text(encoding="utf-8").replace("\\\n", "")
    lines = _TYPED.findall("\n".join([_INSIDE.sub("OUTPUT", text), *_INSIDE.findall(text)]))
    typed = [words for line in lines for words in _alternatives(line)]
    assert typed
    wrong = [" ".join(words) for words in typed if not _is_there(words)]
    assert wrong == []


@pytest.mark.parametrize(
    ("line", "there"),
    [
        ("mdm-server apple serve --depsim", True),
        ("mdm-server apple order ORGANIZATION --count 3", True),
        ("mdm-server apple serve --depsin", False),
        ("mdm-server aple serve", False),
        ("device-emulator load --aple URL", False),
    ],
)
def test_what_is_not_there_is_noticed(line: str, there: bool) -> None:
    """A command, an option."""
    (words,) = _alternatives(line)
    assert _is_there(words) is there


def _alternatives(line: str) -> Iterator[list[str]]:
    """Take `one|other` apart, which stands for two commands."""
    words = _words(line)
    several = next((index for index, word in enumerate(words) if "|" in word), None)
    if several is None:
        yield words
        return
    for word in words[several].split("|"):
        yield [*words[:several], word, *words[several + 1 :]]


def _words(line: str) -> list[str]:
    try:
        words = shlex.split(line)
    except ValueError:  # an apostrophe of the sentence that the command stands in
        words = line.split()
    end = next((index for index, word in enumerate(words) if word in ELSEWHERE), len(words))
    return words[:end]


def _is_there(words: list[str]) -> bool:
    program, *rest = words
    command: click.Command = PROGRAMS[program]
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.commands.get(rest.pop(0))
        if found is None:
            return False
        command = found
    known = {option for parameter in command.params for option in parameter.opts}
    return {word.partition("=")[0] for word in rest if word.startswith("--")} <= known
