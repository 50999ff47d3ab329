-- One app at one gateway in one mode, with the facts of its four steps.
CREATE TABLE connections (
    id BLOB NOT NULL PRIMARY KEY,
    company_id BLOB NOT NULL REFERENCES companies (id),
    app_id BLOB NOT NULL REFERENCES apps (id),
    gateway TEXT NOT NULL CHECK (gateway IN ('razorpay', 'standard-webhooks')),
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    currency TEXT NOT NULL,
    endpoint TEXT NOT NULL UNIQUE,
    is_enabled INTEGER NOT NULL,
    key_id TEXT,
    key_secret BLOB,
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

-- The SECRETs of a connection, sealed: one active, any number draining.
CREATE TABLE secrets (
    id BLOB NOT NULL PRIMARY KEY,
    connection_id BLOB NOT NULL REFERENCES connections (id),
    sealed BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'draining')),
    until INTEGER,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX secrets_of_connection ON secrets (connection_id);
CREATE UNIQUE INDEX secrets_one_active ON secrets (connection_id) WHERE state = 'active';

-- What was seen at a connection's endpoint. version rises with every change, so that a page knows when to look again.
CREATE TABLE evidence (
    connection_id BLOB NOT NULL PRIMARY KEY REFERENCES connections (id),
    verified_count INTEGER NOT NULL,
    first_verified_at INTEGER,
    last_verified_at INTEGER,
    refused_count INTEGER NOT NULL,
    last_refused_at INTEGER,
    last_refusal TEXT CHECK (last_refusal IN ('signature_missing', 'signature_malformed', 'signature_mismatch', 'time_out_of_tolerance')),
    failing_since INTEGER,
    failing_count INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;
