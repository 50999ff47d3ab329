-- One app at one gateway in one mode, with the facts of its four steps.
CREATE TABLE connections (
    id UUID NOT NULL PRIMARY KEY,
    company_id UUID NOT NULL REFERENCES companies (id),
    app_id UUID NOT NULL REFERENCES apps (id),
    gateway TEXT NOT NULL CHECK (gateway IN ('razorpay', 'standard-webhooks')),
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    currency TEXT NOT NULL,
    endpoint TEXT NOT NULL UNIQUE,
    is_enabled BOOLEAN NOT NULL,
    key_id TEXT,
    key_secret BYTEA,
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

-- The SECRETs of a connection, sealed: one active, any number draining.
CREATE TABLE secrets (
    id UUID NOT NULL PRIMARY KEY,
    connection_id UUID NOT NULL REFERENCES connections (id),
    sealed BYTEA NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'draining')),
    until BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX secrets_of_connection ON secrets (connection_id);
CREATE UNIQUE INDEX secrets_one_active ON secrets (connection_id) WHERE state = 'active';

-- What was seen at a connection's endpoint. version rises with every change, so that a page knows when to look again.
CREATE TABLE evidence (
    connection_id UUID NOT NULL PRIMARY KEY REFERENCES connections (id),
    verified_count BIGINT NOT NULL,
    first_verified_at BIGINT,
    last_verified_at BIGINT,
    refused_count BIGINT NOT NULL,
    last_refused_at BIGINT,
    last_refusal TEXT CHECK (last_refusal IN ('signature_missing', 'signature_malformed', 'signature_mismatch', 'time_out_of_tolerance')),
    failing_since BIGINT,
    failing_count BIGINT NOT NULL,
    version BIGINT NOT NULL
);
