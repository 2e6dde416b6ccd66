"""Tokens of Apple Business Manager: a key pair made here, a certificate taken there, a token brought back.

Apple encrypts the token to the certificate, so that only this server can open it. The private key stays in the state,
which nobody but the server can read, and neither it nor the token is ever shown again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from certs.identity import Identity, certificates_to_pem, identity_from_pem
from certs.keys import KeyKind, generate_key
from certs.names import name_of
from mdm_server.domain.abm.tokens import AbmToken, TokenState
from mdm_server.domain.refusal import Refusal
from mdm_server.service.abm.clients import AbmClients
from mdm_server.service.abm.finding import the_token
from mdm_server.service.refusals import DetailedRefusal
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.service.running import Runner
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import NEW, Staging, StagingRoom
from mdm_server.wire.errors import WireError
from mdm_server.wire.server_token import ServerToken, open_token

LIFETIME = timedelta(days=3650)
"""Of the certificate: as long as its key is good, every year's token can be made for it."""
LONGEST_COMMON_NAME = 64
"""Bytes (RFC 5280, ub-common-name, as cryptography counts): the certificate of a longer name has its beginning."""
_BACK_DATING = timedelta(minutes=10)


class AbmTokens:
    """Keeps the tokens."""

    def __init__(
        self,
        staging: Staging,
        clients: AbmClients,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        run: Runner,
    ) -> None:
        self._staging = staging
        self._clients = clients
        self._clock = clock
        self._random_bytes = random_bytes
        self._run = run

    async def all(self) -> list[AbmToken]:
        """Return every token."""
        return list(await self._staging.read(lambda view: view.abm.tokens()))

    async def find(self, token_id: int) -> AbmToken:
        """Return a token; raises Refusal `api.not_found`."""
        return await self._staging.read(lambda view: the_token(view, token_id))

    def state(self, token: AbmToken) -> TokenState:
        """Return whether a token is any good now."""
        return token.state(self._clock())

    async def new(self, name: str, facts: RequestFacts = INTERNAL) -> AbmToken:
        """Make a key pair for a token to come; raises Refusal `api.conflict` for a name in use."""
        now, serial = self._clock(), int.from_bytes(self._random_bytes(15), "big")
        identity = await self._run(lambda: _self_signed(name, now, serial))
        token = AbmToken(id=NEW, name=name, identity=identity.pem(), created_at=now)
        return await self._staging.transact(lambda room: room.abm.add_token(token), facts.occasion(now))

    async def certificate(self, token_id: int) -> str:
        """Return the certificate to upload in Apple Business Manager, as PEM."""
        token = await self.find(token_id)
        return certificates_to_pem([identity_from_pem(token.identity).certificate]).decode()

    async def upload(self, token_id: int, p7m: bytes, facts: RequestFacts = INTERNAL) -> AbmToken:
        """Take a token that was downloaded there: the first one, or next year's.

        It is tried before it is kept. Raises Refusal `abm.token` (not a token at all, made for another certificate,
        expired, of another server than the one before), `abm.unreachable`, `abm.refused`, `abm.no_url`.
        """
        token, now = await self.find(token_id), self._clock()
        secrets = await self._run(lambda: _opened(p7m, token))
        if secrets.access_token_expiry <= now:
            found = f"one that ended {secrets.access_token_expiry:%Y-%m-%d}"
            raise DetailedRefusal(
                "abm.token", reason="expired", detail=f"expected a token for some time, found {found}"
            )
        account = await self._clients.with_secrets(secrets).account()
        if token.server_uuid not in ("", account.server_uuid):
            raise DetailedRefusal(
                "abm.token",
                reason="other_server",
                detail=f"expected a token of the server {token.server_name}, found one of {account.server_name}",
            )

        def work(room: StagingRoom) -> AbmToken:
            current = the_token(room, token_id)
            uploaded = replace(
                current,
                secrets=msgspec.json.encode(secrets),
                expires_at=secrets.access_token_expiry,
                server_uuid=account.server_uuid,
                server_name=account.server_name,
                organization_name=account.org_name or "",
                trouble="",
            )
            room.abm.replace_token(uploaded)
            room.journal.tell(JournalCode.ABM_TOKEN_ADDED, server=account.server_name, name=token.name)
            return uploaded

        return await self._staging.transact(work, facts.occasion(now))

    async def choose_default(self, token_id: int, profile_id: int | None, facts: RequestFacts = INTERNAL) -> AbmToken:
        """Say which profile devices get that no rule is about; those that have none are looked at again."""
        now = self._clock()

        def work(room: StagingRoom) -> AbmToken:
            if profile_id is not None:
                check_profile_of(room, profile_id, token_id)
            chosen = replace(the_token(room, token_id), default_profile=profile_id)
            room.abm.replace_token(chosen)
            room.abm.look_at_unassigned(token_id, now)
            return chosen

        return await self._staging.transact(work, facts.occasion(now))

    async def remove(self, token_id: int, facts: RequestFacts = INTERNAL) -> None:
        """Forget a token, with its devices and rules.

        Nothing changes in Apple Business Manager. Profiles that were defined there are kept, and are as before.
        """

        def work(room: StagingRoom) -> None:
            token = the_token(room, token_id)
            for profile in room.enrollment_program.all():
                if profile.token == token_id:
                    room.enrollment_program.replace(replace(profile, token=None, abm_uuid=None))
            room.abm.remove_token(token_id)
            room.journal.tell(JournalCode.ABM_TOKEN_REMOVED, server=token.server_name, name=token.name)

        await self._staging.transact(work, facts.occasion(self._clock()))


def check_profile_of(room: StagingRoom, profile_id: int, token_id: int) -> None:
    """Raise Refusal `api.not_found` for no profile, `abm.other_server` for one of another server."""
    profile = room.enrollment_program.get(profile_id)
    if profile is None:
        raise Refusal("api.not_found", reason="profile")
    if profile.token not in (None, token_id):
        raise Refusal("abm.other_server")


def _self_signed(name: str, now: datetime, serial: int) -> Identity:
    key = generate_key(KeyKind.RSA_2048)
    subject = name_of(name.encode()[:LONGEST_COMMON_NAME].decode(errors="ignore"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(serial or 1)
        .not_valid_before(now - _BACK_DATING)
        .not_valid_after(now + LIFETIME)
        .sign(key, hashes.SHA256())
    )
    return Identity(key, certificate)


def _opened(p7m: bytes, token: AbmToken) -> ServerToken:
    try:
        return open_token(p7m, identity_from_pem(token.identity))
    except WireError as error:
        raise DetailedRefusal("abm.token", reason=error.code.rpartition(".")[2], detail=error.detail) from error
