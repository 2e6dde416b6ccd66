"""Registrations: whom a device is expected to belong to, before it enrols and after it has left."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.vocabulary import (
    Ownership,
    Platform,
    RegistrationState,
    TokenState,
    TokenType,
)
from mdm_server.domain.table import TransitionTable


class RegistrationEvent(StrEnum):
    """What can happen to a registration."""

    REGISTER = "Register"
    RESEND = "Resend"
    RESET_TOKEN = "ResetToken"  # noqa: S105 - what an administrator does, not a token
    REVOKE_TOKEN = "RevokeToken"  # noqa: S105
    TOKEN_EXPIRED = "TokenExpired"  # noqa: S105
    DEVICE_ENROLLED = "DeviceEnrolled"
    DEVICE_UNENROLLED = "DeviceUnenrolled"
    DELETE = "Delete"


_S, _E = RegistrationState, RegistrationEvent
_STORED = (_S.ACTIVE, _S.EXPIRED, _S.BOUND)

REGISTRATION = TransitionTable(
    name="Registration",
    states=RegistrationState,
    events=RegistrationEvent,
    initial=RegistrationState.NONE,
    moves={
        (_S.NONE, _E.REGISTER): _S.ACTIVE,
        # Every enrolment leaves a binding, also of a device that nobody had registered (§2.1 rule 3).
        (_S.NONE, _E.DEVICE_ENROLLED): _S.BOUND,
        **{(state, _E.RESEND): state for state in _STORED},
        (_S.ACTIVE, _E.RESET_TOKEN): _S.ACTIVE,
        (_S.EXPIRED, _E.RESET_TOKEN): _S.ACTIVE,
        (_S.ACTIVE, _E.REVOKE_TOKEN): _S.EXPIRED,
        (_S.EXPIRED, _E.REVOKE_TOKEN): _S.EXPIRED,
        (_S.ACTIVE, _E.TOKEN_EXPIRED): _S.EXPIRED,
        (_S.EXPIRED, _E.TOKEN_EXPIRED): _S.EXPIRED,
        # What was bound stays bound, whatever becomes of its token; only deleting it ends the binding.
        **{(_S.BOUND, event): _S.BOUND for event in (_E.RESET_TOKEN, _E.REVOKE_TOKEN, _E.TOKEN_EXPIRED)},
        **{(state, _E.DEVICE_ENROLLED): _S.BOUND for state in _STORED},
        **{(state, _E.DEVICE_UNENROLLED): state for state in _STORED},
        **{(state, _E.DELETE): _S.NONE for state in _STORED},
    },
)


@dataclass(frozen=True, slots=True)
class RegistrationToken:
    """The secret that goes with a registration; the server keeps its hash."""

    hash: str
    type: TokenType
    expires_at: datetime
    state: TokenState = TokenState.ACTIVE


@dataclass(frozen=True, slots=True)
class Registration:
    """Who a device is for. Without identifiers, it is for the user's next device of the platform."""

    id: int
    uuid: str
    user: int | None
    group: int
    platform: Platform | None = None
    identifiers: DeviceIdentifiers = field(default_factory=DeviceIdentifiers)
    ownership: Ownership = Ownership.UNDEFINED
    friendly_name: str = ""
    state: RegistrationState = RegistrationState.ACTIVE
    token: RegistrationToken | None = None
    device: int | None = None
    created_at: datetime | None = None

    @property
    def token_state(self) -> TokenState:
        """Whether the token still opens the door; `none` without one."""
        return TokenState.NONE if self.token is None else self.token.state


def token_hash(token: str) -> str:
    """Return what the store keeps instead of a token, and looks it up by."""
    return hashlib.sha256(token.strip().encode()).hexdigest()


TOKEN_ALPHABET = "ACDEFGHJKLMNPQRTUVWXY2346789"  # noqa: S105
"""What tokens are made of: no characters that people mistake for others, and no `b`, which VMware's own
migrator.py strips from what it reads (staging-flows.md §5.4, trap 7)."""


def new_token(length: int, random_bytes: Callable[[int], bytes]) -> str:
    """Return a fresh token; every character is equally likely."""
    usable = 256 - 256 % len(TOKEN_ALPHABET)
    token = ""
    while len(token) < length:
        drawn = random_bytes(length - len(token))
        token += "".join(TOKEN_ALPHABET[byte % len(TOKEN_ALPHABET)] for byte in drawn if byte < usable)
    return token


def find_registration(
    registrations: Iterable[Registration],
    identifiers: DeviceIdentifiers,
    user: int | None = None,
    platform: Platform | None = None,
) -> Registration | None:
    """Return the registration that a device comes under.

    By an identifier; else one without identifiers, made for this user and this platform (§2.1 rule 1). Of several that
    name the device, what is bound counts first, then what is active, then what has expired.
    """
    known = sorted(registrations, key=lambda registration: (_RANK[registration.state], registration.id))
    for registration in known:
        if registration.identifiers.matches(identifiers):
            return registration
    if user is None:
        return None
    for registration in known:
        unfilled = registration.state is not RegistrationState.BOUND and not registration.identifiers
        if unfilled and registration.user == user and registration.platform in (None, platform):
            return registration
    return None


_RANK = {state: rank for rank, state in enumerate((_S.BOUND, _S.ACTIVE, _S.EXPIRED, _S.NONE))}


def advance(registration: Registration, event: RegistrationEvent) -> Registration:
    """Return the registration after an event; its token follows. An event out of place raises `api.conflict`."""
    state = REGISTRATION.after(registration.state, event)
    if state is None:
        raise Refusal("api.conflict", reason=f"{event}_when_{registration.state}")
    token = registration.token
    if token is not None and (event, token.state) in _TOKEN_AFTER:
        token = replace(token, state=_TOKEN_AFTER[event, token.state])
    return replace(registration, state=state, token=token)


_TOKEN_AFTER = {
    (_E.RESET_TOKEN, TokenState.EXPIRED): TokenState.ACTIVE,
    (_E.RESET_TOKEN, TokenState.REVOKED): TokenState.ACTIVE,
    (_E.RESET_TOKEN, TokenState.USED): TokenState.ACTIVE,
    (_E.REVOKE_TOKEN, TokenState.ACTIVE): TokenState.REVOKED,
    (_E.REVOKE_TOKEN, TokenState.EXPIRED): TokenState.REVOKED,
    (_E.TOKEN_EXPIRED, TokenState.ACTIVE): TokenState.EXPIRED,
    (_E.DEVICE_ENROLLED, TokenState.ACTIVE): TokenState.USED,
    (_E.DEVICE_ENROLLED, TokenState.EXPIRED): TokenState.USED,
}


def bind(registration: Registration, device: int, identifiers: DeviceIdentifiers) -> Registration:
    """Return the registration of a device that has enrolled: bound, identifiers filled in, token used (T13)."""
    enrolled = advance(registration, RegistrationEvent.DEVICE_ENROLLED)
    return replace(enrolled, device=device, identifiers=registration.identifiers.filled_from(identifiers))


def with_token(registration: Registration, token: RegistrationToken) -> Registration:
    """Return the registration with a new token (T2 `reset_token`)."""
    return replace(advance(registration, RegistrationEvent.RESET_TOKEN), token=token)


def expire(registration: Registration, at: datetime) -> Registration:
    """Return the registration as it is at a time: with its token expired once its hours are over (T2)."""
    token = registration.token
    if token is None or token.state is not TokenState.ACTIVE or at < token.expires_at:
        return registration
    return advance(registration, RegistrationEvent.TOKEN_EXPIRED)
