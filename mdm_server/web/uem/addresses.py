"""From a path to a call: `/api/MDM/devices/7/`, `/API/v2/mdm/devices/7` and `/api/mdm/devices/7` are one address.

Clients write every part of an address in whatever case, end it with a slash, and say the version in the Accept header
(`application/json;version=2`) or in the path. Without one they mean the oldest.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.message import Message

from mdm_server.domain.refusal import Refusal
from mdm_server.web.errors import Explained
from mdm_server.web.uem.calls import Call

VERSION_IN_PATH = re.compile(r"v(\d{1,3})", re.IGNORECASE | re.ASCII)
JSON_TYPES = frozenset({"application/json", "application/*", "*/*", "text/json"})


@dataclass(frozen=True, slots=True)
class Found:
    """The call that was meant, in the version that was meant."""

    call: Call
    version: int
    supported: tuple[int, ...]
    """Every version of it, for the header `api-supported-versions`."""
    parameters: Mapping[str, str]


@dataclass(slots=True)
class _Address:
    """A path with all its calls, by method and version."""

    segments: tuple[str, ...]
    calls: dict[str, dict[int, Call]]

    def parameters(self, segments: tuple[str, ...]) -> dict[str, str] | None:
        """Return what stands in a path in the places of our parameters, or None if it is another address."""
        found = {}
        for ours, given in zip(self.segments, segments, strict=True):
            if ours.startswith("{"):
                found[ours.strip("{}")] = given
            elif ours != given.lower():
                return None
        return found

    @property
    def literals(self) -> int:
        return sum(not segment.startswith("{") for segment in self.segments)


class Addresses:
    """Every address of the API."""

    def __init__(self, calls: Iterable[Call]) -> None:
        by_path: dict[tuple[str, ...], _Address] = {}
        for call in calls:
            segments = tuple(call.path.split("/"))
            shape = tuple("{}" if segment.startswith("{") else segment for segment in segments)
            address = by_path.setdefault(shape, _Address(segments, defaultdict(dict)))
            assert address.segments == segments, f"{call.path} names its parameters otherwise elsewhere"
            for version in call.versions:
                assert version not in address.calls[call.method], f"{call.method} {call.path} twice"
                address.calls[call.method][version] = call
        self._by_length: dict[int, list[_Address]] = defaultdict(list)
        for address in sorted(by_path.values(), key=lambda each: -each.literals):
            self._by_length[len(address.segments)].append(address)

    def find(self, method: str, path: str, accept: str) -> Found:
        """Find the call that is meant; `path` is what follows `/api/`.

        Raises Refusal `api.not_found`, `api.method`, or `api.version` for a version or a media type that there is not.
        """
        segments = tuple(segment for segment in path.split("/") if segment)
        version = None
        if segments and (matched := VERSION_IN_PATH.fullmatch(segments[0])):
            version, segments = int(matched[1]), segments[1:]
        for address in self._by_length.get(len(segments), ()):
            parameters = address.parameters(segments)
            if parameters is not None:
                return _choose(address, method, parameters, version or wanted_version(accept))
        raise Explained("api.not_found", found=f"{method} /api/{path}"[:200])


def wanted_version(accept: str) -> int | None:
    """Return the version that an Accept header asks for; None is any (Refusal `api.version`: no JSON is wanted)."""
    if not accept.strip():
        return None
    for part in accept.split(","):
        message = Message()
        message["Content-Type"] = part.strip()
        parameters = {name.lower(): value for name, value in message.get_params([])}
        if next(iter(parameters), "") in JSON_TYPES:
            version = parameters.get("version", "")
            if not version:
                return None
            if version.isascii() and version.isdigit() and len(version) <= 3:
                return int(version)
    raise Explained("api.version", expected="application/json;version=N", found=accept[:100])


def _choose(address: _Address, method: str, parameters: Mapping[str, str], version: int | None) -> Found:
    versions = address.calls.get(method)
    if not versions:
        raise Refusal("api.method")
    supported = tuple(sorted(versions))
    chosen = supported[0] if version is None else version
    if chosen not in versions:
        raise Explained(
            "api.version", expected=f"version {' or '.join(map(str, supported))} of this call", found=str(version)
        )
    return Found(versions[chosen], chosen, supported, parameters)
