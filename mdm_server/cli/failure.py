"""How a command fails: one line and an exit code."""

from __future__ import annotations

BAD_INPUT = 2
UNREACHABLE = 3
DEFECT = 4


class Failure(Exception):  # noqa: N818 - one word for what every command may end in
    """A command cannot do what it was asked; the text is one line for a person."""

    def __init__(self, exit_code: int, text: str) -> None:
        super().__init__(" ".join(text.split()))
        self.exit_code = exit_code
