-- Authentic requests. identity is what makes two of them the same, locality keeps its index nearly in the order of time;
-- both are pure functions of what was sent: see gateways/adapter.rs.
CREATE TABLE events (
    id BLOB NOT NULL PRIMARY KEY,
    company_id BLOB NOT NULL,
    app_id BLOB NOT NULL,
    connection_id BLOB NOT NULL REFERENCES connections (id),
    gateway TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    gateway_event_id TEXT,
    event_type TEXT,
    locality TEXT NOT NULL,
    identity BLOB NOT NULL,
    body_sha256 BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('quarantined', 'conflict', 'unhandled', 'processed')),
    fault TEXT,
    conflict_with BLOB,
    transaction_id BLOB,
    amount_subunits INTEGER,
    currency TEXT,
    secret_id BLOB NOT NULL,
    receipts INTEGER NOT NULL,
    is_flagged INTEGER NOT NULL,
    occurred_at INTEGER,
    received_at INTEGER NOT NULL,
    last_received_at INTEGER NOT NULL,
    UNIQUE (connection_id, locality, identity)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_of_app ON events (app_id, mode, id);
CREATE INDEX events_of_connection ON events (connection_id, id);
CREATE INDEX events_of_transaction ON events (transaction_id, id);

-- The exact octets, in a table of their own so that lists stay narrow.
CREATE TABLE event_payloads (
    event_id BLOB NOT NULL PRIMARY KEY REFERENCES events (id),
    headers TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;

-- Every id a gateway has used at a connection, and the event that had it first.
CREATE TABLE event_ids (
    connection_id BLOB NOT NULL,
    gateway_event_id TEXT NOT NULL,
    event_id BLOB NOT NULL REFERENCES events (id),
    PRIMARY KEY (connection_id, gateway_event_id)
) STRICT, WITHOUT ROWID;
