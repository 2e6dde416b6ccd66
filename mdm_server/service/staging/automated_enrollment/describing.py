"""Which device is it? It says so in a MachineInfo, and is believed where its certificate says the same.

Apple vouches for devices, not for what they say: a certificate that names one device is worth nothing under the
description of another (T-21). Whatever is wrong, the answer is the same sentence, and the same one as for a device that
has no DEP profile; only the journal has the reason (T-20). Nothing is parsed that nobody vouches for.
https://developer.apple.com/documentation/devicemanagement/machineinfo
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

from certs.names import hardware_of
from mdm_server.domain.refusal import Refusal
from mdm_server.service.device_description import Description, envelope_of, machine_of, open_description
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.settings import ServiceSettings
from mdm_server.wire.errors import WireError
from mdm_server.wire.machine_info import MachineInfo

CODE = "ade.machineinfo"
LONGEST_AGO = timedelta(hours=1)
"""How old a description may be. A device signs a new one whenever it begins anew; what is older, somebody kept."""
FURTHEST_AHEAD = timedelta(minutes=10)
"""How far ahead a device's clock may be, before it has asked anybody for the time."""
MOST_REMEMBERED = 20_000


class Descriptions:
    """Reads MachineInfo, and remembers where each came from for as long as it is good."""

    def __init__(self, settings: ServiceSettings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._seen: OrderedDict[bytes, tuple[str, datetime]] = OrderedDict()

    def read(self, facts: RequestFacts, body: bytes) -> MachineInfo:
        """Return what a device says of itself, with its UDID and its serial number.

        Raises Refusal `ade.machineinfo`; its reason is for the journal: `missing`, `base64`, those of a signature that
        does not hold, `untrusted`, a property list's, `incomplete`, `another_device`, `undated`, `too_old`,
        `ahead_of_time`, `replayed`.
        """
        envelope = envelope_of(facts, body, code=CODE)
        if envelope is None:
            raise Refusal(CODE, reason="missing")
        now = self._clock()
        try:
            description = open_description(envelope, self._settings, now, code=CODE, vouched_only=True)
            info = machine_of(description, code=CODE)
        except WireError as error:
            raise Refusal(CODE, reason=error.code) from error
        if hardware_of(description.signer.subject) != (info.udid, info.serial):
            raise Refusal(CODE, reason="another_device")
        _check_age(description, now)
        self._check_origin(envelope, facts.peer, now)
        return info

    def _check_origin(self, envelope: bytes, peer: str, now: datetime) -> None:
        """Refuse a description that somebody else has sent before: a device signs anew wherever it goes."""
        while self._seen and next(iter(self._seen.values()))[1] + LONGEST_AGO + FURTHEST_AHEAD < now:
            self._seen.popitem(last=False)
        origin, _ = self._seen.setdefault(hashlib.sha256(envelope).digest(), (peer, now))
        if origin != peer:
            raise Refusal(CODE, reason="replayed")
        if len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)


def _check_age(description: Description, now: datetime) -> None:
    if description.signed_at is None:
        raise Refusal(CODE, reason="undated")
    if description.signed_at < now - LONGEST_AGO:
        raise Refusal(CODE, reason="too_old")
    if description.signed_at > now + FURTHEST_AHEAD:
        raise Refusal(CODE, reason="ahead_of_time")
