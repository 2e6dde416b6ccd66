from __future__ import annotations

from pathlib import Path

from mdm_server.web.uem.draw import page
from mdm_server.web.uem.subjects import UEM_SUBJECTS

PAGE = Path(__file__).resolve().parents[4] / "docs" / "uem-api.md"


def test_the_page_is_current() -> None:
    """Run `python -m mdm_server.web.uem.draw` when this fails."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_call_is_on_the_page_with_words_for_people() -> None:
    """A sentence each, that fits into a table."""
    text = page()
    for call in (call for subject in UEM_SUBJECTS for call in subject):
        assert f"`/api/{call.path}`" in text
        assert call.summary.endswith(".")
        assert "|" not in call.summary
