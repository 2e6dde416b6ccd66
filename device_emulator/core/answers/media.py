"""Managed books."""

from __future__ import annotations

from device_emulator.core.answers.answerer import SEALED, Answer, Fidelity, answerer
from device_emulator.core.answers.error_codes import ErrorCode, failed, malformed
from device_emulator.core.answers.sightings import BookInstalled
from device_emulator.core.answers.urls import path_over_https
from device_emulator.core.belongings import Book
from device_emulator.core.handheld import Handheld
from mdm_server.wire.command import Command
from mdm_server.wire.plist import PlistDict


@answerer("InstallMedia", Fidelity.SIMPLIFIED, "nothing is downloaded: the book is there at once", not_now=SEALED)
def install_media(handheld: Handheld, command: Command) -> Answer:
    """Install a book, or replace the one with the same identifier."""
    fields = command.fields
    if ("iTunesStoreID" in fields) == ("MediaURL" in fields):
        return malformed("expected exactly one of iTunesStoreID and MediaURL")
    refused = _refused(command)
    if refused is not None:
        return refused
    book = _book(command)
    others = (each for each in handheld.belongings.books if not _same(each, book.store_id, book.persistent_id))
    handheld.belongings.books = (*others, book)
    handheld.emit(BookInstalled(book.title or book.persistent_id or f"book {book.store_id}"))
    echoed = {key: fields[key] for key in ("iTunesStoreID", "MediaURL", "PersistentID", "MediaType") if key in fields}
    return Answer(values={**echoed, "State": state(book)})


def _refused(command: Command) -> Answer | None:
    number, url = command.fields.get("iTunesStoreID"), command.fields.get("MediaURL")
    if number is not None and number <= 0:
        text = f"The store has no book {number}."
        return failed(ErrorCode.CANNOT_VALIDATE_MEDIA_ID, text, RejectionReason="CouldNotVerifyITunesStoreID")
    if url is not None and path_over_https(url) is None:
        text = "The book cannot be fetched from there."
        return failed(ErrorCode.MEDIA_DOWNLOAD_FAILURE, text, RejectionReason="DownloadInvalid")
    return None


def _book(command: Command) -> Book:
    fields = command.fields
    url = fields.get("MediaURL")
    path = None if url is None else path_over_https(url)
    ending = "" if path is None else path.suffix.lstrip(".")
    return Book(
        store_id=fields.get("iTunesStoreID"),
        persistent_id=fields.get("PersistentID"),
        media_url=url,
        kind=fields.get("Kind", ending or None),
        version=fields.get("Version"),
        author=fields.get("Author"),
        title=fields.get("Title"),
    )


def state(book: Book) -> str:
    """Return the state of a book that is there; the store's own word for it is another."""
    return "Managed" if book.store_id is None else "Installed"


def _same(book: Book, store_id: int | None, persistent_id: str | None) -> bool:
    if store_id is not None:
        return book.store_id == store_id
    return book.persistent_id is not None and book.persistent_id == persistent_id


@answerer("ManagedMediaList", Fidelity.REAL, "the books that InstallMedia left")
def managed_media_list(handheld: Handheld, command: Command) -> Answer:
    """List the books."""
    return Answer(values={"Books": [_described(book) for book in handheld.belongings.books]})


def _described(book: Book) -> PlistDict:
    known = {
        "iTunesStoreID": book.store_id,
        "PersistentID": book.persistent_id,
        "Kind": book.kind,
        "Version": book.version,
        "Author": book.author,
        "Title": book.title,
    }
    return {"State": state(book), **{key: value for key, value in known.items() if value is not None}}


@answerer("RemoveMedia", Fidelity.REAL, "Acknowledged even if there is no such book", not_now=SEALED)
def remove_media(handheld: Handheld, command: Command) -> Answer:
    """Remove a book."""
    # The same number is an integer in InstallMedia and a string here: so Apple's schema has it.
    number, persistent_id = command.fields.get("iTunesStoreID"), command.fields.get("PersistentID")
    books = handheld.belongings.books
    store_id = next((each.store_id for each in books if number is not None and str(each.store_id) == number), None)
    handheld.belongings.books = tuple(each for each in books if not _same(each, store_id, persistent_id))
    return Answer()
