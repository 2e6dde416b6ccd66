"""Tokens of Apple Business Manager in SQLite."""

from __future__ import annotations

import sqlite3

from mdm_server.domain.abm.tokens import AbmToken, Phase
from mdm_server.store.sqlite.staging.storing import Columns
from mdm_server.store.sqlite.values import moment, optional_moment, optional_stamp, stamp


def token_of(values: sqlite3.Row) -> AbmToken:
    """Return the token in a row."""
    return AbmToken(
        id=values["id"],
        name=values["name"],
        identity=values["identity"],
        created_at=moment(values["created_at"]),
        secrets=values["secrets"],
        expires_at=optional_moment(values["expires_at"]),
        server_uuid=values["server_uuid"],
        server_name=values["server_name"],
        organization_name=values["organization_name"],
        default_profile=values["default_profile"],
        phase=Phase(values["phase"]),
        cursor=values["cursor"],
        generation=values["generation"],
        synced_at=optional_moment(values["synced_at"]),
        not_before=optional_moment(values["not_before"]),
        trouble=values["trouble"],
    )


def columns_of(token: AbmToken) -> Columns:
    """Return a token as columns."""
    return {
        "id": token.id or None,
        "name": token.name,
        "identity": token.identity,
        "created_at": stamp(token.created_at),
        "secrets": token.secrets,
        "expires_at": optional_stamp(token.expires_at),
        "server_uuid": token.server_uuid,
        "server_name": token.server_name,
        "organization_name": token.organization_name,
        "default_profile": token.default_profile,
        "phase": token.phase,
        "cursor": token.cursor,
        "generation": token.generation,
        "synced_at": optional_stamp(token.synced_at),
        "not_before": optional_stamp(token.not_before),
        "trouble": token.trouble,
    }
