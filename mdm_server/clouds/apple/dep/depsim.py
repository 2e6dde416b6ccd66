"""The configuration files of depsim, Apple's own simulator of long ago: failures in line, and devices that keep coming.

    {"post_devices_sync_responses": [{"count": 1, "response": "success"},
                                     {"count": 2, "response": "bad_request_invalid_cursor"}],
     "device_insertions": {"devices_per_event": 5, "seconds_between_events": 60, "events": 10}}

Of `device_insertions` only `devices_per_event` is known to be depsim's; the other two are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from mdm_server.clouds.apple.business_manager.business_manager import BusinessManager
from mdm_server.clouds.apple.business_manager.records import NewDevice
from mdm_server.clouds.apple.dep.errors import DepsimConfigError
from mdm_server.clouds.apple.dep.fault_words import is_known
from mdm_server.clouds.apple.faults import Fault, Faults
from mdm_server.clouds.apple.journal import Service

POINTS = (
    "get_session",
    "get_account",
    "post_server_devices",
    "post_devices_sync",
    "post_devices",
    "post_devices_disown",
    "post_profile",
    "put_profile_devices",
    "get_profile",
    "delete_profile_devices",
    "post_activationlock",
    "get_beta_tokens",
    "post_account_driven_profile",
)
"""Where calls can be made to fail; all but the last three are depsim's."""
SUFFIX = "_responses"
SUCCESS = "success"
MOST_DEVICES = 1_000_000

Count = Annotated[int, Meta(ge=1)]


class Insertions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Devices that keep coming: so many at a time, so many times, so far apart."""

    devices_per_event: Count
    seconds_between_events: Annotated[float, Meta(ge=0)] = 60.0
    events: Count = 10


class _Response(msgspec.Struct, forbid_unknown_fields=True):
    response: str
    count: Count = 1


@dataclass(frozen=True, slots=True)
class DepsimConfig:
    """What a file asks for."""

    faults: tuple[Fault, ...]
    insertions: Insertions | None

    def arrange(self, faults: Faults) -> None:
        """Arrange the failures."""
        for fault in self.faults:
            faults.add(fault)

    def order(
        self, manager: BusinessManager, organization: str, server: str, clock: Callable[[], datetime]
    ) -> Sequence[str]:
        """Order the devices that are to come, unless they came before a restart; return their serial numbers."""
        if self.insertions is None:
            return ()
        serials: list[str] = []
        for event in range(self.insertions.events):
            first = event * self.insertions.devices_per_event
            some = [f"DEPSIM{first + number:06}" for number in range(self.insertions.devices_per_event)]
            manager.order(
                organization,
                [NewDevice(serial_number=serial) for serial in some if manager.device(serial) is None],
                server=server,
                arrives_at=clock() + timedelta(seconds=(event + 1) * self.insertions.seconds_between_events),
            )
            serials += some
        return serials


def read_config(text: bytes) -> DepsimConfig:
    """Read config.json or config_failures.json (DepsimConfigError)."""
    try:
        document = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        insertions = _insertions(document.pop("device_insertions", None))
        faults = [fault for key, responses in document.items() for fault in _line(key, responses)]
    except msgspec.DecodeError as error:
        raise DepsimConfigError(f"expected a configuration of depsim in JSON: {error}") from error
    return DepsimConfig(tuple(faults), insertions)


def _insertions(written: msgspec.Raw | None) -> Insertions | None:
    if written is None:
        return None
    insertions = msgspec.json.decode(written, type=Insertions)
    if insertions.devices_per_event * insertions.events > MOST_DEVICES:
        raise DepsimConfigError(f"expected at most {MOST_DEVICES} devices in device_insertions, found more")
    return insertions


def _line(key: str, written: msgspec.Raw) -> Sequence[Fault]:
    """Return the failures of one point, in their line."""
    point = key.removesuffix(SUFFIX)
    if point == key or point not in POINTS:
        known = ", ".join(f"{each}{SUFFIX}" for each in POINTS)
        raise DepsimConfigError(f"expected device_insertions or one of {known}; found {key[:40]!r}")
    faults = []
    for number, response in enumerate(msgspec.json.decode(written, type=list[_Response]), start=1):
        if response.response != SUCCESS and not is_known(response.response):
            raise DepsimConfigError(f"expected a response of depsim in {key}, found {response.response[:40]!r}")
        faults.append(
            Fault(
                name=f"depsim {point} {number}",
                service=Service.DEP,
                point=point,
                response=response.response,
                count=response.count,
            )
        )
    return faults
