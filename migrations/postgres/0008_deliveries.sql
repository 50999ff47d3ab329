-- Destinations: the merchant's own systems, and what is sent to them.

-- A receiver of an app's events in one mode. connection_id: the gateway whose events it receives in the original format; null for
-- the normalized format, which all gateways have. is_resigned: the gateway's own headers are signed again with a secret of the
-- destination. events: types and groups of types, a list separated by spaces; empty for all. A deleted one stays, for
-- the history of events, and has no open delivery once they are canceled.
CREATE TABLE destinations (
    id BIGINT NOT NULL PRIMARY KEY,
    company_id BIGINT NOT NULL REFERENCES companies (id),
    app_id BIGINT NOT NULL REFERENCES apps (id),
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    format TEXT NOT NULL CHECK (format IN ('original', 'normalized')),
    connection_id BIGINT REFERENCES connections (id),
    is_resigned BOOLEAN NOT NULL,
    events TEXT NOT NULL,
    is_fifo BOOLEAN NOT NULL,
    concurrency BIGINT NOT NULL,
    per_second BIGINT,
    timeout_seconds BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'paused', 'deleted')),
    pause_reason TEXT CHECK (pause_reason IN ('user', 'gone', 'no_success')),
    paused_at BIGINT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK ((format = 'original') = (connection_id IS NOT NULL)),
    CHECK ((state = 'paused') = (pause_reason IS NOT NULL))
);
CREATE INDEX destinations_of_app ON destinations (app_id);
CREATE INDEX destinations_of_company ON destinations (company_id);
CREATE UNIQUE INDEX destinations_by_name ON destinations (app_id, mode, name) WHERE state <> 'deleted';

-- The secrets that sign what is sent, sealed. purpose: the Standard Webhooks signature, or the gateway's own one. The
-- newest of a purpose has no valid_until; others are replaced and sign until then.
CREATE TABLE destination_secrets (
    id BIGINT NOT NULL PRIMARY KEY,
    destination_id BIGINT NOT NULL REFERENCES destinations (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('webhook', 'gateway')),
    sealed BYTEA NOT NULL,
    valid_until BIGINT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX destination_secrets_of_destination ON destination_secrets (destination_id);

-- The fixed headers of a destination, in lower case, their values sealed.
CREATE TABLE destination_headers (
    id BIGINT NOT NULL PRIMARY KEY,
    destination_id BIGINT NOT NULL REFERENCES destinations (id),
    name TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (destination_id, name)
);

-- The health of a destination (deliveries/health.rs): recent attempts as JSON, the circuit breaker, its rate, and how many bytes of
-- responses were stored on a day (number of days since 1970). Every claim of deliveries locks its row, so that several servers
-- keep to the limits together.
CREATE TABLE destination_health (
    destination_id BIGINT NOT NULL PRIMARY KEY REFERENCES destinations (id),
    recent TEXT NOT NULL,
    open_until BIGINT,
    failing_since BIGINT,
    last_success_at BIGINT,
    rate_until BIGINT,
    response_day BIGINT NOT NULL,
    response_bytes BIGINT NOT NULL
);

-- One message for one destination. message_id: the id of an event, or of a run of an automation, whose origin is 'automation'; all ids are
-- of one sequence. origin: of the event. due_at: when the next attempt may begin, or when the claim on the one that is running expires;
-- null once it has ended. claim: the attempt that is running, a random number, so that a server whose claim has expired does not
-- decide about a later one. is_retry: an attempt has failed before, or a replay of many made it due; new events go before these.
CREATE TABLE deliveries (
    id BIGINT NOT NULL PRIMARY KEY,
    destination_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('webhook', 'recovered', 'automation')),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'delivered', 'exhausted', 'canceled')),
    attempts BIGINT NOT NULL,
    due_at BIGINT,
    is_retry BOOLEAN NOT NULL,
    claim BIGINT,
    last_status BIGINT,
    last_failure TEXT,
    cancel_reason TEXT CHECK (cancel_reason IN ('skipped', 'destination_deleted', 'nothing_to_send')),
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    UNIQUE (destination_id, message_id),
    CHECK ((state IN ('waiting', 'sending')) = (due_at IS NOT NULL))
);
CREATE INDEX deliveries_due ON deliveries (destination_id, is_retry, due_at, message_id) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_open ON deliveries (destination_id, message_id) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_failed ON deliveries (destination_id, message_id) WHERE due_at IS NULL AND state <> 'delivered';
CREATE INDEX deliveries_sending ON deliveries (destination_id, due_at) WHERE state = 'sending';

-- The body of a run of an automation, which its deliveries send. It is replaced when the run is run again.
CREATE TABLE delivery_bodies (
    run_id BIGINT NOT NULL PRIMARY KEY,
    app_id BIGINT NOT NULL,
    automation_id BIGINT NOT NULL,
    body BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX delivery_bodies_by_age ON delivery_bodies (created_at);

-- One attempt to send a delivery. number: from 1, also across replays. failure: why there is no response. address: the one that was
-- dialled. response: the beginning of its body, of the first and the last attempt.
CREATE TABLE attempts (
    id BIGINT NOT NULL PRIMARY KEY,
    delivery_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    began_at BIGINT NOT NULL,
    millis BIGINT NOT NULL,
    status BIGINT,
    failure TEXT,
    address TEXT,
    response BYTEA,
    is_response_cut BOOLEAN NOT NULL,
    response_sha256 BYTEA,
    CHECK ((status IS NULL) <> (failure IS NULL))
);
CREATE INDEX attempts_of_delivery ON attempts (delivery_id, number);
CREATE INDEX attempts_with_response ON attempts (began_at) WHERE response IS NOT NULL;

-- A replay of many events to a destination, worked off in small units of work. scope: the deliveries that are exhausted, those and the
-- canceled ones, or every event that the destination receives. since, until: of the times at which events were received; the
-- second is not included. cursor: the last event that was examined. expected: how many there were, if they were counted to the end.
CREATE TABLE replays (
    id BIGINT NOT NULL PRIMARY KEY,
    destination_id BIGINT NOT NULL REFERENCES destinations (id),
    scope TEXT NOT NULL CHECK (scope IN ('exhausted', 'failed', 'every')),
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    cursor BIGINT NOT NULL,
    replayed BIGINT NOT NULL,
    expected BIGINT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    is_canceled BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX replays_running ON replays (destination_id) WHERE ended_at IS NULL;
CREATE INDEX replays_of_destination ON replays (destination_id, id);
