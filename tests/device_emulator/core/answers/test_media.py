from __future__ import annotations

from typing import Any

import pytest

from device_emulator.core.handheld import Handheld
from mdm_server.wire.results import Status
from rigs.managed_device import ask

MANUAL = {"MediaURL": "https://example.com/manual.epub", "PersistentID": "com.example.manual", "Title": "Manual"}


def test_a_book_comes_is_listed_and_goes(iphone: Handheld) -> None:
    """A book from a URL is managed, one from the store is installed; each goes by its own identifier."""
    reply = ask(iphone, "InstallMedia", MediaType="Book", **MANUAL)
    assert (reply.values["State"], reply.values["PersistentID"]) == ("Managed", "com.example.manual")
    assert ask(iphone, "InstallMedia", MediaType="Book", iTunesStoreID=42).values["State"] == "Installed"

    listed = ask(iphone, "ManagedMediaList").values["Books"]
    assert listed == [
        {"State": "Managed", "PersistentID": "com.example.manual", "Kind": "epub", "Title": "Manual"},
        {"State": "Installed", "iTunesStoreID": 42},
    ]

    ask(iphone, "RemoveMedia", MediaType="Book", iTunesStoreID="42")
    ask(iphone, "RemoveMedia", MediaType="Book", PersistentID="com.example.manual")
    assert ask(iphone, "ManagedMediaList").values == {"Books": []}


def test_a_book_is_updated_in_place(iphone: Handheld) -> None:
    """The same identifier with another version does not make two books."""
    for version in ("1", "2"):
        ask(iphone, "InstallMedia", MediaType="Book", **MANUAL, Version=version)

    assert [book.version for book in iphone.belongings.books] == ["2"]


def test_a_book_that_is_not_there_is_removed_without_complaint(iphone: Handheld) -> None:
    """RemoveMedia is acknowledged, whatever the number looks like."""
    for number in ("42", "forty-two", "9" * 5000):
        assert ask(iphone, "RemoveMedia", MediaType="Book", iTunesStoreID=number).status is Status.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("source", "status", "reason"),
    [
        ({}, Status.COMMAND_FORMAT_ERROR, None),
        ({"iTunesStoreID": 42, "MediaURL": "https://example.com/a.pdf"}, Status.COMMAND_FORMAT_ERROR, None),
        ({"iTunesStoreID": -1}, Status.ERROR, "CouldNotVerifyITunesStoreID"),
        ({"MediaURL": "ftp://example.com/a.pdf"}, Status.ERROR, "DownloadInvalid"),
    ],
)
def test_a_book_that_cannot_be_had_is_refused(
    iphone: Handheld, source: dict[str, Any], status: Status, reason: str | None
) -> None:
    """The reason is the schema's, and nothing is installed."""
    reply = ask(iphone, "InstallMedia", MediaType="Book", **source)

    assert (reply.status, reply.values.get("RejectionReason")) == (status, reason)
    assert iphone.belongings.books == ()
