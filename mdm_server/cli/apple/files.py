"""Files that go to Apple and come back."""

from __future__ import annotations

from pathlib import Path

from mdm_server.cli.failure import BAD_INPUT, Failure


def read_file(name: str, path: Path) -> bytes:
    """Read a file that an argument names."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Failure(BAD_INPUT, f"{name}: expected a file that can be read, found {error.strerror} ({path})") from None


def write_file(path: Path, content: bytes) -> None:
    """Write a file that an option names."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Failure(
            BAD_INPUT, f"--output: expected a file that can be written, found {error.strerror} ({path})"
        ) from None
