"""What the owner of a server decides once, and every use case reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from cryptography import x509

from mdm_server.service.compat import STRICT, Compat
from mdm_server.service.staging.passwords import STRONG, Cost

ALL_ACCESS_RIGHTS = 8191


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """The settings of the service room; every one has a sensible default but the address devices reach us under.

    `base_url` is used where no request is at hand (profiles exported by an administrator); profiles fetched by a device
    carry the address of the listener it came through. `half_open_limit` bounds the enrolments that were begun and not
    completed. `abm_url` is where Apple Business Manager's device API is, simulated or not; None is nowhere.
    """

    base_url: str = "https://127.0.0.1:8443"
    organization: str = "mdmsim TEST"
    topic: str = "com.apple.mgmt.External.6d646d73-696d-4000-8000-000000000001"
    access_rights: int = ALL_ACCESS_RIGHTS
    sign_message: bool = True
    removable: bool = True
    supervised: bool = False
    check_out_when_removed: bool = True
    open_enrollment: bool = True
    invitation_lifetime: timedelta = timedelta(minutes=60)
    half_open_limit: int = 20_000
    certificate_lifetime: timedelta = timedelta(days=365)
    device_authorities: tuple[x509.Certificate, ...] = ()
    compat: frozenset[Compat] = field(default=STRICT)
    password_cost: Cost = STRONG
    abm_url: str | None = None

    def allows(self, leniency: Compat) -> bool:
        """Say whether a leniency was asked for."""
        return leniency in self.compat
