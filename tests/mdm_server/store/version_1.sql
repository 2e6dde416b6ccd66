PRAGMA application_id = 1296321875;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE activity (enrollment TEXT PRIMARY KEY, last_seen INTEGER NOT NULL, reports INTEGER NOT NULL) STRICT;
INSERT INTO "activity" VALUES('A',1780315200000000,3);
INSERT INTO "activity" VALUES('A:u',1780315200000000,1);
CREATE TABLE certificate (
        sequence      INTEGER PRIMARY KEY AUTOINCREMENT,
        fingerprint   TEXT NOT NULL UNIQUE CHECK (length(fingerprint) = 64),
        serial_number TEXT NOT NULL UNIQUE,
        subject       TEXT NOT NULL,
        not_before    INTEGER NOT NULL,
        not_after     INTEGER NOT NULL,
        state         TEXT NOT NULL CHECK (state IN ('Current', 'Issued', 'Revoked', 'Superseded')),
        device        TEXT,
        renewal       INTEGER NOT NULL,
        invitation_id TEXT,
        public_key    TEXT,
        issued_at     INTEGER NOT NULL,
        bound_at      INTEGER,
        der           BLOB NOT NULL,
        CHECK (state <> 'Current' OR device IS NOT NULL)
    ) STRICT
    ;
INSERT INTO "certificate" VALUES(1,'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb','c898b53a984d208cb517edd284d3d255','CN=a',1780315200000000,1811851200000000,'Current','A',0,'challenge 1 of A','4c42d56de3c2441a51038378ff4ace48615754e1608df59e5bf5e59f18a1f8ef',1780315200000000,1780315200000000,X'61');
CREATE TABLE command (
        sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
        enrollment   TEXT NOT NULL REFERENCES enrollment (key),
        command_uuid TEXT NOT NULL,
        request_type TEXT NOT NULL,
        raw          BLOB NOT NULL,
        state        TEXT NOT NULL CHECK (state IN ('Acknowledged', 'Cleared', 'Error', 'Expired', 'NotNow', 'Queued', 'Sent')),
        queued_at    INTEGER NOT NULL,
        sent_at      INTEGER,
        answered_at  INTEGER,
        expires_at   INTEGER,
        result       BLOB,
        -- The domain's words for these sets, said once: queries ask for the column and find the index by it.
        waits        INTEGER NOT NULL GENERATED ALWAYS AS (state IN ('NotNow', 'Queued', 'Sent')) VIRTUAL,
        deliverable  INTEGER NOT NULL GENERATED ALWAYS AS (state IN ('Queued', 'Sent')) VIRTUAL,
        UNIQUE (enrollment, command_uuid)
    ) STRICT
    ;
INSERT INTO "command" VALUES(1,'A','one','DeviceInformation',X'3C6F6E652F3E','Sent',1780315200000000,1780315200000000,NULL,NULL,NULL);
INSERT INTO "command" VALUES(2,'A','two','DeviceInformation',X'3C74776F2F3E','Queued',1780315200000000,NULL,NULL,NULL,NULL);
CREATE TABLE credential (
        name       TEXT PRIMARY KEY,
        token_hash TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL
    ) STRICT
    ;
INSERT INTO "credential" VALUES('admin','3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0',1780315200000000);
CREATE TABLE enrollment (
        key                    TEXT PRIMARY KEY,
        device                 TEXT NOT NULL REFERENCES enrollment (key),
        kind                   TEXT NOT NULL CHECK (kind IN ('device', 'shared_ipad', 'user', 'user_enrollment_device', 'user_enrollment_user')),
        status                 TEXT NOT NULL CHECK (status IN ('DeviceWipePending', 'Discovered', 'Enrolled', 'EnrollmentInProgress', 'EnterpriseWipePending', 'Registered', 'Retired', 'Unenrolled')),
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
    ;
INSERT INTO "enrollment" VALUES('A','A','device','Enrolled','com.apple.mgmt.External.test',X'746F6B656E','magic',NULL,NULL,NULL,NULL,8191,0,1,X'7B224D6F64656C223A226950686F6E6531352C32227D','challenge 1 of A',1780315200000000,1780315200000000,1780315200000000,NULL,X'3C61757468656E7469636174652F3E',X'3C746F6B656E2D7570646174652F3E');
INSERT INTO "enrollment" VALUES('A:u','A','user','Enrolled','com.apple.mgmt.External.test',X'746F6B656E','magic',NULL,NULL,NULL,NULL,8191,0,1,X'7B7D',NULL,1780315200000000,NULL,1780315200000000,NULL,NULL,X'3C746F6B656E2D7570646174652F3E');
INSERT INTO "enrollment" VALUES('N','N','device','Registered',NULL,NULL,NULL,NULL,NULL,'C02',NULL,0,0,0,X'7B7D',NULL,1780315200000000,NULL,NULL,NULL,NULL,NULL);
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
    ;
INSERT INTO "invitation" VALUES('challenge 1 of A','3cb0ed4e78fdf77ce7c2abfd75289e033bf87c3d4d66359117e14fb986135b82',1780315200000000,1780318800000000,1,1,0,NULL,NULL,8191,NULL,0,X'7B7D');
INSERT INTO "invitation" VALUES('open','2348f998744212575d85959674f9607ab26f67708a917157472832386337c904',1780315200000000,1780318800000000,1,0,0,'N','C02',8191,NULL,0,X'7B7D');
CREATE TABLE issuance (
        transaction_id TEXT PRIMARY KEY,
        request_hash   TEXT NOT NULL,
        request        BLOB NOT NULL,
        state          TEXT NOT NULL CHECK (state IN ('Denied', 'Issued', 'Pending', 'Recorded')),
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
    ;
INSERT INTO "issuance" VALUES('a','2e957d2a4a743921f605066d2d656d009068c09fc190d368fe6eb43129e8bbb3',X'','Issued','c898b53a984d208cb517edd284d3d255','CN=a',1780315200000000,1811851200000000,'4c42d56de3c2441a51038378ff4ace48615754e1608df59e5bf5e59f18a1f8ef',NULL,'challenge 1 of A',NULL,1780315200000000,'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb');
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
    ;
INSERT INTO "journal" VALUES(1,1780315200000000,'invitation.created','','','','127.0.0.1','r1',X'7B22696E7669746174696F6E223A226368616C6C656E67652031206F662041222C226D61785F75736573223A317D');
INSERT INTO "journal" VALUES(2,1780315200000000,'scep.recorded','','','','127.0.0.1','r1',X'7B2272656E6577616C223A66616C73652C2273657269616C5F6E756D626572223A226338393862353361393834643230386362353137656464323834643364323535222C227472616E73616374696F6E223A2261227D');
INSERT INTO "journal" VALUES(3,1780315200000000,'scep.issued','','','ca978112ca1bbdca','127.0.0.1','r1',X'7B2273657269616C5F6E756D626572223A226338393862353361393834643230386362353137656464323834643364323535222C227472616E73616374696F6E223A2261227D');
INSERT INTO "journal" VALUES(4,1780315200000000,'certificate.bound','','A','ca978112ca1bbdca','127.0.0.1','r1',X'7B7D');
INSERT INTO "journal" VALUES(5,1780315200000000,'certificate.current','','A','ca978112ca1bbdca','127.0.0.1','r1',X'7B7D');
INSERT INTO "journal" VALUES(6,1780315200000000,'enroll.authenticated','','A','ca978112ca1bbdca','127.0.0.1','r1',X'7B2273657269616C5F6E756D626572223A6E756C6C7D');
INSERT INTO "journal" VALUES(7,1780315200000000,'enroll.enrolled','','A','ca978112ca1bbdca','127.0.0.1','r1',X'7B22656E726F6C6C6D656E74223A2241227D');
INSERT INTO "journal" VALUES(8,1780315200000000,'enroll.enrolled','','A','ca978112ca1bbdca','127.0.0.1','r1',X'7B22656E726F6C6C6D656E74223A22413A75227D');
INSERT INTO "journal" VALUES(9,1780315200000000,'command.queued','','A','','127.0.0.1','r1',X'7B22636F6D6D616E64223A226F6E65222C22656E726F6C6C6D656E74223A2241222C22726571756573745F74797065223A22446576696365496E666F726D6174696F6E227D');
INSERT INTO "journal" VALUES(10,1780315200000000,'command.queued','','A','','127.0.0.1','r1',X'7B22636F6D6D616E64223A2274776F222C22656E726F6C6C6D656E74223A2241222C22726571756573745F74797065223A22446576696365496E666F726D6174696F6E227D');
INSERT INTO "journal" VALUES(11,1780315200000000,'command.sent','','A','','127.0.0.1','r1',X'7B22636F6D6D616E64223A226F6E65222C22656E726F6C6C6D656E74223A2241222C22726571756573745F74797065223A22446576696365496E666F726D6174696F6E227D');
INSERT INTO "journal" VALUES(12,1780315200000000,'invitation.created','','N','','127.0.0.1','r1',X'7B22696E7669746174696F6E223A226F70656E222C226D61785F75736573223A317D');
INSERT INTO "journal" VALUES(13,1780315200000000,'profile.stored','','','','127.0.0.1','r1',X'7B2270726F66696C65223A226F72672E74657374227D');
INSERT INTO "journal" VALUES(14,1780315200000000,'credential.stored','','','','127.0.0.1','r1',X'7B226E616D65223A2261646D696E227D');
CREATE TABLE profile (
        identifier         TEXT PRIMARY KEY,
        uuid               TEXT NOT NULL,
        display_name       TEXT NOT NULL,
        raw                BLOB NOT NULL,
        removal_disallowed INTEGER NOT NULL,
        stored_at          INTEGER NOT NULL
    ) STRICT
    ;
INSERT INTO "profile" VALUES('org.test','uuid','Test',X'70',0,1780315200000000);
CREATE TABLE replaced_token (
        sequence   INTEGER PRIMARY KEY,
        enrollment TEXT NOT NULL REFERENCES enrollment (key),
        digest     TEXT NOT NULL,
        UNIQUE (enrollment, digest)
    ) STRICT
    ;
CREATE UNIQUE INDEX one_current_certificate ON certificate (device) WHERE state = 'Current';
CREATE INDEX certificates_of_device ON certificate (device, sequence);
CREATE INDEX certificates_of_key ON certificate (public_key) WHERE public_key IS NOT NULL;
CREATE TRIGGER certificate_stays_bound BEFORE UPDATE OF device ON certificate
    WHEN OLD.device IS NOT NULL AND NEW.device IS NOT OLD.device
    BEGIN SELECT RAISE(ABORT, 'a bound certificate cannot be bound again'); END;
CREATE INDEX channels_of_device ON enrollment (device, key);
CREATE INDEX half_open_enrollments ON enrollment (authenticated_at) WHERE status = 'EnrollmentInProgress';
CREATE INDEX enrollments_of_serial_number ON enrollment (serial_number) WHERE serial_number IS NOT NULL;
CREATE INDEX waiting_commands ON command (enrollment, sequence) WHERE waits;
CREATE INDEX journal_of_device ON journal (device, sequence) WHERE device <> '';
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('journal',14);
INSERT INTO "sqlite_sequence" VALUES('certificate',1);
INSERT INTO "sqlite_sequence" VALUES('command',2);
COMMIT;
