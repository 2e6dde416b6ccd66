"""Configuration profiles an administrator keeps here: checked when they come, signed when they are delivered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from certs.authority import Authority
from mdm_server.domain.refusal import Refusal
from mdm_server.service.refusals import DetailedRefusal, named
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.service.running import Runner, runner_for
from mdm_server.store.contract import Store
from mdm_server.store.records import ProfileRow
from mdm_server.wire.errors import WireError
from mdm_server.wire.mobileconfig import open_profile, parse_profile, sign_profile


@dataclass(frozen=True, slots=True)
class ProfileView:
    """A stored profile as an administrator sees it."""

    profile_id: str
    identifier: str
    display_name: str
    payload_types: tuple[str, ...]
    removal_disallowed: bool
    stored_at: datetime | None
    size: int


class Profiles:
    """Keeps profiles by id; the id is the profile's PayloadIdentifier, so storing it again replaces it."""

    def __init__(self, store: Store, authority: Authority, clock: Callable[[], datetime], run: Runner) -> None:
        self._store = store
        self._authority = authority
        self._clock = clock
        self._sign = runner_for(authority.profile_signer.key, run)

    async def store(self, mobileconfig: bytes, facts: RequestFacts = INTERNAL) -> ProfileView:
        """Keep a profile (XML, binary, or signed: then what is inside); raises Refusal `profile.invalid`.

        A signature of somebody else is dropped: what leaves this server carries this server's own.
        """
        now = self._clock()
        try:
            profile = open_profile(mobileconfig, roots=None, at=now).profile
        except WireError as error:
            raise DetailedRefusal("profile.invalid", reason=error.code, detail=error.detail) from error
        row = await self._store.profiles.put(
            ProfileRow(
                identifier=profile.identifier,
                uuid=profile.uuid,
                display_name=profile.display_name or profile.identifier,
                raw=profile.raw,
                removal_disallowed=profile.removal_disallowed,
                stored_at=now,
            ),
            facts.occasion(now),
        )
        return _view(row)

    async def list(self, *, after: str = "", limit: int = 100) -> Sequence[ProfileView]:
        """Return stored profiles by identifier, beginning behind `after`."""
        return [_view(row) for row in await self._store.profiles.list(after=after, limit=limit)]

    async def find(self, profile_id: str) -> ProfileView:
        """Return one; raises Refusal `profile.unknown` (404)."""
        return _view(await self._row(profile_id))

    async def content(self, profile_id: str) -> bytes:
        """Return the profile as it was stored; raises Refusal `profile.unknown` (404)."""
        return (await self._row(profile_id)).raw

    async def signed(self, profile_id: str) -> bytes:
        """Return the profile signed by our profile signer, as InstallProfile delivers it."""
        raw, now = await self.content(profile_id), self._clock()
        return await self._sign(lambda: sign_profile(raw, self._authority.profile_signer, now))

    async def remove(self, profile_id: str, facts: RequestFacts = INTERNAL) -> None:
        """Forget a profile; what is installed on devices stays. Raises Refusal `profile.unknown` (404)."""
        try:
            await self._store.profiles.remove(profile_id, facts.occasion(self._clock()))
        except Refusal as refusal:
            raise named(refusal, {"api.not_found": "profile.unknown"}) from refusal

    async def _row(self, profile_id: str) -> ProfileRow:
        row = await self._store.profiles.find(profile_id)
        if row is None:
            raise Refusal("profile.unknown")
        return row


def _view(row: ProfileRow) -> ProfileView:
    """Show a row; the payload types are read out of the profile, which was checked when it came."""
    payload_types = tuple(payload.type for payload in parse_profile(row.raw).payloads)
    return ProfileView(
        profile_id=row.identifier,
        identifier=row.identifier,
        display_name=row.display_name,
        payload_types=payload_types,
        removal_disallowed=row.removal_disallowed,
        stored_at=row.stored_at,
        size=len(row.raw),
    )
