-- Refused requests at known endpoints. A rejection is the same thing again and again: one connection, one reason, one cause,
-- without a pause of an hour. Its requests are kept as far as there is room; the count is of all.
-- cause has no CHECK: the doctor learns more of them, and one that a binary does not know is shown as not known.
CREATE TABLE rejections (
    id UUID NOT NULL PRIMARY KEY,
    company_id UUID NOT NULL,
    app_id UUID NOT NULL,
    connection_id UUID NOT NULL REFERENCES connections (id),
    gateway TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    reason TEXT NOT NULL CHECK (reason IN ('signature_missing', 'signature_malformed', 'signature_mismatch', 'time_out_of_tolerance',
        'switched_off', 'too_large', 'encoded', 'too_slow')),
    cause TEXT NOT NULL,
    secret_id UUID,
    other_connection_id UUID,
    detail TEXT,
    address TEXT NOT NULL,
    count BIGINT NOT NULL,
    recovered BIGINT NOT NULL DEFAULT 0,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
CREATE INDEX rejections_of_app ON rejections (app_id, mode, last_at, id);
CREATE INDEX rejections_of_connection ON rejections (connection_id, last_at);
CREATE INDEX rejections_by_time ON rejections (last_at);

-- digest tells a repeated request without telling what is in it; headers and body are sealed and bound to the row.
CREATE TABLE rejected_requests (
    id UUID NOT NULL PRIMARY KEY,
    rejection_id UUID NOT NULL REFERENCES rejections (id),
    app_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    digest BYTEA NOT NULL,
    address TEXT NOT NULL,
    size BIGINT,
    is_cut BOOLEAN NOT NULL,
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
CREATE INDEX rejected_requests_by_time ON rejected_requests (received_at);

-- Events that were refused first and let in later, by whom.
CREATE TABLE recoveries (
    event_id UUID NOT NULL PRIMARY KEY REFERENCES events (id),
    app_id UUID NOT NULL,
    refused_at BIGINT NOT NULL,
    recovered_at BIGINT NOT NULL,
    recovered_by TEXT NOT NULL
);

-- Requests below /webhooks/ at no endpoint of anybody: only counted.
CREATE TABLE stray_requests (
    name TEXT NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
