-- Rejected requests, grouped; events recovered from them; requests to unknown endpoints.

-- Requests of one connection rejected for one reason and cause, without a pause of an hour. count is of all requests; only some
-- are stored. cause has no CHECK: a binary shows one that it does not know as unknown. key_digest: a keyed digest of the key
-- that signed the requests, so that it cannot confirm a guess. WITHOUT ROWID for the same reason as transactions.
CREATE TABLE rejections (
    id INTEGER NOT NULL PRIMARY KEY,
    company_id INTEGER NOT NULL,
    app_id INTEGER NOT NULL,
    connection_id INTEGER NOT NULL REFERENCES connections (id),
    gateway TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    reason TEXT NOT NULL CHECK (reason IN ('signature_missing', 'signature_malformed', 'signature_mismatch', 'time_out_of_tolerance',
        'disabled', 'too_large', 'encoded', 'too_slow')),
    cause TEXT NOT NULL,
    secret_id INTEGER,
    other_connection_id INTEGER,
    key_digest BLOB,
    detail TEXT,
    address TEXT NOT NULL,
    count INTEGER NOT NULL,
    recovered_count INTEGER NOT NULL DEFAULT 0,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX rejections_of_app ON rejections (app_id, mode, last_at, id);
CREATE INDEX rejections_of_connection ON rejections (connection_id, last_at);
CREATE INDEX rejections_by_time ON rejections (last_at);

-- digest: a keyed digest that identifies a repeated request. headers and body are sealed and bound to the row. eviction_rank
-- and sender decide what is evicted first, see rejections/eviction.rs; they stand before the sealed columns, so that they are
-- read without those.
CREATE TABLE rejected_requests (
    id INTEGER NOT NULL PRIMARY KEY,
    rejection_id INTEGER NOT NULL REFERENCES rejections (id),
    app_id INTEGER NOT NULL,
    connection_id INTEGER NOT NULL,
    digest BLOB NOT NULL,
    eviction_rank INTEGER NOT NULL,
    sender TEXT NOT NULL,
    address TEXT NOT NULL,
    size INTEGER,
    is_truncated INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    count INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    recovered_at INTEGER,
    headers BLOB NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (rejection_id, digest)
) STRICT;
CREATE INDEX rejected_requests_of_rejection ON rejected_requests (rejection_id);
CREATE INDEX rejected_requests_of_connection ON rejected_requests (connection_id);
CREATE INDEX rejected_requests_by_digest ON rejected_requests (connection_id, digest);
CREATE INDEX rejected_requests_by_time ON rejected_requests (received_at);

-- Events that were rejected first and recovered later, from which rejection and by whom.
CREATE TABLE recoveries (
    event_id INTEGER NOT NULL PRIMARY KEY REFERENCES events (id),
    app_id INTEGER NOT NULL,
    rejection_id INTEGER,
    rejected_at INTEGER NOT NULL,
    recovered_at INTEGER NOT NULL,
    recovered_by TEXT NOT NULL
) STRICT;
CREATE INDEX recoveries_of_rejection ON recoveries (rejection_id);

-- Requests to unknown endpoints below /webhooks/: only counted.
CREATE TABLE unknown_endpoint_requests (
    name TEXT NOT NULL PRIMARY KEY,
    count INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT;
