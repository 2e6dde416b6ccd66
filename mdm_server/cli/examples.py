"""Examples at the end of a command's help: what a person copies first."""

from __future__ import annotations

# Click wraps paragraphs; one that begins with this character stays as it was written.
_AS_WRITTEN = "\b\n"


def examples(*lines: str, heading: str = "Examples:") -> str:
    """Return an epilog with one example a line."""
    return _AS_WRITTEN + heading + "\n" + "\n".join(f"  {line}" for line in lines)
