"""The tables of staging, and the guards in them.

A device is claimed once, a token belongs to one registration, a serial number to one device of a platform: the rules of
the domain decide first, and these statements refuse whatever a rule let through by mistake.
"""

from __future__ import annotations

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.hub_session import SessionStep
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    DeviceStagingType,
    EntryChannel,
    ListAttribute,
    ListKind,
    Management,
    Ownership,
    Platform,
    RegistrationState,
    SecurityType,
    TokenState,
    TokenType,
    UserStatus,
)
from mdm_server.domain.staging.wipe_protection import WipeKind, WipeState
from mdm_server.store.sqlite.checks import IDENTIFIERS, identifier_indexes, normal, one_of, quoted
from mdm_server.store.staging.records import ROOT_GROUP, OperationState

ROOT_GROUP_UUID = "6d646d73-696d-4000-8000-000000000001"
"""The root group is the same one in every state, so that two runs of one seed tell the same story."""

CLAIMED_ONCE = "a device is claimed once"
"""What the trigger says that guards it."""

ROOT = f"""
    INSERT INTO organization_group (id, uuid, group_id, name, type, parent, overrides)
    VALUES ({ROOT_GROUP}, '{ROOT_GROUP_UUID}', 'MDMSIM', 'mdmsim', 'Customer', NULL, x'7B7D')
"""  # noqa: S608 - our own words


ORGANIZATION = (
    """
    CREATE TABLE organization_group (
        id        INTEGER PRIMARY KEY AUTOINCREMENT,
        uuid      TEXT NOT NULL UNIQUE,
        group_id  TEXT NOT NULL UNIQUE COLLATE NOCASE,
        name      TEXT NOT NULL,
        type      TEXT NOT NULL,
        parent    INTEGER REFERENCES organization_group (id) CHECK (parent <> id),
        overrides BLOB NOT NULL
    ) STRICT
    """,
    "CREATE INDEX groups_of_parent ON organization_group (parent)",
    """
    CREATE TABLE user_group (
        id                 INTEGER PRIMARY KEY AUTOINCREMENT,
        uuid               TEXT NOT NULL UNIQUE,
        name               TEXT NOT NULL COLLATE NOCASE,
        organization_group INTEGER NOT NULL REFERENCES organization_group (id),
        enrollment_group   INTEGER REFERENCES organization_group (id),
        rank               INTEGER NOT NULL,
        UNIQUE (organization_group, name)
    ) STRICT
    """,
    f"""
    CREATE TABLE enrollment_user (
        id                      INTEGER PRIMARY KEY AUTOINCREMENT,
        uuid                    TEXT NOT NULL UNIQUE,
        customer                INTEGER NOT NULL REFERENCES organization_group (id),
        user_name               TEXT NOT NULL COLLATE NOCASE CHECK (user_name <> ''),
        first_name              TEXT NOT NULL,
        last_name               TEXT NOT NULL,
        email                   TEXT NOT NULL COLLATE NOCASE,
        security_type           TEXT NOT NULL {one_of("security_type", SecurityType)},
        status                  TEXT NOT NULL {one_of("status", UserStatus)},
        organization_group      INTEGER NOT NULL REFERENCES organization_group (id),
        staging_type            TEXT NOT NULL {one_of("staging_type", DeviceStagingType)},
        password_hash           TEXT,
        shared_passcode_hash    TEXT,
        shared_passcode_expires INTEGER,
        UNIQUE (customer, user_name)
    ) STRICT
    """,
    "CREATE INDEX users_of_name ON enrollment_user (user_name)",
    """
    CREATE TABLE membership (
        user       INTEGER NOT NULL REFERENCES enrollment_user (id) ON DELETE CASCADE,
        user_group INTEGER NOT NULL REFERENCES user_group (id) ON DELETE CASCADE,
        PRIMARY KEY (user, user_group)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX members_of_group ON membership (user_group)",
    """
    CREATE TABLE accepted_terms (
        user               INTEGER NOT NULL REFERENCES enrollment_user (id) ON DELETE CASCADE,
        organization_group INTEGER NOT NULL REFERENCES organization_group (id),
        version            TEXT NOT NULL,
        accepted_at        INTEGER NOT NULL,
        PRIMARY KEY (user, organization_group)
    ) STRICT, WITHOUT ROWID
    """,
)

EXPECTATIONS = (
    f"""
    CREATE TABLE registration (
        id                 INTEGER PRIMARY KEY AUTOINCREMENT,
        uuid               TEXT NOT NULL UNIQUE,
        user               INTEGER REFERENCES enrollment_user (id) ON DELETE CASCADE,
        organization_group INTEGER NOT NULL REFERENCES organization_group (id),
        platform           TEXT {one_of("platform", Platform)},
        {IDENTIFIERS},
        ownership          TEXT {one_of("ownership", Ownership)},
        friendly_name      TEXT NOT NULL,
        state              TEXT NOT NULL {one_of("state", set(RegistrationState) - {RegistrationState.NONE})},
        token_hash         TEXT UNIQUE,
        token_type         TEXT {one_of("token_type", TokenType)},
        token_expires_at   INTEGER,
        token_state        TEXT {one_of("token_state", set(TokenState) - {TokenState.NONE})},
        device             INTEGER REFERENCES device (id) ON DELETE SET NULL,
        created_at         INTEGER,
        CHECK ((token_hash IS NULL) = (token_state IS NULL))
    ) STRICT
    """,
    *identifier_indexes("registration"),
    "CREATE INDEX registrations_of_user ON registration (user)",
    "CREATE INDEX registrations_of_device ON registration (device) WHERE device IS NOT NULL",
    f"""
    CREATE TABLE list_entry (
        id                 INTEGER PRIMARY KEY AUTOINCREMENT,
        kind               TEXT NOT NULL {one_of("kind", ListKind)},
        attribute          TEXT NOT NULL {one_of("attribute", ListAttribute)},
        value              TEXT NOT NULL CHECK (value <> ''),
        value_key          TEXT GENERATED ALWAYS AS ({normal("value")}) VIRTUAL,
        organization_group INTEGER NOT NULL REFERENCES organization_group (id),
        ownership          TEXT {one_of("ownership", Ownership)},
        enrollment_group   INTEGER REFERENCES organization_group (id)
    ) STRICT
    """,
    "CREATE UNIQUE INDEX one_entry_each ON list_entry (attribute, value_key, kind, organization_group)",
)

DEVICES = (
    f"""
    CREATE TABLE device (
        id                   INTEGER PRIMARY KEY AUTOINCREMENT,
        uuid                 TEXT NOT NULL UNIQUE,
        platform             TEXT NOT NULL {one_of("platform", Platform)},
        {IDENTIFIERS},
        model                TEXT NOT NULL,
        os_version           TEXT NOT NULL,
        friendly_name        TEXT NOT NULL,
        organization_group   INTEGER REFERENCES organization_group (id),
        home_group           INTEGER REFERENCES organization_group (id),
        ownership            TEXT NOT NULL {one_of("ownership", Ownership)},
        status               TEXT NOT NULL {one_of("status", EnrollmentStatus)},
        assignment           TEXT NOT NULL {one_of("assignment", AssignmentState)},
        user                 INTEGER,
        stager               INTEGER,
        assigned_at          INTEGER,
        enrolling_user       INTEGER,
        staged_at            INTEGER,
        claimed_at           INTEGER,
        claimed_once         INTEGER NOT NULL,
        lock_reason          TEXT {one_of("lock_reason", DeviceLockReason)},
        lock_set_at          INTEGER,
        lock_user            INTEGER,
        pending_verification INTEGER NOT NULL,
        management           TEXT NOT NULL {one_of("management", Management)},
        enrollment_key       TEXT UNIQUE,
        via                  TEXT NOT NULL {one_of("via", EntryChannel)},
        work_profile         INTEGER NOT NULL,
        last_seen            INTEGER,
        -- One row, one assignment: somebody has the device, or somebody answers for it, or neither.
        CHECK (user IS NOT NULL OR assignment NOT IN ('Assigned', 'CheckedOut')),
        CHECK (user IS NULL OR assignment NOT IN ('Unassigned', 'StagedUnclaimed', 'MultiIdle')),
        CHECK (stager IS NOT NULL OR assignment NOT IN ('StagedUnclaimed', 'MultiIdle', 'CheckedOut')),
        CHECK ((lock_reason IS NULL) = (lock_set_at IS NULL))
    ) STRICT
    """,
    *identifier_indexes("device"),
    "CREATE UNIQUE INDEX one_device_of_serial_number ON device (platform, serial_key) WHERE serial_key IS NOT NULL",
    "CREATE INDEX devices_of_user ON device (user) WHERE user IS NOT NULL",
    "CREATE INDEX devices_of_stager ON device (stager) WHERE stager IS NOT NULL",
    "CREATE INDEX devices_of_group ON device (organization_group)",
    # T16: from staged to claimed, once for each enrolment; only a new enrolment takes the mark away (row 24).
    f"""
    CREATE TRIGGER device_is_claimed_once BEFORE UPDATE ON device
    WHEN NEW.claimed_once AND (
        (NOT OLD.claimed_once AND OLD.assignment <> 'StagedUnclaimed')
        OR (OLD.claimed_once AND NEW.claimed_at IS NOT OLD.claimed_at)
    )
    BEGIN SELECT RAISE(ABORT, '{CLAIMED_ONCE}'); END
    """,
    """
    CREATE TABLE failed_device_login (
        attribute TEXT NOT NULL,
        value     TEXT NOT NULL,
        failures  INTEGER NOT NULL CHECK (failures > 0),
        last_at   INTEGER NOT NULL,
        PRIMARY KEY (attribute, value)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX failed_device_logins_by_age ON failed_device_login (last_at)",
    """
    CREATE TABLE failed_user_login (
        user     INTEGER PRIMARY KEY REFERENCES enrollment_user (id) ON DELETE CASCADE,
        failures INTEGER NOT NULL CHECK (failures > 0)
    ) STRICT
    """,
)

OPEN_WIPES = (WipeState.REQUESTED, WipeState.ON_HOLD, WipeState.SENT)
EVENTS = (
    f"""
    CREATE TABLE hub_session (
        sequence      INTEGER PRIMARY KEY AUTOINCREMENT,
        id            TEXT NOT NULL UNIQUE,
        step          TEXT NOT NULL {one_of("step", SessionStep)},
        {IDENTIFIERS},
        invitation_id TEXT UNIQUE,
        expires_at    INTEGER NOT NULL,
        document      BLOB NOT NULL
    ) STRICT
    """,
    *identifier_indexes("hub_session"),
    "CREATE INDEX hub_sessions_by_end ON hub_session (expires_at)",
    f"""
    CREATE TABLE wipe (
        id                   INTEGER PRIMARY KEY AUTOINCREMENT,
        device               INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
        organization_group   INTEGER NOT NULL REFERENCES organization_group (id),
        kind                 TEXT NOT NULL {one_of("kind", WipeKind)},
        state                TEXT NOT NULL {one_of("state", WipeState)},
        requested_at         INTEGER NOT NULL,
        requested_by         TEXT NOT NULL,
        decided_at           INTEGER,
        decided_by           TEXT NOT NULL
    ) STRICT
    """,
    f"CREATE UNIQUE INDEX one_open_wipe ON wipe (device) WHERE state IN ({quoted(OPEN_WIPES)})",
    "CREATE INDEX wipes_of_group ON wipe (organization_group, requested_at)",
    """
    CREATE TABLE parting_command (
        enrollment   TEXT NOT NULL,
        command_uuid TEXT NOT NULL,
        PRIMARY KEY (enrollment, command_uuid),
        FOREIGN KEY (enrollment, command_uuid) REFERENCES command (enrollment, command_uuid) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE android_channel (
        device         INTEGER PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
        name           TEXT NOT NULL UNIQUE,
        secret_hash    TEXT NOT NULL UNIQUE,
        push_token     TEXT NOT NULL UNIQUE,
        policy_version INTEGER NOT NULL,
        reported       BLOB NOT NULL
    ) STRICT
    """,
    f"""
    CREATE TABLE operation (
        sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
        device      INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
        name        TEXT NOT NULL,
        type        TEXT NOT NULL,
        parameters  BLOB NOT NULL,
        state       TEXT NOT NULL {one_of("state", OperationState)},
        queued_at   INTEGER NOT NULL,
        sent_at     INTEGER,
        answered_at INTEGER,
        answer      BLOB NOT NULL,
        UNIQUE (device, name)
    ) STRICT
    """,
)

PROGRAM = (
    """
    CREATE TABLE program_profile (
        id       INTEGER PRIMARY KEY AUTOINCREMENT,
        uuid     TEXT NOT NULL UNIQUE,
        name     TEXT NOT NULL UNIQUE COLLATE NOCASE,
        document BLOB NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE program_assignment (
        serial_number TEXT PRIMARY KEY COLLATE NOCASE,
        profile       INTEGER NOT NULL REFERENCES program_profile (id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX assignments_of_profile ON program_assignment (profile)",
)

STAGING_TABLES = (*ORGANIZATION, *EXPECTATIONS, *DEVICES, *EVENTS, *PROGRAM, ROOT)
"""What version 2 added to version 1."""

NOT_BOUND = "state <> 'Bound'"
WAITING_REGISTRATIONS = (f"CREATE INDEX waiting_registrations ON registration (user) WHERE {NOT_BOUND}",)
"""What version 3 added: a staging user has as many registrations as devices, and those that wait are found at once."""

STAGING_DIGESTED = (
    ("organization_group", "id"),
    ("user_group", "id"),
    ("enrollment_user", "id"),
    ("membership", "user, user_group"),
    ("accepted_terms", "user, organization_group"),
    ("registration", "id"),
    ("list_entry", "id"),
    ("device", "id"),
    ("wipe", "id"),
    ("parting_command", "enrollment, command_uuid"),
    ("android_channel", "device"),
    ("operation", "sequence"),
    ("program_profile", "id"),
    ("program_assignment", "serial_number"),
)
"""The tables of the state digest. Failed logins are counters, and a Hub session is the conversation itself."""

STAGING_DEVICES = (
    "operation",
    "android_channel",
    "parting_command",
    "wipe",
    "hub_session",
    "failed_device_login",
    "registration",
    "device",
)
"""What a reset of the devices forgets, in the order in which foreign keys let go."""

STAGING_ORGANIZATION = (
    "program_assignment",
    "program_profile",
    "failed_user_login",
    "list_entry",
    "accepted_terms",
    "membership",
    "enrollment_user",
    "user_group",
    "organization_group",
)
"""What a reset of everything forgets besides; the root group is made again."""
