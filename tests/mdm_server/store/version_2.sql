PRAGMA application_id = 1296321875;
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE accepted_terms (
        user               INTEGER NOT NULL REFERENCES enrollment_user (id) ON DELETE CASCADE,
        organization_group INTEGER NOT NULL REFERENCES organization_group (id),
        version            TEXT NOT NULL,
        accepted_at        INTEGER NOT NULL,
        PRIMARY KEY (user, organization_group)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE activity (enrollment TEXT PRIMARY KEY, last_seen INTEGER NOT NULL, reports INTEGER NOT NULL) STRICT;
INSERT INTO "activity" VALUES('A',1780315200000000,2);
CREATE TABLE android_channel (
        device         INTEGER PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
        name           TEXT NOT NULL UNIQUE,
        secret_hash    TEXT NOT NULL UNIQUE,
        push_token     TEXT NOT NULL UNIQUE,
        policy_version INTEGER NOT NULL,
        reported       BLOB NOT NULL
    ) STRICT
    ;
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
INSERT INTO "certificate" VALUES(1,'53ddfe6c6e3532cfadeb1e06038e97f908e00561efbb0e331fff4b2295804359','679c96cc43aa71d728e7a187d451d657','CN=certificate of session 1 of A',1780315200000000,1811851200000000,'Current','A',0,'session 1 of A','a8c51b64927f2e400a006c928c70053edd142311ecfebfafd7662f6970162cd0',1780315200000000,1780315200000000,X'6365727469666963617465206F662073657373696F6E2031206F662041');
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
CREATE TABLE credential (
        name       TEXT PRIMARY KEY,
        token_hash TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL
    ) STRICT
    ;
CREATE TABLE device (
        id                   INTEGER PRIMARY KEY AUTOINCREMENT,
        uuid                 TEXT NOT NULL UNIQUE,
        platform             TEXT NOT NULL CHECK (platform IN ('Android', 'Apple')),
        
        udid          TEXT CHECK (udid <> ''),
        serial_number TEXT CHECK (serial_number <> ''),
        imei          TEXT CHECK (imei <> ''),
        udid_key      TEXT GENERATED ALWAYS AS (upper(replace(replace(trim(udid), ' ', ''), '-', ''))) VIRTUAL,
        serial_key    TEXT GENERATED ALWAYS AS (upper(replace(replace(trim(serial_number), ' ', ''), '-', ''))) VIRTUAL,
        imei_key      TEXT GENERATED ALWAYS AS (upper(replace(replace(trim(imei), ' ', ''), '-', ''))) VIRTUAL
,
        model                TEXT NOT NULL,
        os_version           TEXT NOT NULL,
        friendly_name        TEXT NOT NULL,
        organization_group   INTEGER REFERENCES organization_group (id),
        home_group           INTEGER REFERENCES organization_group (id),
        ownership            TEXT NOT NULL CHECK (ownership IN ('C', 'E', 'S', 'Undefined')),
        status               TEXT NOT NULL CHECK (status IN ('DeviceWipePending', 'Discovered', 'Enrolled', 'EnrollmentInProgress', 'EnterpriseWipePending', 'Registered', 'Retired', 'Unenrolled')),
        assignment           TEXT NOT NULL CHECK (assignment IN ('Assigned', 'CheckedOut', 'MultiIdle', 'Orphaned', 'StagedUnclaimed', 'Unassigned')),
        user                 INTEGER,
        stager               INTEGER,
        assigned_at          INTEGER,
        enrolling_user       INTEGER,
        staged_at            INTEGER,
        claimed_at           INTEGER,
        claimed_once         INTEGER NOT NULL,
        lock_reason          TEXT CHECK (lock_reason IN ('CREATE_MDM_ERROR', 'DEVICE_DENYLISTED', 'REENROLL_PREVENTED', 'REG_BOUND_TO_OTHER', 'REG_USER_MISMATCH', 'STAGING_USER_GONE')),
        lock_set_at          INTEGER,
        lock_user            INTEGER,
        pending_verification INTEGER NOT NULL,
        management           TEXT NOT NULL CHECK (management IN ('MDM', 'Unmanaged')),
        enrollment_key       TEXT UNIQUE,
        via                  TEXT NOT NULL CHECK (via IN ('AdminApi', 'AppleConfigurator', 'Barcode', 'DEP', 'DirectEnrollment', 'Hub')),
        work_profile         INTEGER NOT NULL,
        last_seen            INTEGER,
        -- One row, one assignment: somebody has the device, or somebody answers for it, or neither.
        CHECK (user IS NOT NULL OR assignment NOT IN ('Assigned', 'CheckedOut')),
        CHECK (user IS NULL OR assignment NOT IN ('Unassigned', 'StagedUnclaimed', 'MultiIdle')),
        CHECK (stager IS NOT NULL OR assignment NOT IN ('StagedUnclaimed', 'MultiIdle', 'CheckedOut')),
        CHECK ((lock_reason IS NULL) = (lock_set_at IS NULL))
    ) STRICT
    ;
INSERT INTO "device" VALUES(1,'3013ccfa-fad1-52a5-982e-0a7996ab7a57','Apple','A','C39DEP000001',NULL,'iPhone15,2','','',1,NULL,'Undefined','Enrolled','Assigned',1,NULL,1780315200000000,1,NULL,NULL,0,NULL,NULL,NULL,0,'MDM','A','Hub',0,NULL);
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
INSERT INTO "enrollment" VALUES('A','A','device','Enrolled','com.apple.mgmt.External.test',X'746F6B656E','magic',NULL,NULL,'C39DEP000001',NULL,8191,0,1,X'7B224D6F64656C223A226950686F6E6531352C32227D','session 1 of A',1780315200000000,1780315200000000,1780315200000000,NULL,X'3C61757468656E7469636174652F3E',X'3C746F6B656E2D7570646174652F3E');
CREATE TABLE enrollment_user (
        id                      INTEGER PRIMARY KEY AUTOINCREMENT,
        uuid                    TEXT NOT NULL UNIQUE,
        customer                INTEGER NOT NULL REFERENCES organization_group (id),
        user_name               TEXT NOT NULL COLLATE NOCASE CHECK (user_name <> ''),
        first_name              TEXT NOT NULL,
        last_name               TEXT NOT NULL,
        email                   TEXT NOT NULL COLLATE NOCASE,
        security_type           TEXT NOT NULL CHECK (security_type IN ('Basic', 'Directory')),
        status                  TEXT NOT NULL CHECK (status IN ('Active', 'Inactive', 'Locked')),
        organization_group      INTEGER NOT NULL REFERENCES organization_group (id),
        staging_type            TEXT NOT NULL CHECK (staging_type IN ('MultipleUserStaging', 'MultipleUserStagingSingleUserAdvanced', 'MultipleUserStagingSingleUserStandard', 'SingleUserStagingAdvanced', 'SingleUserStagingStandard', 'StagingDisabled')),
        password_hash           TEXT,
        shared_passcode_hash    TEXT,
        shared_passcode_expires INTEGER,
        UNIQUE (customer, user_name)
    ) STRICT
    ;
INSERT INTO "enrollment_user" VALUES(1,'uuid of ann',1,'ann','','','','Basic','Active',1,'StagingDisabled',NULL,NULL,NULL);
CREATE TABLE failed_device_login (
        attribute TEXT NOT NULL,
        value     TEXT NOT NULL,
        failures  INTEGER NOT NULL CHECK (failures > 0),
        last_at   INTEGER NOT NULL,
        PRIMARY KEY (attribute, value)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE failed_user_login (
        user     INTEGER PRIMARY KEY REFERENCES enrollment_user (id) ON DELETE CASCADE,
        failures INTEGER NOT NULL CHECK (failures > 0)
    ) STRICT
    ;
CREATE TABLE hub_session (
        sequence      INTEGER PRIMARY KEY AUTOINCREMENT,
        id            TEXT NOT NULL UNIQUE,
        step          TEXT NOT NULL CHECK (step IN ('Captcha', 'Credentials', 'Done', 'Expired', 'Group', 'GroupSelect', 'Install', 'OnBehalfUser', 'Ownership', 'Refused', 'StagingChoice', 'Start', 'TermsOfUse', 'Token')),
        
        udid          TEXT CHECK (udid <> ''),
        serial_number TEXT CHECK (serial_number <> ''),
        imei          TEXT CHECK (imei <> ''),
        udid_key      TEXT GENERATED ALWAYS AS (upper(replace(replace(trim(udid), ' ', ''), '-', ''))) VIRTUAL,
        serial_key    TEXT GENERATED ALWAYS AS (upper(replace(replace(trim(serial_number), ' ', ''), '-', ''))) VIRTUAL,
        imei_key      TEXT GENERATED ALWAYS AS (upper(replace(replace(trim(imei), ' ', ''), '-', ''))) VIRTUAL
,
        invitation_id TEXT UNIQUE,
        expires_at    INTEGER NOT NULL,
        document      BLOB NOT NULL
    ) STRICT
    ;
INSERT INTO "hub_session" VALUES(1,'session 1 of A','Done','A','C39DEP000001',NULL,'session 1 of A',1780317000000000,X'7B2263617074636861223A6E756C6C2C226368616E6E656C223A22487562222C22646576696365223A7B22656E726F6C6C6D656E745F74797065223A224D444D222C226964656E74696669657273223A7B22696D6569223A6E756C6C2C2273657269616C5F6E756D626572223A22433339444550303030303031222C2275646964223A2241227D2C226D6F64656C223A226950686F6E6531352C32222C226F735F76657273696F6E223A2231372E34222C22706C6174666F726D223A224170706C65227D2C226465766963655F6964223A312C22657870697265735F6174223A22323032362D30362D30315431323A33303A30305A222C2267726F7570223A312C2267726F75705F63686F73656E223A66616C73652C226964223A2273657373696F6E2031206F662041222C22696E7669746174696F6E5F6964223A2273657373696F6E2031206F662041222C226D6F6465223A224E6F6E65222C226F6E5F626568616C66223A6E756C6C2C226F776E657273686970223A6E756C6C2C2273746570223A22446F6E65222C227465726D735F6163636570746564223A66616C73652C22746F6B656E5F726567697374726174696F6E223A6E756C6C2C2275736572223A317D');
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
INSERT INTO "invitation" VALUES('session 1 of A','1e33448d13863e1fbb4f0673a83242a449969d886499862f677c11690afc58b8',1780315200000000,1780318800000000,1,1,0,'A',NULL,8191,NULL,0,X'7B7D');
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
INSERT INTO "issuance" VALUES('certificate of session 1 of A','95cc5a7cd7d5a652e5b690302872df7afd10fc991318dec8505f2a3313d3da3a',X'','Issued','679c96cc43aa71d728e7a187d451d657','CN=certificate of session 1 of A',1780315200000000,1811851200000000,'a8c51b64927f2e400a006c928c70053edd142311ecfebfafd7662f6970162cd0','A','session 1 of A',NULL,1780315200000000,'53ddfe6c6e3532cfadeb1e06038e97f908e00561efbb0e331fff4b2295804359');
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
INSERT INTO "journal" VALUES(1,1780315200000000,'invitation.created','','A','','127.0.0.1','r1',X'7B22696E7669746174696F6E223A2273657373696F6E2031206F662041222C226D61785F75736573223A317D');
INSERT INTO "journal" VALUES(2,1780315200000000,'scep.recorded','','A','','127.0.0.1','r1',X'7B2272656E6577616C223A66616C73652C2273657269616C5F6E756D626572223A223637396339366363343361613731643732386537613138376434353164363537222C227472616E73616374696F6E223A226365727469666963617465206F662073657373696F6E2031206F662041227D');
INSERT INTO "journal" VALUES(3,1780315200000000,'scep.issued','','A','53ddfe6c6e3532cf','127.0.0.1','r1',X'7B2273657269616C5F6E756D626572223A223637396339366363343361613731643732386537613138376434353164363537222C227472616E73616374696F6E223A226365727469666963617465206F662073657373696F6E2031206F662041227D');
INSERT INTO "journal" VALUES(4,1780315200000000,'certificate.current','','A','53ddfe6c6e3532cf','127.0.0.1','r1',X'7B7D');
INSERT INTO "journal" VALUES(5,1780315200000000,'enroll.authenticated','','A','53ddfe6c6e3532cf','127.0.0.1','r1',X'7B2273657269616C5F6E756D626572223A22433339444550303030303031227D');
INSERT INTO "journal" VALUES(6,1780315200000000,'registration.bound','','A','','127.0.0.1','r1',X'7B2275736572223A22616E6E227D');
INSERT INTO "journal" VALUES(7,1780315200000000,'assignment.assigned','None','A','','127.0.0.1','r1',X'7B2275736572223A22616E6E227D');
INSERT INTO "journal" VALUES(8,1780315200000000,'enroll.enrolled','','A','53ddfe6c6e3532cf','127.0.0.1','r1',X'7B22656E726F6C6C6D656E74223A2241227D');
CREATE TABLE list_entry (
        id                 INTEGER PRIMARY KEY AUTOINCREMENT,
        kind               TEXT NOT NULL CHECK (kind IN ('Allow', 'Deny')),
        attribute          TEXT NOT NULL CHECK (attribute IN ('IMEI', 'PLATFORM', 'SERIAL_NUMBER', 'UDID')),
        value              TEXT NOT NULL CHECK (value <> ''),
        value_key          TEXT GENERATED ALWAYS AS (upper(replace(replace(trim(value), ' ', ''), '-', ''))) VIRTUAL,
        organization_group INTEGER NOT NULL REFERENCES organization_group (id),
        ownership          TEXT CHECK (ownership IN ('C', 'E', 'S', 'Undefined')),
        enrollment_group   INTEGER REFERENCES organization_group (id)
    ) STRICT
    ;
CREATE TABLE membership (
        user       INTEGER NOT NULL REFERENCES enrollment_user (id) ON DELETE CASCADE,
        user_group INTEGER NOT NULL REFERENCES user_group (id) ON DELETE CASCADE,
        PRIMARY KEY (user, user_group)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE operation (
        sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
        device      INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
        name        TEXT NOT NULL,
        type        TEXT NOT NULL,
        parameters  BLOB NOT NULL,
        state       TEXT NOT NULL CHECK (state IN ('Cancelled', 'Done', 'Failed', 'Queued', 'Sent')),
        queued_at   INTEGER NOT NULL,
        sent_at     INTEGER,
        answered_at INTEGER,
        answer      BLOB NOT NULL,
        UNIQUE (device, name)
    ) STRICT
    ;
CREATE TABLE organization_group (
        id        INTEGER PRIMARY KEY AUTOINCREMENT,
        uuid      TEXT NOT NULL UNIQUE,
        group_id  TEXT NOT NULL UNIQUE COLLATE NOCASE,
        name      TEXT NOT NULL,
        type      TEXT NOT NULL,
        parent    INTEGER REFERENCES organization_group (id) CHECK (parent <> id),
        overrides BLOB NOT NULL
    ) STRICT
    ;
INSERT INTO "organization_group" VALUES(1,'6d646d73-696d-4000-8000-000000000001','MDMSIM','mdmsim','Customer',NULL,X'7B7D');
CREATE TABLE parting_command (
        enrollment   TEXT NOT NULL,
        command_uuid TEXT NOT NULL,
        PRIMARY KEY (enrollment, command_uuid),
        FOREIGN KEY (enrollment, command_uuid) REFERENCES command (enrollment, command_uuid) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE profile (
        identifier         TEXT PRIMARY KEY,
        uuid               TEXT NOT NULL,
        display_name       TEXT NOT NULL,
        raw                BLOB NOT NULL,
        removal_disallowed INTEGER NOT NULL,
        stored_at          INTEGER NOT NULL
    ) STRICT
    ;
CREATE TABLE program_assignment (
        serial_number TEXT PRIMARY KEY COLLATE NOCASE,
        profile       INTEGER NOT NULL REFERENCES program_profile (id)
    ) STRICT, WITHOUT ROWID
    ;
INSERT INTO "program_assignment" VALUES('C39DEP000001',1);
CREATE TABLE program_profile (
        id       INTEGER PRIMARY KEY AUTOINCREMENT,
        uuid     TEXT NOT NULL UNIQUE,
        name     TEXT NOT NULL UNIQUE COLLATE NOCASE,
        document BLOB NOT NULL
    ) STRICT
    ;
INSERT INTO "program_profile" VALUES(1,'p','corporate',X'7B2261757468656E7469636174696F6E5F7265717569726564223A66616C73652C2264656661756C745F75736572223A312C2267726F7570223A312C226964223A302C226D616E6461746F7279223A66616C73652C226D696E696D756D5F6F73223A2231382E31222C226E616D65223A22636F72706F72617465222C2272656D6F7661626C65223A747275652C22736B69705F73657475705F6974656D73223A5B224170706C654944225D2C2273757065727669736564223A66616C73652C2275756964223A2270227D');
CREATE TABLE registration (
        id                 INTEGER PRIMARY KEY AUTOINCREMENT,
        uuid               TEXT NOT NULL UNIQUE,
        user               INTEGER REFERENCES enrollment_user (id) ON DELETE CASCADE,
        organization_group INTEGER NOT NULL REFERENCES organization_group (id),
        platform           TEXT CHECK (platform IN ('Android', 'Apple')),
        
        udid          TEXT CHECK (udid <> ''),
        serial_number TEXT CHECK (serial_number <> ''),
        imei          TEXT CHECK (imei <> ''),
        udid_key      TEXT GENERATED ALWAYS AS (upper(replace(replace(trim(udid), ' ', ''), '-', ''))) VIRTUAL,
        serial_key    TEXT GENERATED ALWAYS AS (upper(replace(replace(trim(serial_number), ' ', ''), '-', ''))) VIRTUAL,
        imei_key      TEXT GENERATED ALWAYS AS (upper(replace(replace(trim(imei), ' ', ''), '-', ''))) VIRTUAL
,
        ownership          TEXT CHECK (ownership IN ('C', 'E', 'S', 'Undefined')),
        friendly_name      TEXT NOT NULL,
        state              TEXT NOT NULL CHECK (state IN ('Active', 'Bound', 'Expired')),
        token_hash         TEXT UNIQUE,
        token_type         TEXT CHECK (token_type IN ('SingleFactor', 'TwoFactor')),
        token_expires_at   INTEGER,
        token_state        TEXT CHECK (token_state IN ('active', 'expired', 'revoked', 'used')),
        device             INTEGER REFERENCES device (id) ON DELETE SET NULL,
        created_at         INTEGER,
        CHECK ((token_hash IS NULL) = (token_state IS NULL))
    ) STRICT
    ;
INSERT INTO "registration" VALUES(1,'8d94fac1-6e5b-5435-aea4-24c006e0af55',1,1,'Apple','A','C39DEP000001',NULL,'Undefined','','Bound',NULL,NULL,NULL,NULL,1,1780315200000000);
INSERT INTO "registration" VALUES(2,'registration 2',1,1,'Apple',NULL,'C39DEP000002',NULL,'Undefined','','Active',NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE replaced_token (
        sequence   INTEGER PRIMARY KEY,
        enrollment TEXT NOT NULL REFERENCES enrollment (key),
        digest     TEXT NOT NULL,
        UNIQUE (enrollment, digest)
    ) STRICT
    ;
CREATE TABLE user_group (
        id                 INTEGER PRIMARY KEY AUTOINCREMENT,
        uuid               TEXT NOT NULL UNIQUE,
        name               TEXT NOT NULL COLLATE NOCASE,
        organization_group INTEGER NOT NULL REFERENCES organization_group (id),
        enrollment_group   INTEGER REFERENCES organization_group (id),
        rank               INTEGER NOT NULL,
        UNIQUE (organization_group, name)
    ) STRICT
    ;
CREATE TABLE wipe (
        id                   INTEGER PRIMARY KEY AUTOINCREMENT,
        device               INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
        organization_group   INTEGER NOT NULL REFERENCES organization_group (id),
        kind                 TEXT NOT NULL CHECK (kind IN ('DeviceWipe', 'EnterpriseWipe')),
        state                TEXT NOT NULL CHECK (state IN ('Done', 'OnHold', 'Rejected', 'Requested', 'Sent')),
        requested_at         INTEGER NOT NULL,
        requested_by         TEXT NOT NULL,
        decided_at           INTEGER,
        decided_by           TEXT NOT NULL
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
CREATE INDEX groups_of_parent ON organization_group (parent);
CREATE INDEX users_of_name ON enrollment_user (user_name);
CREATE INDEX members_of_group ON membership (user_group);
CREATE INDEX registration_of_udid_key ON registration (udid_key) WHERE udid_key IS NOT NULL;
CREATE INDEX registration_of_serial_key ON registration (serial_key) WHERE serial_key IS NOT NULL;
CREATE INDEX registration_of_imei_key ON registration (imei_key) WHERE imei_key IS NOT NULL;
CREATE INDEX registrations_of_user ON registration (user);
CREATE INDEX registrations_of_device ON registration (device) WHERE device IS NOT NULL;
CREATE UNIQUE INDEX one_entry_each ON list_entry (attribute, value_key, kind, organization_group);
CREATE INDEX device_of_udid_key ON device (udid_key) WHERE udid_key IS NOT NULL;
CREATE INDEX device_of_serial_key ON device (serial_key) WHERE serial_key IS NOT NULL;
CREATE INDEX device_of_imei_key ON device (imei_key) WHERE imei_key IS NOT NULL;
CREATE UNIQUE INDEX one_device_of_serial_number ON device (platform, serial_key) WHERE serial_key IS NOT NULL;
CREATE INDEX devices_of_user ON device (user) WHERE user IS NOT NULL;
CREATE INDEX devices_of_stager ON device (stager) WHERE stager IS NOT NULL;
CREATE INDEX devices_of_group ON device (organization_group);
CREATE TRIGGER device_is_claimed_once BEFORE UPDATE ON device
    WHEN NEW.claimed_once AND (
        (NOT OLD.claimed_once AND OLD.assignment <> 'StagedUnclaimed')
        OR (OLD.claimed_once AND NEW.claimed_at IS NOT OLD.claimed_at)
    )
    BEGIN SELECT RAISE(ABORT, 'a device is claimed once'); END;
CREATE INDEX failed_device_logins_by_age ON failed_device_login (last_at);
CREATE INDEX hub_session_of_udid_key ON hub_session (udid_key) WHERE udid_key IS NOT NULL;
CREATE INDEX hub_session_of_serial_key ON hub_session (serial_key) WHERE serial_key IS NOT NULL;
CREATE INDEX hub_session_of_imei_key ON hub_session (imei_key) WHERE imei_key IS NOT NULL;
CREATE INDEX hub_sessions_by_end ON hub_session (expires_at);
CREATE UNIQUE INDEX one_open_wipe ON wipe (device) WHERE state IN ('OnHold', 'Requested', 'Sent');
CREATE INDEX wipes_of_group ON wipe (organization_group, requested_at);
CREATE INDEX assignments_of_profile ON program_assignment (profile);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('organization_group',1);
INSERT INTO "sqlite_sequence" VALUES('enrollment_user',1);
INSERT INTO "sqlite_sequence" VALUES('journal',8);
INSERT INTO "sqlite_sequence" VALUES('hub_session',1);
INSERT INTO "sqlite_sequence" VALUES('certificate',1);
INSERT INTO "sqlite_sequence" VALUES('device',1);
INSERT INTO "sqlite_sequence" VALUES('registration',2);
INSERT INTO "sqlite_sequence" VALUES('program_profile',1);
COMMIT;
