-- Connections of apps to gateways: set-up steps, secrets, activity, and the versions that servers cache by.

-- One app at one gateway in one mode, with the facts of its four set-up steps. gateway is checked by the program, so that a new
-- gateway needs no migration. keys_state is that of its credentials; null if none are stored.
CREATE TABLE connections (
    id BIGINT NOT NULL PRIMARY KEY,
    company_id BIGINT NOT NULL REFERENCES companies (id),
    app_id BIGINT NOT NULL REFERENCES apps (id),
    gateway TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    currency TEXT NOT NULL,
    endpoint TEXT NOT NULL UNIQUE,
    is_enabled BOOLEAN NOT NULL,
    keys_state TEXT CHECK (keys_state IN ('accepted', 'unchecked')),
    keys_at BIGINT,
    payment_modes TEXT NOT NULL,
    webhook_done_by TEXT,
    webhook_done_at BIGINT,
    integration_done_by TEXT,
    integration_done_at BIGINT,
    created_at BIGINT NOT NULL,
    UNIQUE (app_id, gateway, mode)
);
CREATE INDEX connections_of_company ON connections (company_id, app_id);

-- The credentials of a gateway's API: a row for each field that its profile declares. A field has value if pages show it; a
-- secret one has sealed, under the master key and bound to connection and field.
CREATE TABLE credentials (
    connection_id BIGINT NOT NULL REFERENCES connections (id),
    field TEXT NOT NULL,
    value TEXT,
    sealed BYTEA,
    PRIMARY KEY (connection_id, field),
    CHECK ((value IS NULL) <> (sealed IS NULL))
);

-- Webhook secrets, sealed. One of a connection is active; others are valid until valid_until, or until they are retired where
-- that is null. Expired and retired ones are kept for diagnosis. created_by and retired_by are names of users. replaced_at: when
-- another secret became the active one; reactivated_at: when this one became it again.
CREATE TABLE secrets (
    id BIGINT NOT NULL PRIMARY KEY,
    connection_id BIGINT NOT NULL REFERENCES connections (id),
    sealed BYTEA NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'additional')),
    valid_until BIGINT,
    origin TEXT NOT NULL CHECK (origin IN ('generated', 'imported', 'adopted')),
    created_by TEXT,
    created_at BIGINT NOT NULL,
    replaced_at BIGINT,
    reactivated_at BIGINT,
    retired_by TEXT,
    retired_at BIGINT
);
CREATE INDEX secrets_of_connection ON secrets (connection_id);
CREATE UNIQUE INDEX secrets_one_active ON secrets (connection_id) WHERE state = 'active';

-- When a secret first and last verified a request. A table of its own: a change of secrets makes every server read them again.
CREATE TABLE secret_usage (
    connection_id BIGINT NOT NULL,
    secret_id BIGINT NOT NULL,
    first_verified_at BIGINT NOT NULL,
    last_verified_at BIGINT NOT NULL,
    PRIMARY KEY (connection_id, secret_id)
);

-- What arrived at a connection's endpoint. version rises with every change, so that a page knows when to read again.
-- rejected_since and rejected_streak: requests rejected since the last verified event, from any sender. failing_since and
-- failing_count: those of them that are proven to be the connection's own; last_proven_at is the time of the newest and
-- failing_rejection_id its rejection. baseline_*: when the current window of the traffic baseline began, its minutes with
-- events, and its longest pause (ms); previous_*: the same of the window before it.
-- account: the gateway account of the first event that named one; other_account: the last one that is not expected.
CREATE TABLE activity (
    connection_id BIGINT NOT NULL PRIMARY KEY REFERENCES connections (id),
    verified_count BIGINT NOT NULL,
    first_verified_at BIGINT,
    last_verified_at BIGINT,
    rejected_count BIGINT NOT NULL,
    last_rejected_at BIGINT,
    last_reason TEXT CHECK (last_reason IN ('signature_missing', 'signature_malformed', 'signature_mismatch', 'time_out_of_tolerance')),
    rejected_since BIGINT,
    rejected_streak BIGINT NOT NULL DEFAULT 0,
    failing_since BIGINT,
    failing_count BIGINT NOT NULL,
    last_proven_at BIGINT,
    failing_rejection_id BIGINT,
    baseline_since BIGINT,
    baseline_minutes BIGINT NOT NULL DEFAULT 0,
    baseline_pause BIGINT NOT NULL DEFAULT 0,
    previous_since BIGINT,
    previous_minutes BIGINT NOT NULL DEFAULT 0,
    previous_pause BIGINT NOT NULL DEFAULT 0,
    account TEXT,
    other_account TEXT,
    other_account_at BIGINT,
    version BIGINT NOT NULL
);

-- Gateway accounts whose events are expected in addition to that of the first event: users accepted them.
CREATE TABLE accepted_accounts (
    connection_id BIGINT NOT NULL REFERENCES connections (id),
    account TEXT NOT NULL,
    accepted_at BIGINT NOT NULL,
    PRIMARY KEY (connection_id, account)
);

-- The last URL check of a connection; findings is JSON.
CREATE TABLE url_checks (
    connection_id BIGINT NOT NULL PRIMARY KEY REFERENCES connections (id),
    url TEXT NOT NULL,
    findings TEXT NOT NULL,
    checked_at BIGINT NOT NULL
);

-- The version of what decides about an arriving request: endpoints, secrets, whether connections and apps are enabled, and the
-- time zones of apps.
-- Servers cache these and compare the version. It rises by a random step, so that a restored copy of the database never comes
-- to a version that another state had. Triggers raise it, so that no change is missed.
CREATE TABLE versions (
    name TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);
INSERT INTO versions (name, version) VALUES ('endpoints', 1);

CREATE FUNCTION endpoints_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE versions SET version = version + 1 + floor(random() * 1000000)::bigint WHERE name = 'endpoints';
    PERFORM pg_notify('ks_pay_endpoints', '');
    RETURN NULL;
END
$$;

CREATE TRIGGER endpoints_app AFTER UPDATE OF is_enabled, time_zone, next_time_zone ON apps
FOR EACH STATEMENT EXECUTE FUNCTION endpoints_changed();
CREATE TRIGGER endpoints_connection_added AFTER INSERT OR DELETE ON connections
FOR EACH STATEMENT EXECUTE FUNCTION endpoints_changed();
CREATE TRIGGER endpoints_connection_changed AFTER UPDATE OF endpoint, is_enabled ON connections
FOR EACH STATEMENT EXECUTE FUNCTION endpoints_changed();
CREATE TRIGGER endpoints_secret AFTER INSERT OR UPDATE OR DELETE ON secrets
FOR EACH STATEMENT EXECUTE FUNCTION endpoints_changed();
