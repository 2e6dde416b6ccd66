"""The tables of Apple Business Manager: a device is there once for each of our servers, and waits in one errand."""

from __future__ import annotations

from mdm_server.domain.abm.tokens import Phase
from mdm_server.store.sqlite.checks import normal, one_of

ABM_TABLES = (
    f"""
    CREATE TABLE abm_token (
        id                INTEGER PRIMARY KEY AUTOINCREMENT,
        name              TEXT NOT NULL UNIQUE COLLATE NOCASE CHECK (name <> ''),
        identity          BLOB NOT NULL,
        created_at        INTEGER NOT NULL,
        secrets           BLOB,
        expires_at        INTEGER,
        server_uuid       TEXT NOT NULL,
        server_name       TEXT NOT NULL,
        organization_name TEXT NOT NULL,
        default_profile   INTEGER REFERENCES program_profile (id),
        phase             TEXT NOT NULL {one_of("phase", Phase)},
        cursor            TEXT,
        generation        INTEGER NOT NULL,
        synced_at         INTEGER,
        not_before        INTEGER,
        trouble           TEXT NOT NULL,
        CHECK ((secrets IS NULL) = (expires_at IS NULL))
    ) STRICT
    """,
    # Two tokens of one server would read its devices twice.
    "CREATE UNIQUE INDEX one_token_of_server ON abm_token (server_uuid) WHERE server_uuid <> ''",
    f"""
    CREATE TABLE abm_device (
        token          INTEGER NOT NULL REFERENCES abm_token (id) ON DELETE CASCADE,
        serial_number  TEXT NOT NULL CHECK (serial_number <> ''),
        serial_key     TEXT GENERATED ALWAYS AS ({normal("serial_number")}) VIRTUAL,
        model          TEXT NOT NULL,
        device_family  TEXT,
        profile_status TEXT,
        generation     INTEGER NOT NULL,
        document       BLOB NOT NULL
    ) STRICT
    """,
    "CREATE UNIQUE INDEX abm_device_once ON abm_device (token, serial_key)",
    "CREATE INDEX abm_devices_of_serial_number ON abm_device (serial_key)",
    """
    CREATE TABLE abm_rule (
        id            INTEGER PRIMARY KEY AUTOINCREMENT,
        token         INTEGER NOT NULL REFERENCES abm_token (id) ON DELETE CASCADE,
        profile       INTEGER NOT NULL REFERENCES program_profile (id),
        device_family TEXT,
        serial_prefix TEXT,
        model         TEXT
    ) STRICT
    """,
    "CREATE INDEX abm_rules_of_token ON abm_rule (token, id)",
    f"""
    CREATE TABLE abm_errand (
        sequence      INTEGER PRIMARY KEY,
        token         INTEGER NOT NULL REFERENCES abm_token (id) ON DELETE CASCADE,
        serial_number TEXT NOT NULL,
        serial_key    TEXT GENERATED ALWAYS AS ({normal("serial_number")}) VIRTUAL,
        arrived       INTEGER NOT NULL,
        attempts      INTEGER NOT NULL DEFAULT 0,
        due_at        INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE UNIQUE INDEX one_errand_of_device ON abm_errand (token, serial_key)",
    "CREATE INDEX abm_errands_by_time ON abm_errand (token, due_at, sequence)",
)
"""What version 3 added to version 2."""

ABM_DIGESTED = (
    ("abm_token", "id"),
    ("abm_device", "token, serial_key"),
    ("abm_rule", "id"),
    ("abm_errand", "sequence"),
)

ABM_FORGOTTEN = ("abm_errand", "abm_rule", "abm_device", "abm_token")
"""What a reset of everything forgets, in the order in which foreign keys let go."""
