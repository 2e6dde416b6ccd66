"""What people are called and devices are named: text that can be printed, and not too much of it."""

from __future__ import annotations

from mdm_server.service.refusals import DetailedRefusal

LONGEST_NAME = 256


def check_readable(**named: str | None) -> None:
    """Refuse text that nobody could read, or print without harm (Refusal `api.invalid`, which names it)."""
    for name, text in named.items():
        if text and not (len(text) <= LONGEST_NAME and text.isprintable()):
            detail = f"{name}: expected at most {LONGEST_NAME} printable characters, found {text[:40]!r}"
            raise DetailedRefusal("api.invalid", reason=name, detail=detail)


def checked_name(**named: str) -> str:
    """Return the one name given, without space around it; refuse one that is empty, too (Refusal `api.invalid`)."""
    ((name, text),) = named.items()
    check_readable(**{name: text.strip()})
    if not text.strip():
        raise DetailedRefusal("api.invalid", reason=name, detail=f"{name}: expected some text, found none")
    return text.strip()
