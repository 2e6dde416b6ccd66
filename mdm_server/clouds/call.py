"""One HTTP exchange with a cloud, without an HTTP library: the web room and the virtual clock both bring such calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What somebody asks.

    `url` is the absolute address without its query, as the caller spelled it: OAuth signs it. `query` holds the decoded
    parameters in their order. The names of `headers` are in lower case.
    """

    method: str
    url: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    peer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What they are told. A `delay` in seconds is waited for before it is sent; a `cut` sends nothing at all."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    delay: float = 0.0
    cut: bool = False
