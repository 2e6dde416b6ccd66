"""A token of Apple Business Manager: how this server proves which MDM server it is there, and how far it has read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum


class Phase(StrEnum):
    """What is asked next: all devices, page by page, and from then on what has changed."""

    FETCH = "fetch"
    SYNC = "sync"


class TokenState(StrEnum):
    """Whether a token is any good."""

    WAITING = "waiting"
    """Its public key goes to Apple Business Manager; what comes back has not been uploaded."""
    ACTIVE = "active"
    EXPIRED = "expired"
    """A year old: another one has to be downloaded and uploaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AbmToken:
    """One MDM server in Apple Business Manager.

    Attributes:
        identity: the private key to which Apple encrypts the token, and its certificate, as PEM.
        secrets: the token itself, as it came out of its envelope; None until it is uploaded.
        default_profile: the DEP profile of devices that no rule is about, by its number.
        cursor: where the next page begins; Apple's word, opaque.
        generation: counts the fetches from the beginning; a device of an older one is not there any more.
        not_before: Apple asked to be left alone until then.
        trouble: what Apple said no with at last, such as T_C_NOT_SIGNED; empty when all went well.

    """

    id: int
    name: str
    identity: bytes = field(repr=False)
    created_at: datetime
    secrets: bytes | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    server_uuid: str = ""
    server_name: str = ""
    organization_name: str = ""
    default_profile: int | None = None
    phase: Phase = Phase.FETCH
    cursor: str | None = None
    generation: int = 1
    synced_at: datetime | None = None
    not_before: datetime | None = None
    trouble: str = ""

    def state(self, now: datetime) -> TokenState:
        """Return whether the token is any good now."""
        if self.secrets is None or self.expires_at is None:
            return TokenState.WAITING
        return TokenState.ACTIVE if now < self.expires_at else TokenState.EXPIRED

    def begun_anew(self) -> AbmToken:
        """Return the token before the first page: everything is fetched again, and what is not there is gone."""
        return replace(self, phase=Phase.FETCH, cursor=None, generation=self.generation + 1)
