"""stub"""

from __future__ import annotations

from typing import Any

PAGE_HEADERS: dict[str, str] = {}


def docs_page(document: dict[str, Any]) -> str:
    """Page."""
    return ""
