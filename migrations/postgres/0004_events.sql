-- Events: authentic requests, their exact bytes, and the gateway's event ids.

-- (dedupe_prefix, dedupe_key) identifies an event at its connection; both are pure functions of the request, see
-- gateways/adapter.rs. The prefix keeps the index nearly in the order of time. body_sha256: null where it is the dedupe_key.
-- is_flagged: the same body came with another event id, or without one. subject_*: the refund or dispute that the event
-- reports, and the status in which it reports it, or its payment. references_json: those of the payment that the event
-- reports. part: the index of the event in a request with several, whose body is stored once, under request_id; null where the
-- body is the event, or where request_id is the event's own id. No foreign key to connections, which are never deleted: a unit
-- of work would check it for every row.
CREATE TABLE events (
    id BIGINT NOT NULL PRIMARY KEY,
    connection_id BIGINT NOT NULL,
    gateway_event_id TEXT,
    event_type TEXT,
    dedupe_prefix TEXT NOT NULL,
    dedupe_key BYTEA NOT NULL,
    body_sha256 BYTEA,
    state TEXT NOT NULL CHECK (state IN ('quarantined', 'conflict', 'unhandled', 'processed')),
    fault TEXT,
    conflict_with BIGINT,
    transaction_id BIGINT,
    amount_subunits BIGINT,
    currency TEXT,
    reference TEXT,
    subject_id TEXT,
    subject_status TEXT,
    references_json TEXT,
    secret_id BIGINT NOT NULL,
    received_count BIGINT NOT NULL,
    is_flagged BOOLEAN NOT NULL,
    occurred_at BIGINT,
    is_time_borrowed BOOLEAN NOT NULL,
    request_id BIGINT,
    part BIGINT,
    received_at BIGINT NOT NULL,
    last_received_at BIGINT NOT NULL,
    UNIQUE (connection_id, dedupe_prefix, dedupe_key)
);
CREATE INDEX events_of_connection ON events (connection_id, id);
CREATE INDEX events_of_transaction ON events (transaction_id, id) WHERE transaction_id IS NOT NULL;
CREATE INDEX events_by_reference ON events (connection_id, reference) WHERE reference IS NOT NULL;

-- Headers and exact signed bytes in one zstd frame (events/payload/mod.rs), apart from the events so that lists stay narrow.
-- request_id: the id of the request's first event, which has no row if only later events of the request were new.
CREATE TABLE event_payloads (
    request_id BIGINT NOT NULL PRIMARY KEY,
    received_at BIGINT NOT NULL,
    frame BYTEA NOT NULL
);

-- The dictionaries that the frames need, which are part of the program. A row is never changed or deleted.
CREATE TABLE payload_dictionaries (
    id BIGINT NOT NULL PRIMARY KEY,
    sha256 BYTEA NOT NULL
);

-- Every event id that a gateway has used at a connection, with the first event that had it.
CREATE TABLE event_ids (
    connection_id BIGINT NOT NULL,
    gateway_event_id TEXT COLLATE "C" NOT NULL,
    event_id BIGINT NOT NULL,
    PRIMARY KEY (connection_id, gateway_event_id)
);

-- Test events of KS Pay itself, which are also events. The constraint admits a test event once, on whichever server and whenever
-- its request arrives: the body holds a random nonce. millis: how long its request took; null until the sender has noted it.
CREATE TABLE test_events (
    event_id BIGINT NOT NULL PRIMARY KEY,
    app_id BIGINT NOT NULL,
    connection_id BIGINT NOT NULL,
    body_sha256 BYTEA NOT NULL,
    millis BIGINT,
    received_at BIGINT NOT NULL,
    UNIQUE (connection_id, body_sha256)
);
CREATE INDEX test_events_of_connection ON test_events (connection_id, event_id);
