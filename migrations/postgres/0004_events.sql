-- Authentic requests. identity is what makes two of them the same, locality keeps its index nearly in the order of time;
-- both are pure functions of what was sent: see gateways/adapter.rs.
CREATE TABLE events (
    id UUID NOT NULL PRIMARY KEY,
    company_id UUID NOT NULL,
    app_id UUID NOT NULL,
    connection_id UUID NOT NULL REFERENCES connections (id),
    gateway TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    gateway_event_id TEXT,
    event_type TEXT,
    locality TEXT NOT NULL,
    identity BYTEA NOT NULL,
    body_sha256 BYTEA NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('quarantined', 'conflict', 'unhandled', 'processed')),
    fault TEXT,
    conflict_with UUID,
    transaction_id UUID,
    amount_subunits BIGINT,
    currency TEXT,
    secret_id UUID NOT NULL,
    receipts BIGINT NOT NULL,
    is_flagged BOOLEAN NOT NULL,
    occurred_at BIGINT,
    received_at BIGINT NOT NULL,
    last_received_at BIGINT NOT NULL,
    UNIQUE (connection_id, locality, identity)
);
CREATE INDEX events_of_app ON events (app_id, mode, id);
CREATE INDEX events_of_connection ON events (connection_id, id);
CREATE INDEX events_of_transaction ON events (transaction_id, id);

-- The exact octets, in a table of their own so that lists stay narrow.
CREATE TABLE event_payloads (
    event_id UUID NOT NULL PRIMARY KEY REFERENCES events (id),
    headers TEXT NOT NULL,
    body BYTEA NOT NULL
);

-- Every id a gateway has used at a connection, and the event that had it first.
CREATE TABLE event_ids (
    connection_id UUID NOT NULL,
    gateway_event_id TEXT NOT NULL,
    event_id UUID NOT NULL REFERENCES events (id),
    PRIMARY KEY (connection_id, gateway_event_id)
);
