-- Rejected requests, grouped; events recovered from them; requests to unknown endpoints.

-- Requests of one connection rejected for one reason and cause, without a pause of an hour. count is of all requests; only some
-- are stored. cause has no CHECK: a binary shows one that it does not know as unknown. key_digest: a keyed digest of the key
-- that signed the requests, so that it cannot confirm a guess.
CREATE TABLE rejections (
    id BIGINT NOT NULL PRIMARY KEY,
    company_id BIGINT NOT NULL,
    app_id BIGINT NOT NULL,
    connection_id BIGINT NOT NULL REFERENCES connections (id),
    gateway TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    reason TEXT NOT NULL CHECK (reason IN ('signature_missing', 'signature_malformed', 'signature_mismatch', 'time_out_of_tolerance',
        'disabled', 'too_large', 'encoded', 'too_slow')),
    cause TEXT NOT NULL,
    secret_id BIGINT,
    other_connection_id BIGINT,
    key_digest BYTEA,
    detail TEXT,
    address TEXT NOT NULL,
    count BIGINT NOT NULL,
    recovered_count BIGINT NOT NULL DEFAULT 0,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
CREATE INDEX rejections_of_app ON rejections (app_id, mode, last_at, id);
CREATE INDEX rejections_of_connection ON rejections (connection_id, last_at);
CREATE INDEX rejections_by_time ON rejections (last_at);

-- digest: a keyed digest that identifies a repeated request. headers and body are sealed and bound to the row. eviction_rank
-- and sender decide what is evicted first, see rejections/eviction.rs; they stand before the sealed columns, so that they are
-- read without those.
CREATE TABLE rejected_requests (
    id BIGINT NOT NULL PRIMARY KEY,
    rejection_id BIGINT NOT NULL REFERENCES rejections (id),
    app_id BIGINT NOT NULL,
    connection_id BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    eviction_rank BIGINT NOT NULL,
    sender TEXT NOT NULL,
    address TEXT NOT NULL,
    size BIGINT,
    is_truncated BOOLEAN NOT NULL,
    bytes BIGINT NOT NULL,
    count BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    recovered_at BIGINT,
    headers BYTEA NOT NULL,
    body BYTEA NOT NULL,
    UNIQUE (rejection_id, digest)
);
CREATE INDEX rejected_requests_of_rejection ON rejected_requests (rejection_id, id);
CREATE INDEX rejected_requests_of_connection ON rejected_requests (connection_id, id);
CREATE INDEX rejected_requests_by_digest ON rejected_requests (connection_id, digest);
CREATE INDEX rejected_requests_by_time ON rejected_requests (received_at);

-- Events that were rejected first and recovered later, from which rejection and by whom.
CREATE TABLE recoveries (
    event_id BIGINT NOT NULL PRIMARY KEY REFERENCES events (id),
    app_id BIGINT NOT NULL,
    rejection_id BIGINT,
    rejected_at BIGINT NOT NULL,
    recovered_at BIGINT NOT NULL,
    recovered_by TEXT NOT NULL
);
CREATE INDEX recoveries_of_rejection ON recoveries (rejection_id, event_id);

-- Requests to unknown endpoints below /webhooks/: only counted.
CREATE TABLE unknown_endpoint_requests (
    name TEXT NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
