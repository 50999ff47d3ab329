-- Connections of apps to gateways: set-up steps, secrets, activity, and the versions that servers cache by.

-- One app at one gateway in one mode, with the facts of its four set-up steps. gateway is checked by the program, so that a new
-- gateway needs no migration. keys_state is that of its credentials; null if none are stored.
CREATE TABLE connections (
    id INTEGER NOT NULL PRIMARY KEY,
    company_id INTEGER NOT NULL REFERENCES companies (id),
    app_id INTEGER NOT NULL REFERENCES apps (id),
    gateway TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    currency TEXT NOT NULL,
    endpoint TEXT NOT NULL UNIQUE,
    is_enabled INTEGER NOT NULL,
    keys_state TEXT CHECK (keys_state IN ('accepted', 'unchecked')),
    keys_at INTEGER,
    payment_modes TEXT NOT NULL,
    webhook_done_by TEXT,
    webhook_done_at INTEGER,
    integration_done_by TEXT,
    integration_done_at INTEGER,
    created_at INTEGER NOT NULL,
    UNIQUE (app_id, gateway, mode)
) STRICT;
CREATE INDEX connections_of_company ON connections (company_id, app_id);

-- The credentials of a gateway's API: a row for each field that its profile declares. A field has value if pages show it; a
-- secret one has sealed, under the master key and bound to connection and field.
CREATE TABLE credentials (
    connection_id INTEGER NOT NULL REFERENCES connections (id),
    field TEXT NOT NULL,
    value TEXT,
    sealed BLOB,
    PRIMARY KEY (connection_id, field),
    CHECK ((value IS NULL) <> (sealed IS NULL))
) STRICT, WITHOUT ROWID;

-- Webhook secrets, sealed. One of a connection is active; others are valid until valid_until, or until they are retired where
-- that is null. Expired and retired ones are kept for diagnosis. created_by and retired_by are names of users. replaced_at: when
-- another secret became the active one; reactivated_at: when this one became it again.
CREATE TABLE secrets (
    id INTEGER NOT NULL PRIMARY KEY,
    connection_id INTEGER NOT NULL REFERENCES connections (id),
    sealed BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'additional')),
    valid_until INTEGER,
    origin TEXT NOT NULL CHECK (origin IN ('generated', 'imported', 'adopted')),
    created_by TEXT,
    created_at INTEGER NOT NULL,
    replaced_at INTEGER,
    reactivated_at INTEGER,
    retired_by TEXT,
    retired_at INTEGER
) STRICT;
CREATE INDEX secrets_of_connection ON secrets (connection_id);
CREATE UNIQUE INDEX secrets_one_active ON secrets (connection_id) WHERE state = 'active';

-- When a secret first and last verified a request. A table of its own: a change of secrets makes every server read them again.
CREATE TABLE secret_usage (
    connection_id INTEGER NOT NULL,
    secret_id INTEGER NOT NULL,
    first_verified_at INTEGER NOT NULL,
    last_verified_at INTEGER NOT NULL,
    PRIMARY KEY (connection_id, secret_id)
) STRICT, WITHOUT ROWID;

-- What arrived at a connection's endpoint. version rises with every change, so that a page knows when to read again.
-- rejected_since and rejected_streak: requests rejected since the last verified event, from any sender. failing_since and
-- failing_count: those of them that are proven to be the connection's own; last_proven_at is the time of the newest and
-- failing_rejection_id its rejection. baseline_*: when the current window of the traffic baseline began, its minutes with
-- events, and its longest pause (ms); previous_*: the same of the window before it.
-- account: the gateway account of the first event that named one; other_account: the last one that is not expected.
CREATE TABLE activity (
    connection_id INTEGER NOT NULL PRIMARY KEY REFERENCES connections (id),
    verified_count INTEGER NOT NULL,
    first_verified_at INTEGER,
    last_verified_at INTEGER,
    rejected_count INTEGER NOT NULL,
    last_rejected_at INTEGER,
    last_reason TEXT CHECK (last_reason IN ('signature_missing', 'signature_malformed', 'signature_mismatch', 'time_out_of_tolerance')),
    rejected_since INTEGER,
    rejected_streak INTEGER NOT NULL DEFAULT 0,
    failing_since INTEGER,
    failing_count INTEGER NOT NULL,
    last_proven_at INTEGER,
    failing_rejection_id INTEGER,
    baseline_since INTEGER,
    baseline_minutes INTEGER NOT NULL DEFAULT 0,
    baseline_pause INTEGER NOT NULL DEFAULT 0,
    previous_since INTEGER,
    previous_minutes INTEGER NOT NULL DEFAULT 0,
    previous_pause INTEGER NOT NULL DEFAULT 0,
    account TEXT,
    other_account TEXT,
    other_account_at INTEGER,
    version INTEGER NOT NULL
) STRICT;

-- Gateway accounts whose events are expected in addition to that of the first event: users accepted them.
CREATE TABLE accepted_accounts (
    connection_id INTEGER NOT NULL REFERENCES connections (id),
    account TEXT NOT NULL,
    accepted_at INTEGER NOT NULL,
    PRIMARY KEY (connection_id, account)
) STRICT, WITHOUT ROWID;

-- The last URL check of a connection; findings is JSON.
CREATE TABLE url_checks (
    connection_id INTEGER NOT NULL PRIMARY KEY REFERENCES connections (id),
    url TEXT NOT NULL,
    findings TEXT NOT NULL,
    checked_at INTEGER NOT NULL
) STRICT;

-- The version of what decides about an arriving request: endpoints, secrets, whether connections and apps are enabled, and the
-- time zones of apps.
-- Servers cache these and compare the version. It rises by a random step, so that a restored copy of the database never comes
-- to a version that another state had. Triggers raise it, so that no change is missed.
CREATE TABLE versions (
    name TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT;
INSERT INTO versions (name, version) VALUES ('endpoints', 1);

CREATE TRIGGER endpoints_app AFTER UPDATE OF is_enabled, time_zone, next_time_zone ON apps
BEGIN UPDATE versions SET version = version + 1 + abs(random() % 1000000) WHERE name = 'endpoints'; END;
CREATE TRIGGER endpoints_connection_added AFTER INSERT ON connections
BEGIN UPDATE versions SET version = version + 1 + abs(random() % 1000000) WHERE name = 'endpoints'; END;
CREATE TRIGGER endpoints_connection_changed AFTER UPDATE OF endpoint, is_enabled ON connections
BEGIN UPDATE versions SET version = version + 1 + abs(random() % 1000000) WHERE name = 'endpoints'; END;
CREATE TRIGGER endpoints_connection_removed AFTER DELETE ON connections
BEGIN UPDATE versions SET version = version + 1 + abs(random() % 1000000) WHERE name = 'endpoints'; END;
CREATE TRIGGER endpoints_secret_added AFTER INSERT ON secrets
BEGIN UPDATE versions SET version = version + 1 + abs(random() % 1000000) WHERE name = 'endpoints'; END;
CREATE TRIGGER endpoints_secret_changed AFTER UPDATE ON secrets
BEGIN UPDATE versions SET version = version + 1 + abs(random() % 1000000) WHERE name = 'endpoints'; END;
CREATE TRIGGER endpoints_secret_removed AFTER DELETE ON secrets
BEGIN UPDATE versions SET version = version + 1 + abs(random() % 1000000) WHERE name = 'endpoints'; END;
