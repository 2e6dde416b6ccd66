"""When a managed device has to do something of its own accord: ask for commands, and renew its identity."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from device_emulator.core.handheld import Handheld
from device_emulator.core.messages import Errand

# An identity that could not be renewed is tried again after this long, not at once.
RENEWAL_PAUSE = timedelta(hours=1)


class Appointments:
    """The next poll and the next renewal of one device; a device that nobody manages has none."""

    __slots__ = ("_certificate", "_has_polled", "_poll_at", "_renew_at")

    def __init__(self) -> None:
        self._poll_at: datetime | None = None
        self._renew_at: datetime | None = None
        self._has_polled = False
        self._certificate: bytes | None = None

    def make(self, handheld: Handheld) -> None:
        """Make the appointments that follow from the settings and from the certificate."""
        settings, now = handheld.settings, handheld.clock()
        if settings.poll is not None and self._poll_at is None:
            # The first poll is spread over the interval, so that a fleet enrolled at once does not come back at once.
            share = 1.0 if self._has_polled else handheld.randomness.stream("first poll").random()
            self._poll_at, self._has_polled = now + settings.poll * share, True
        certificate = handheld.keychain.certificate
        if self._renew_at is not None and certificate is self._certificate:
            return  # made already: whoever polls often must not put the renewal off every time
        self._certificate = certificate
        validity = handheld.keychain.validity
        if settings.renew_before is not None and validity is not None:
            begins, ends = validity
            # Of a short validity the last fifth counts, or a device would do nothing but renew.
            lead = min(settings.renew_before, (ends - begins) / 5)
            self._renew_at = max(ends - lead, now + RENEWAL_PAUSE)

    def ask_at(self, moment: datetime) -> None:
        """Ask for commands at a certain moment."""
        self._poll_at = moment

    def cancel(self) -> None:
        """Cancel all."""
        self._poll_at = self._renew_at = None

    def due(self, now: datetime) -> Iterator[Errand]:
        """Return, once, the errands whose time has come."""
        if self._poll_at is not None and self._poll_at <= now:
            self._poll_at = None
            yield Errand.SESSION
        if self._renew_at is not None and self._renew_at <= now:
            self._renew_at = None
            yield Errand.RENEWAL

    @property
    def next(self) -> Iterator[datetime]:
        """The moments for which there are appointments."""
        return (moment for moment in (self._poll_at, self._renew_at) if moment is not None)
