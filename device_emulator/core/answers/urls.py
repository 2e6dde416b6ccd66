"""The URLs in commands: foreign text, of which only https will do."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlsplit


def path_over_https(url: str) -> PurePosixPath | None:
    """Return the path of an https URL; None for anything else, however broken."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return PurePosixPath(parts.path) if parts.scheme == "https" and parts.netloc else None
