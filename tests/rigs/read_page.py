"""A page of the documentation as its reader takes it: commands that are typed, programs that are run, tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
OWN_TERMINAL = "# in a terminal of its own\n"
"""How a block begins whose program goes on running; the next one like it, and the end, stop it."""
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_STOP = 'if [ -n "${program-}" ]; then kill "$program"; wait "$program" || true; program=; fi'
_BEGIN = f"set -euo pipefail\nfinish() {{ {_STOP}; }}\ntrap finish EXIT\n"
_START = """
finish
{command} > terminal-{number}.log 2>&1 &
program=$!
until grep -qs '^  state ' terminal-{number}.log; do kill -0 "$program"; sleep 0.1; done
"""


@dataclass(frozen=True)
class ReadPage:
    """The text of a page."""

    text: str

    @classmethod
    def of(cls, name: str) -> ReadPage:
        """Read a page of `docs`."""
        return cls((DOCS / name).read_text(encoding="utf-8"))

    def blocks(self, language: str = "sh") -> list[str]:
        """Return the fenced blocks in a language, in their order."""
        return [content for spoken, content in _BLOCK.findall(self.text) if spoken == language]

    def script(self, replacing: Mapping[str, str]) -> str:
        """Return everything that the reader types, in order, for bash; the first command that fails ends it.

        What stands on the page for things of the reader's own, such as addresses, is replaced. Each block says its
        number first, on both outputs, so that a failure can be found.
        """
        parts = [_BEGIN]
        for number, block in enumerate(self.blocks(), start=1):
            parts.append(f"printf '\\n# {number}\\n' | tee /dev/stderr\n")
            command = block.removeprefix(OWN_TERMINAL)
            parts.append(block if command == block else _START.format(command=command.rstrip("\n"), number=number))
        whole = "".join(parts)
        for written, meant in replacing.items():
            assert written in whole, f"nobody types {written} any more"
            whole = whole.replace(written, meant)
        return whole

    def said(self, output: str, command: str) -> list[str]:
        """Return the lines which the one block with this command has written, of all that the script wrote."""
        (number,) = (number for number, block in enumerate(self.blocks(), start=1) if command in block)
        pieces = re.split(r"^# (\d+)\n", output, flags=re.MULTILINE)
        by_number = dict(zip(pieces[1::2], pieces[2::2], strict=True))
        return [line for line in by_number[str(number)].splitlines() if line]

    def table(self, *heads: str) -> list[list[str]]:
        """Return the rows of the one table with these heads, cell by cell."""
        head = f"| {' | '.join(heads)} |\n"
        assert self.text.count(head) == 1, f"expected one table {head!r}, found {self.text.count(head)}"
        rows = self.text.partition(head)[2].splitlines()[1:]
        last = next(number for number, row in enumerate(rows) if not row.startswith("|"))
        return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[:last]]


def words(cell: str) -> list[str]:
    """Return what stands in a cell as code."""
    return re.findall(r"`([^`]+)`", cell)
