"""Devices and administrators who speak to a store in the words of the play: invite, issue, enrol, report."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from mdm_server.domain.command_queue import CommandState
from mdm_server.domain.enrollment import Channel, ChannelKind
from mdm_server.domain.refusal import Refusal
from mdm_server.store.contract import Store
from mdm_server.store.records import (
    Answer,
    AuthenticateFacts,
    CommandRow,
    Details,
    EnrollmentRow,
    InvitationRow,
    IssuanceRow,
    NewCommand,
    NewInvitation,
    NewIssuance,
    Occasion,
    ReportOutcome,
    TokenUpdateFacts,
)

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TOPIC = "com.apple.mgmt.External.test"


def hashed(text: str) -> str:
    """Return the SHA-256 of a text: a stand-in for fingerprints and the hashes of challenges."""
    return hashlib.sha256(text.encode()).hexdigest()


def device(udid: str) -> Channel:
    """Return the device channel of a UDID."""
    return Channel(udid, udid)


def user(udid: str, name: str) -> Channel:
    """Return a user channel."""
    return Channel(f"{udid}:{name}", udid, ChannelKind.USER)


@dataclass
class Actors:
    """Devices and administrators who speak to a store."""

    store: Store
    now: datetime = NOON
    counter: int = field(default=0)

    def occasion(self) -> Occasion:
        """Return this moment."""
        return Occasion(self.now, request_id="r1", peer="127.0.0.1")

    async def invite(
        self, name: str, *, udid: str | None = None, uses: int = 1, serial_number: str | None = None, **more: Any
    ) -> InvitationRow:
        """Make an invitation whose challenge is its name."""
        expires = self.now + timedelta(hours=1)
        invitation = NewInvitation(name, hashed(name), expires, uses, udid=udid, serial_number=serial_number, **more)
        return await self.store.invitations.create(invitation, self.occasion())

    def issuance(
        self, name: str, *, challenge: str | None = None, renews: str | None = None, key: str | None = None
    ) -> NewIssuance:
        """Return a request named like its transaction."""
        return NewIssuance(
            transaction_id=name,
            request_hash=hashed("request " + name),
            request=b"request " + name.encode(),
            serial_number=hashed("serial " + name)[:32],
            subject=f"CN={name}",
            not_before=self.now,
            not_after=self.now + timedelta(days=365),
            public_key=hashed(key or "key " + name),
            challenge_hash=hashed(challenge) if challenge else None,
            renews=hashed(renews) if renews else None,
        )

    async def issue(
        self, name: str, *, challenge: str | None = None, renews: str | None = None, key: str | None = None
    ) -> IssuanceRow:
        """Get a certificate; its fingerprint is the hash of its name."""
        wanted = self.issuance(name, challenge=challenge, renews=renews, key=key)
        await self.store.issuance.reserve(wanted, self.occasion())
        return await self.store.issuance.complete(name, hashed(name), name.encode(), self.occasion())

    async def authenticate(
        self, channel: Channel, certificate: str, *, serial_number: str | None = None, details: Details | None = None
    ) -> EnrollmentRow:
        """Send Authenticate."""
        said = {"Model": "iPhone15,2", **(details or {})}
        facts = AuthenticateFacts(channel, TOPIC, serial_number, said, b"<authenticate/>")
        return await self.store.enrollments.authenticate(facts, hashed(certificate), self.occasion())

    async def token_update(
        self, channel: Channel, certificate: str, *, token: bytes = b"token", unlock: bytes | None = None
    ) -> EnrollmentRow:
        """Send TokenUpdate."""
        facts = TokenUpdateFacts(channel, TOPIC, token, "magic", unlock, raw=b"<token-update/>")
        return await self.store.enrollments.token_update(facts, hashed(certificate), self.occasion())

    async def check_out(self, channel: Channel, certificate: str) -> EnrollmentRow:
        """Send CheckOut."""
        return await self.store.enrollments.check_out(channel, hashed(certificate), self.occasion())

    async def enrol(self, udid: str, certificate: str | None = None, *, bound: bool = False) -> str:
        """Enrol a device by an invitation (made for exactly this device if `bound`); return its certificate."""
        self.counter += 1
        certificate = certificate or f"certificate {self.counter} of {udid}"
        challenge = f"challenge {self.counter} of {udid}"
        await self.invite(challenge, udid=udid if bound else None)
        await self.issue(certificate, challenge=challenge)
        await self.authenticate(device(udid), certificate)
        await self.token_update(device(udid), certificate)
        return certificate

    async def enqueue(self, enrollment: str, *names: str, request_type: str = "DeviceInformation") -> list[CommandRow]:
        """Queue commands named like their UUIDs."""
        commands = [NewCommand(enrollment, name, request_type, b"<" + name.encode() + b"/>") for name in names]
        return list(await self.store.commands.enqueue(commands, self.occasion()))

    async def idle(self, channel: Channel, certificate: str) -> str | None:
        """Report Idle; return the UUID of what is delivered."""
        return delivered(await self.report(channel, certificate))

    async def answer(self, channel: Channel, certificate: str, name: str, status: str = "Acknowledged") -> str | None:
        """Answer a command; return the UUID of what is delivered next."""
        return delivered(await self.report(channel, certificate, Answer(name, status, b"<result/>")))

    async def report(self, channel: Channel, certificate: str, answer: Answer | None = None) -> ReportOutcome:
        """Report to the command channel."""
        return await self.store.commands.report_and_next(channel, answer, hashed(certificate), self.occasion())

    async def states(self, enrollment: str) -> dict[str, CommandState]:
        """Return the state of every command of a queue."""
        return {row.command_uuid: row.state for row in await self.store.commands.list(enrollment)}

    async def codes(self, device: str | None = None) -> list[str]:
        """Return the codes in the journal."""
        return [event.code for event in await self.store.journal.list(device=device, limit=500)]


def delivered(outcome: ReportOutcome) -> str | None:
    """Return the UUID of the command that a report was answered with."""
    return outcome.command.command_uuid if outcome.command else None


class refused:  # noqa: N801 - reads as `async with refused(...)`
    """Expect a refusal with this code, and that it changed nothing (R0)."""

    def __init__(self, store: Store, code: str) -> None:
        self.store = store
        self.code = code
        self.before = ""

    async def __aenter__(self) -> None:
        self.before = await self.store.state_digest()

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        assert isinstance(error, Refusal), f"expected the refusal {self.code}, got {error!r}"
        assert error.code == self.code, f"expected {self.code}, got {error.event}"
        assert await self.store.state_digest() == self.before, f"{self.code} changed the state"
        return True
