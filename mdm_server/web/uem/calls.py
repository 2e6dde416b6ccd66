"""One call of the API: what was asked, what is answered, and the table in which calls are declared.

    users = Calls("Users")

    @users.get("system/users/search")
    async def search_users(asked: Asked) -> Reply: ...

A call has one or more versions, and is found by the path it is declared with. Nothing about HTTP is in its function.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from msgspec import Struct

from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.suite import ServiceSuite
from mdm_server.store.contract import LARGEST_PAGE
from mdm_server.web.errors import Explained
from mdm_server.web.uem.documents import Folded, folded, read_document, shaped

Shape = TypeVar("Shape", bound=Struct)
Row = TypeVar("Row")


class _Values(Folded, frozen=True):
    value: tuple[str, ...] = ()


class _Bulk(Folded, frozen=True):
    bulk_values: _Values = _Values()


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a result is wanted: pages count from 0."""

    number: int
    size: int

    def of(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows of this page."""
        return rows[self.number * self.size : (self.number + 1) * self.size]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a call is asked: the use cases, the facts of the request, and everything the caller wrote."""

    suite: ServiceSuite
    facts: RequestFacts
    version: int = 1
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What stands in the path, as it was written."""
    query: Mapping[str, str] = field(default_factory=dict)
    """The query, its names folded (`documents.folded`): callers write `searchby` and `searchBy`."""
    body: bytes = b""

    def text(self, name: str) -> str | None:
        """Return a parameter of the query; an empty one is none, for clients send all they know of."""
        return self.query.get(folded(name)) or None

    def required(self, name: str) -> str:
        """Return a parameter of the query that has to be there (Refusal `api.invalid`)."""
        text = self.text(name)
        if text is None:
            raise Explained("api.invalid", expected=f"the parameter {name}", found="none")
        return text

    def amount(self, name: str) -> int | None:
        """Return a parameter of the query that is a number (Refusal `api.invalid`)."""
        text = self.text(name)
        if text is None:
            return None
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise Explained("api.invalid", expected=f"{name}: a number", found=text[:100])
        return int(text)

    def page(self) -> Page:
        """Return which page is wanted: `page` counts from 0, `pagesize` or `page_size` is 500 at most."""
        size = self.amount("pagesize")
        return Page(self.amount("page") or 0, min(size or LARGEST_PAGE, LARGEST_PAGE))

    def document(self) -> dict[str, Any]:
        """Return the body, its keys folded (Refusal `api.invalid`)."""
        return read_document(self.body)

    def many(self) -> tuple[str, ...]:
        """Return the identifiers of a bulk call, `{"BulkValues": {"Value": ["…"]}}` (Refusal `api.invalid`)."""
        values = self.body_as(_Bulk).bulk_values.value
        if not values:
            raise Explained("api.invalid", expected='{"BulkValues": {"Value": ["…"]}}', found="no values")
        return values

    def body_as(self, shape: type[Shape]) -> Shape:
        """Return the body in a shape (Refusal `api.invalid`)."""
        return shaped(self.document(), shape)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: a document in the vendor's spelling, or no body."""

    document: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


NOTHING_FOUND = Reply(status=204)
"""A search without a result: no document, not even an empty one (seen in a recording of the real API)."""

Function = Callable[[Asked], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as declared."""

    method: str
    path: str
    versions: tuple[int, ...]
    function: Function

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return (self.function.__doc__ or "").partition("\n")[0]


class Calls:
    """A collection of calls on one subject."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self._calls: list[Call] = []

    def __iter__(self) -> Iterator[Call]:
        return iter(self._calls)

    def get(self, path: str, *versions: int) -> Callable[[Function], Function]:
        """Declare a call that changes nothing; without versions it is of version 1."""
        return self._declare("GET", path, versions)

    def post(self, path: str, *versions: int) -> Callable[[Function], Function]:
        """Declare a call that makes or does something."""
        return self._declare("POST", path, versions)

    def put(self, path: str, *versions: int) -> Callable[[Function], Function]:
        """Declare a call that sets something."""
        return self._declare("PUT", path, versions)

    def patch(self, path: str, *versions: int) -> Callable[[Function], Function]:
        """Declare a call that changes something in part."""
        return self._declare("PATCH", path, versions)

    def delete(self, path: str, *versions: int) -> Callable[[Function], Function]:
        """Declare a call that takes something away."""
        return self._declare("DELETE", path, versions)

    def _declare(self, method: str, path: str, versions: tuple[int, ...]) -> Callable[[Function], Function]:
        def declare(function: Function) -> Function:
            self._calls.append(Call(method, path, versions or (1,), function))
            return function

        return declare
