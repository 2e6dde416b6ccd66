"""Draws the tables of an Android into Markdown: `python -m device_emulator.core.android.draw [docs/flows]`."""

from __future__ import annotations

import sys
from pathlib import Path

from device_emulator.core.android.states import (
    KIOSK,
    LIFE,
    PROTECTION,
    SCREEN,
    VERIFICATION,
    Kiosk,
    Life,
    Protection,
    Screen,
    Verification,
)
from device_emulator.core.draw import diagram, section

PAGE = "android-device.md"
NOTICE = (
    "Drawn by `python -m device_emulator.core.android.draw`; change the tables in "
    "`device_emulator/core/android/states.py`, not this page. Whether it runs is drawn on the page of an iPhone: it is "
    "the same table."
)


def page() -> str:
    """Return the page: one diagram for each table. What no arrow shows cannot happen, or changes nothing."""
    return "\n".join(
        [
            "# An Android",
            "",
            NOTICE,
            "",
            *section("Life", "where it is in its life, and who owns it", diagram(LIFE, Life.FACTORY)),
            *section("Screen", "what its lock screen lets its person do", diagram(SCREEN, Screen.UNLOCKED)),
            *section("Kiosk", "whether one application has the screen to itself", diagram(KIOSK, Kiosk.FREE)),
            *section(
                "Protection",
                "whether the setup wizard asks for an account from before the reset",
                diagram(PROTECTION, Protection.OPEN),
            ),
            *section(
                "Verification",
                "whether the server has yet to learn which device a work profile is on",
                diagram(VERIFICATION, Verification.CLEAR),
            ),
        ]
    )


def main(folder: Path) -> None:
    """Write the page into a folder."""
    (folder / PAGE).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/flows"))
