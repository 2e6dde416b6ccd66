"""The tables of Apple Business Manager. Moments are microseconds since 1970, in UTC."""

from __future__ import annotations

VERSION = 1
APPLICATION_ID = 0x4D444241  # "MDBA": an Apple Business Manager of this project

TABLES = """
CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE organizations (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    admin_id     TEXT NOT NULL,
    email        TEXT NOT NULL,
    phone        TEXT NOT NULL,
    address      TEXT NOT NULL,
    type         TEXT NOT NULL,
    version      TEXT NOT NULL,
    terms_agreed INTEGER NOT NULL,
    beta_tokens  BLOB
);

CREATE TABLE servers (
    number        INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid          TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    organization  TEXT NOT NULL REFERENCES organizations (id),
    discovery_url TEXT
);

-- A server has one token; a new one ends the old.
CREATE TABLE tokens (
    server          INTEGER PRIMARY KEY REFERENCES servers (number),
    consumer_key    TEXT NOT NULL UNIQUE,
    consumer_secret TEXT NOT NULL,
    access_token    TEXT NOT NULL,
    access_secret   TEXT NOT NULL,
    expires         INTEGER NOT NULL
);

-- Position is the sequence of the change that brought a device to its server: the order of a fetch.
CREATE TABLE devices (
    serial            TEXT PRIMARY KEY,
    organization      TEXT REFERENCES organizations (id),
    server            INTEGER REFERENCES servers (number),
    position          INTEGER NOT NULL DEFAULT 0,
    model             TEXT NOT NULL,
    device_family     TEXT NOT NULL,
    os                TEXT NOT NULL,
    color             TEXT NOT NULL,
    description       TEXT NOT NULL,
    asset_tag         TEXT NOT NULL,
    added_by          TEXT NOT NULL,
    provisional_until INTEGER,
    assigned          INTEGER,
    assigned_by       TEXT,
    profile           TEXT,
    profile_status    TEXT NOT NULL DEFAULT 'empty',
    profile_assigned  INTEGER,
    profile_pushed    INTEGER,
    migrate_until     INTEGER
) WITHOUT ROWID;
CREATE UNIQUE INDEX devices_of_a_server ON devices (server, position) WHERE server IS NOT NULL;
CREATE INDEX devices_of_an_organization ON devices (organization);

CREATE TABLE locks (
    serial          TEXT PRIMARY KEY,
    kind            TEXT NOT NULL,
    escrow_key      TEXT,
    account         TEXT,
    password_digest TEXT,
    message         TEXT
) WITHOUT ROWID;

-- Append-only: what a sync tells.
CREATE TABLE changes (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    server   INTEGER NOT NULL REFERENCES servers (number),
    serial   TEXT NOT NULL,
    op_type  TEXT NOT NULL,
    op_date  INTEGER NOT NULL
);
CREATE INDEX changes_of_a_server ON changes (server, sequence);

CREATE TABLE profiles (
    uuid    TEXT PRIMARY KEY,
    server  INTEGER NOT NULL REFERENCES servers (number),
    content BLOB NOT NULL
) WITHOUT ROWID;

-- Orders that are on their way.
CREATE TABLE arrivals (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    arrives      INTEGER NOT NULL,
    organization TEXT NOT NULL REFERENCES organizations (id),
    server       INTEGER REFERENCES servers (number),
    device       BLOB NOT NULL
);
CREATE INDEX arrivals_by_time ON arrivals (arrives, number);
"""
