"""Configuration profiles an administrator keeps here: checked when they come, signed when they are delivered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from certs.authority import Authority
from mdm_server.service.running import Runner
from mdm_server.store.contract import Store


@dataclass(frozen=True, slots=True)
class ProfileView:
    """A stored profile as an administrator sees it."""

    profile_id: str
    identifier: str
    display_name: str
    payload_types: tuple[str, ...]
    removal_disallowed: bool
    stored_at: datetime
    size: int


class Profiles:
    """Keeps profiles by id; the id is the profile's PayloadIdentifier, so storing it again replaces it."""

    def __init__(self, store: Store, authority: Authority, clock: Callable[[], datetime], run: Runner) -> None: ...

    async def store(self, mobileconfig: bytes) -> ProfileView:
        """Keep a profile (XML, binary, or signed: then what is inside); raises Refusal `profile.invalid`."""
        raise NotImplementedError

    async def list(self) -> Sequence[ProfileView]:
        """Return every stored profile, by identifier."""
        raise NotImplementedError

    async def find(self, profile_id: str) -> ProfileView:
        """Return one; raises Refusal `profile.unknown` (404)."""
        raise NotImplementedError

    async def content(self, profile_id: str) -> bytes:
        """Return the profile as it was stored; raises Refusal `profile.unknown` (404)."""
        raise NotImplementedError

    async def signed(self, profile_id: str) -> bytes:
        """Return the profile signed by our profile signer, as InstallProfile delivers it."""
        raise NotImplementedError

    async def remove(self, profile_id: str) -> None:
        """Forget a profile; what is installed on devices stays. Raises Refusal `profile.unknown` (404)."""
        raise NotImplementedError
