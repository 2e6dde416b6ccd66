"""`mdm-server` run inside the test's process, and what it left behind."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from mdm_server.cli import main


@dataclass(frozen=True)
class Run:
    """What a run of the command line left behind."""

    exit_code: int
    output: str
    errors: str

    @property
    def is_one_line(self) -> bool:
        """Whether it failed as a command should: nothing on standard output, one line on standard error."""
        return not self.output and self.errors.startswith("mdm-server: ") and self.errors.count("\n") == 1


Cli = Callable[..., Awaitable[Run]]


def run_cli(*arguments: str) -> Run:
    """Run the command line, and catch what it writes."""
    written = io.BytesIO()
    output, errors = io.TextIOWrapper(written, "utf-8", write_through=True), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            main(arguments)
            exit_code = 0
        except SystemExit as done:
            exit_code = int(done.code or 0)
    return Run(exit_code, written.getvalue().decode(), errors.getvalue())
