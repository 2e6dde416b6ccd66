from __future__ import annotations

import msgspec
import pytest

from mdm_server.embed.explaining import JournalError, UnknownDeviceError, explain_from_journal, read_journal
from rigs.journal_entries import wrong_user


def _lines() -> list[bytes]:
    return [msgspec.json.encode(entry) for entry in wrong_user()]


def test_a_journal_that_was_written_out_is_read_again() -> None:
    """Line for line, empty lines aside."""
    assert read_journal([*_lines(), b"\n"]) == wrong_user()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"junk", "line 2: expected an entry of a journal, found 'junk'"),
        (b'{"at": "2026-01-05T08:00:00Z"}', "code"),
        (b'{"at": "yesterday", "code": "x"}', "line 2"),
        (b"\xff\xfe", "line 2"),
        (b"[]", "line 2"),
    ],
)
def test_what_is_no_journal_is_said_with_its_line(line: bytes, words: str) -> None:
    """The line, what was expected and what was found."""
    with pytest.raises(JournalError, match=words.replace("(", r"\(")):
        read_journal([_lines()[0], line])


@pytest.mark.parametrize("device", ["F17XQ2", "f17-xq2", "device:5", "phone", "PHONE"])
def test_a_device_is_explained_by_any_of_its_names(device: str) -> None:
    """What is printed on it, its number, or what the run called it."""
    explanation = explain_from_journal(wrong_user(), device, {"phone": "F17XQ2"})
    assert len(explanation.story) == 4
    assert explanation.state[1].startswith("It is locked since 2026-01-05 08:02:00 UTC (REG_USER_MISMATCH)")
    assert "F17XQ2" in explanation.device


def test_an_unknown_device_is_told_of_with_the_nearest_name_there_is() -> None:
    """The names that the run gave count, too."""
    with pytest.raises(UnknownDeviceError, match="did you mean 'F17XQ2'") as unknown:
        explain_from_journal(wrong_user(), "F17XQ3")
    assert unknown.value.nearest == "F17XQ2"
    with pytest.raises(UnknownDeviceError, match="did you mean 'annas-phone'"):
        explain_from_journal(wrong_user(), "anas-phone", {"annas-phone": "F17XQ2"})
    with pytest.raises(UnknownDeviceError, match="there is nothing like it"):
        explain_from_journal(wrong_user(), "~~~")
    with pytest.raises(UnknownDeviceError, match="there is nothing like it"):
        explain_from_journal([], "F17XQ2")


def test_a_device_that_is_named_but_never_came_is_unknown() -> None:
    """A run may name a device of which its server heard nothing."""
    with pytest.raises(UnknownDeviceError):
        explain_from_journal(wrong_user(), "tablet", {"tablet": "UDID-OF-NOBODY"})
