"""How an Android behaves; one object is shared by a whole fleet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from device_emulator.core.settings import RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class AndroidSettings:
    """What is true of every Android of a fleet, unless it is given settings of its own.

    Attributes:
        poll: ask for policy and commands at this interval; None: wait for a push.
        start_up: how long the device takes to start.
        identifiers_after: from Android 10 on, how long after enrolment the agent in a work profile gets to know serial
            number and IMEI; None: not before the person allows it.
        commands_per_session: end a conversation that does not end by itself.
        retry: how it tries again.

    """

    poll: timedelta | None = None
    start_up: timedelta = timedelta(seconds=30)
    identifiers_after: timedelta | None = timedelta(minutes=1)
    commands_per_session: int = 1000
    retry: RetryPolicy = field(default_factory=RetryPolicy)
