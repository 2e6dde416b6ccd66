"""The schema, and the guards in it: what must be unique or bounded is so in the database, whatever the code does.

`application_id` says that a file is ours and `user_version` which schema it holds; both are set in the transaction that
makes the tables, so a file is whole or empty. A schema is never edited once it is out: what changes is another step,
which an older file takes when it is opened, in one transaction too, so that it is of the old version or of the new one.
"""

from __future__ import annotations

import sqlite3

from mdm_server.domain.command_queue import DELIVERABLE, TERMINAL, CommandState
from mdm_server.domain.enrollment import ChannelKind, EnrollmentStatus
from mdm_server.domain.identity_binding import CertificateState
from mdm_server.store.errors import StateTooNew, StateUnreadable
from mdm_server.store.records import IssuanceState
from mdm_server.store.sqlite.abm.schema import ABM_DIGESTED, ABM_TABLES
from mdm_server.store.sqlite.checks import one_of, quoted
from mdm_server.store.sqlite.staging.schema import STAGING_DIGESTED, STAGING_TABLES, WAITING_REGISTRATIONS

APPLICATION_ID = 0x4D444D53  # "MDMS"
OLDEST_SQLITE = (3, 37, 0)  # STRICT tables


_WAITING = quoted(state for state in CommandState if state not in TERMINAL)
_DELIVERABLE = quoted(DELIVERABLE)

_MANAGEMENT = (
    """
    CREATE TABLE invitation (
        invitation_id   TEXT PRIMARY KEY,
        challenge_hash  TEXT NOT NULL UNIQUE,
        created_at      INTEGER NOT NULL,
        expires_at      INTEGER NOT NULL,
        max_uses        INTEGER NOT NULL CHECK (max_uses >= 1),
        uses            INTEGER NOT NULL DEFAULT 0 CHECK (uses BETWEEN 0 AND max_uses),
        revoked         INTEGER NOT NULL DEFAULT 0,
        udid            TEXT,
        serial_number   TEXT,
        access_rights   INTEGER NOT NULL,
        supervised      INTEGER,
        manual_approval INTEGER NOT NULL,
        details         BLOB NOT NULL
    ) STRICT
    """,
    f"""
    CREATE TABLE certificate (
        sequence      INTEGER PRIMARY KEY AUTOINCREMENT,
        fingerprint   TEXT NOT NULL UNIQUE CHECK (length(fingerprint) = 64),
        serial_number TEXT NOT NULL UNIQUE,
        subject       TEXT NOT NULL,
        not_before    INTEGER NOT NULL,
        not_after     INTEGER NOT NULL,
        state         TEXT NOT NULL {one_of("state", CertificateState)},
        device        TEXT,
        renewal       INTEGER NOT NULL,
        invitation_id TEXT,
        public_key    TEXT,
        issued_at     INTEGER NOT NULL,
        bound_at      INTEGER,
        der           BLOB NOT NULL,
        CHECK (state <> 'Current' OR device IS NOT NULL)
    ) STRICT
    """,
    "CREATE UNIQUE INDEX one_current_certificate ON certificate (device) WHERE state = 'Current'",
    "CREATE INDEX certificates_of_device ON certificate (device, sequence)",
    "CREATE INDEX certificates_of_key ON certificate (public_key) WHERE public_key IS NOT NULL",
    # A certificate, once bound, stays bound to the same device for ever (I-01).
    """
    CREATE TRIGGER certificate_stays_bound BEFORE UPDATE OF device ON certificate
    WHEN OLD.device IS NOT NULL AND NEW.device IS NOT OLD.device
    BEGIN SELECT RAISE(ABORT, 'a bound certificate cannot be bound again'); END
    """,
    f"""
    CREATE TABLE issuance (
        transaction_id TEXT PRIMARY KEY,
        request_hash   TEXT NOT NULL,
        request        BLOB NOT NULL,
        state          TEXT NOT NULL {one_of("state", IssuanceState)},
        serial_number  TEXT NOT NULL UNIQUE,
        subject        TEXT NOT NULL,
        not_before     INTEGER NOT NULL,
        not_after      INTEGER NOT NULL,
        public_key     TEXT,
        device         TEXT,
        invitation_id  TEXT,
        renews         TEXT,
        recorded_at    INTEGER NOT NULL,
        fingerprint    TEXT REFERENCES certificate (fingerprint),
        CHECK ((state = 'Issued') = (fingerprint IS NOT NULL))
    ) STRICT
    """,
    f"""
    CREATE TABLE enrollment (
        key                    TEXT PRIMARY KEY,
        device                 TEXT NOT NULL REFERENCES enrollment (key),
        kind                   TEXT NOT NULL {one_of("kind", ChannelKind)},
        status                 TEXT NOT NULL {one_of("status", EnrollmentStatus)},
        topic                  TEXT,
        push_token             BLOB,
        push_magic             TEXT,
        unlock_token           BLOB,
        bootstrap_token        BLOB,
        serial_number          TEXT,
        supervised             INTEGER,
        access_rights          INTEGER NOT NULL DEFAULT 0,
        awaiting_configuration INTEGER NOT NULL DEFAULT 0,
        token_updates          INTEGER NOT NULL DEFAULT 0,
        details                BLOB NOT NULL DEFAULT x'7B7D',
        invitation_id          TEXT,
        created_at             INTEGER NOT NULL,
        authenticated_at       INTEGER,
        enrolled_at            INTEGER,
        unenrolled_at          INTEGER,
        authenticate_raw       BLOB,
        token_update_raw       BLOB
    ) STRICT
    """,
    "CREATE INDEX channels_of_device ON enrollment (device, key)",
    "CREATE INDEX half_open_enrollments ON enrollment (authenticated_at) WHERE status = 'EnrollmentInProgress'",
    "CREATE INDEX enrollments_of_serial_number ON enrollment (serial_number) WHERE serial_number IS NOT NULL",
    """
    CREATE TABLE replaced_token (
        sequence   INTEGER PRIMARY KEY,
        enrollment TEXT NOT NULL REFERENCES enrollment (key),
        digest     TEXT NOT NULL,
        UNIQUE (enrollment, digest)
    ) STRICT
    """,
    f"""
    CREATE TABLE command (
        sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
        enrollment   TEXT NOT NULL REFERENCES enrollment (key),
        command_uuid TEXT NOT NULL,
        request_type TEXT NOT NULL,
        raw          BLOB NOT NULL,
        state        TEXT NOT NULL {one_of("state", CommandState)},
        queued_at    INTEGER NOT NULL,
        sent_at      INTEGER,
        answered_at  INTEGER,
        expires_at   INTEGER,
        result       BLOB,
        -- The domain's words for these sets, said once: queries ask for the column and find the index by it.
        waits        INTEGER NOT NULL GENERATED ALWAYS AS (state IN ({_WAITING})) VIRTUAL,
        deliverable  INTEGER NOT NULL GENERATED ALWAYS AS (state IN ({_DELIVERABLE})) VIRTUAL,
        UNIQUE (enrollment, command_uuid)
    ) STRICT
    """,
    "CREATE INDEX waiting_commands ON command (enrollment, sequence) WHERE waits",
    """
    CREATE TABLE profile (
        identifier         TEXT PRIMARY KEY,
        uuid               TEXT NOT NULL,
        display_name       TEXT NOT NULL,
        raw                BLOB NOT NULL,
        removal_disallowed INTEGER NOT NULL,
        stored_at          INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE credential (
        name       TEXT PRIMARY KEY,
        token_hash TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE journal (
        sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
        at          INTEGER NOT NULL,
        code        TEXT NOT NULL,
        reason      TEXT NOT NULL,
        device      TEXT NOT NULL,
        certificate TEXT NOT NULL,
        peer        TEXT NOT NULL,
        request_id  TEXT NOT NULL,
        detail      BLOB NOT NULL
    ) STRICT
    """,
    "CREATE INDEX journal_of_device ON journal (device, sequence) WHERE device <> ''",
    "CREATE TABLE activity (enrollment TEXT PRIMARY KEY, last_seen INTEGER NOT NULL, reports INTEGER NOT NULL) STRICT",
)

STEPS = (_MANAGEMENT, STAGING_TABLES, (*ABM_TABLES, *WAITING_REGISTRATIONS))
"""What leads from each version to the next, beginning with an empty file."""

SCHEMA_VERSION = len(STEPS)

DIGESTED = (
    ("invitation", "invitation_id"),
    ("certificate", "sequence"),
    ("issuance", "transaction_id"),
    ("enrollment", "key"),
    ("replaced_token", "sequence"),
    ("command", "sequence"),
    ("profile", "identifier"),
    ("credential", "name"),
    *STAGING_DIGESTED,
    *ABM_DIGESTED,
)
"""The tables of the state digest with their order: all but the journal and the counters."""


def recognize(connection: sqlite3.Connection) -> int:
    """Make sure that a file is ours and of a version we know, or empty; return the version, 0 for an empty file."""
    ours = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables == 0:
        return 0
    if ours != APPLICATION_ID:
        raise StateUnreadable(
            "expected a state of mdm-server, found another program's SQLite database: use another state directory"
        )
    if version > SCHEMA_VERSION:
        raise StateTooNew(
            f"expected schema {SCHEMA_VERSION} or older, found {version}: a newer mdm-server wrote this state; "
            "start that version, or use another state directory"
        )
    return version


def upgrade(connection: sqlite3.Connection, version: int) -> None:
    """Take the steps that a file of this version lacks, all or none: closing the connection undoes what failed."""
    connection.execute("BEGIN IMMEDIATE")
    for step in STEPS[version:]:
        for statement in step:
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")
