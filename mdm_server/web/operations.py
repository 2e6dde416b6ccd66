"""REST operations: plain typed coroutines, from whose signatures validation and the OpenAPI document are both made.

    devices = Operations("Devices")

    @devices.get("/devices/{udid}")
    async def show_device(desk: Desk, udid: Udid) -> DeviceView:
        \"\"\"Show one device.\"\"\"

The first parameter is what an operation works with. A parameter named in the path comes from there; `body` is the
request's JSON, or its bytes when annotated as `bytes`; every other parameter comes from the query. Nothing about HTTP
is in an operation.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, get_type_hints

import msgspec

from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.suite import ServiceSuite

Function = Callable[..., Awaitable[Any]]
PATH_PARAMETER = re.compile(r"{(\w+)}")


@dataclass(frozen=True, slots=True)
class Desk:
    """What an operation works with: the use cases, and the facts of the request, which go into the journal."""

    suite: ServiceSuite
    facts: RequestFacts


@dataclass(frozen=True, slots=True)
class Download:
    """An answer that is a file and no JSON."""

    body: bytes
    content_type: str
    filename: str


@dataclass(frozen=True, slots=True)
class QueryParameter:
    """One parameter of the query; `inspect.Parameter.empty` as default means that it is required."""

    type: Any
    default: Any

    @property
    def required(self) -> bool:
        """Whether it must be there."""
        return self.default is inspect.Parameter.empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation, read off its function."""

    method: str
    path: str
    tag: str
    function: Function
    status: int
    downloads: str | None
    """The content type of the file it answers with, or None when it answers with JSON."""
    uploads: str | None
    """The content type of the bytes it takes, or None when it takes JSON or nothing."""
    refusals: tuple[int, ...]
    path_parameters: Mapping[str, Any]
    query: Mapping[str, QueryParameter]
    body: Any
    answer: Any
    _query_struct: type[msgspec.Struct] = field(repr=False)
    _path_struct: type[msgspec.Struct] = field(repr=False)
    _decoder: msgspec.json.Decoder[Any] | None = field(repr=False)

    @property
    def name(self) -> str:
        """The operation's name in the document, and in clients made from it."""
        words = self.function.__name__.split("_")
        return words[0] + "".join(word.capitalize() for word in words[1:])

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return (inspect.getdoc(self.function) or self.name).split("\n", 1)[0]

    @property
    def description(self) -> str:
        """The rest of the docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[2].strip()

    def read_path(self, values: Mapping[str, str]) -> dict[str, Any]:
        """Validate what stands in the path (msgspec.ValidationError)."""
        return msgspec.structs.asdict(msgspec.convert(dict(values), self._path_struct, strict=False))

    def read_query(self, values: Mapping[str, str]) -> dict[str, Any]:
        """Validate the query (msgspec.ValidationError)."""
        return msgspec.structs.asdict(msgspec.convert(dict(values), self._query_struct, strict=False))

    def read_body(self, data: bytes) -> Any:
        """Decode the body (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError)."""
        return data if self._decoder is None else self._decoder.decode(data)


class Operations:
    """A collection of operations on one subject."""

    def __init__(self, tag: str, summary: str) -> None:
        self.tag = tag
        self.summary = summary
        self._operations: list[Operation] = []

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._operations)

    def get(self, path: str, **options: Any) -> Callable[[Function], Function]:
        """Declare an operation that changes nothing."""
        return self._declare("GET", path, **options)

    def post(self, path: str, **options: Any) -> Callable[[Function], Function]:
        """Declare an operation that makes or does something."""
        return self._declare("POST", path, **options)

    def put(self, path: str, **options: Any) -> Callable[[Function], Function]:
        """Declare an operation that sets something, however often it is repeated."""
        return self._declare("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> Callable[[Function], Function]:
        """Declare an operation that takes something away."""
        return self._declare("DELETE", path, **options)

    def _declare(
        self,
        method: str,
        path: str,
        *,
        status: int = 200,
        refusals: tuple[int, ...] = (),
        downloads: str | None = None,
        uploads: str | None = None,
    ) -> Callable[[Function], Function]:
        def declare(function: Function) -> Function:
            hints = get_type_hints(function, include_extras=True)
            answer = hints.pop("return")
            _, *names = inspect.signature(function).parameters
            in_path = PATH_PARAMETER.findall(path)
            path_parameters = {name: hints[name] for name in in_path}
            defaults = inspect.signature(function).parameters
            query = {
                name: QueryParameter(hints[name], defaults[name].default)
                for name in names
                if name not in in_path and name != "body"
            }
            body = hints.get("body", NoneType)
            self._operations.append(
                Operation(
                    method=method,
                    path=path,
                    tag=self.tag,
                    function=function,
                    status=status,
                    downloads=downloads,
                    uploads=uploads,
                    refusals=refusals,
                    path_parameters=path_parameters,
                    query=query,
                    body=body,
                    answer=answer,
                    _query_struct=_struct("Query", query),
                    _path_struct=_struct(
                        "Path",
                        {name: QueryParameter(kind, inspect.Parameter.empty) for name, kind in path_parameters.items()},
                    ),
                    _decoder=None if body in {NoneType, bytes} else msgspec.json.Decoder(body),
                )
            )
            return function

        return declare


def _struct(name: str, parameters: Mapping[str, QueryParameter]) -> type[msgspec.Struct]:
    """Make the struct that msgspec validates parameters with; an unknown parameter is an error, not a surprise."""
    fields = [
        (key, parameter.type) if parameter.required else (key, parameter.type, parameter.default)
        for key, parameter in parameters.items()
    ]
    return msgspec.defstruct(name, fields, kw_only=True, forbid_unknown_fields=True)
