-- Refused requests at known endpoints. A rejection is the same thing again and again: one connection, one reason, one cause,
-- without a pause of an hour. Its requests are kept as far as there is room; the count is of all.
-- cause has no CHECK: the doctor learns more of them, and one that a binary does not know is shown as not known.
CREATE TABLE rejections (
    id BLOB NOT NULL PRIMARY KEY,
    company_id BLOB NOT NULL,
    app_id BLOB NOT NULL,
    connection_id BLOB NOT NULL REFERENCES connections (id),
    gateway TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    reason TEXT NOT NULL CHECK (reason IN ('signature_missing', 'signature_malformed', 'signature_mismatch', 'time_out_of_tolerance',
        'switched_off', 'too_large', 'encoded', 'too_slow')),
    cause TEXT NOT NULL,
    secret_id BLOB,
    other_connection_id BLOB,
    detail TEXT,
    address TEXT NOT NULL,
    count INTEGER NOT NULL,
    recovered INTEGER NOT NULL DEFAULT 0,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT;
CREATE INDEX rejections_of_app ON rejections (app_id, mode, last_at, id);
CREATE INDEX rejections_of_connection ON rejections (connection_id, last_at);
CREATE INDEX rejections_by_time ON rejections (last_at);

-- digest tells a repeated request without telling what is in it; headers and body are sealed and bound to the row.
CREATE TABLE rejected_requests (
    id BLOB NOT NULL PRIMARY KEY,
    rejection_id BLOB NOT NULL REFERENCES rejections (id),
    app_id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    digest BLOB NOT NULL,
    address TEXT NOT NULL,
    size INTEGER,
    is_cut INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    count INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    recovered_at INTEGER,
    headers BLOB NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (rejection_id, digest)
) STRICT;
CREATE INDEX rejected_requests_of_rejection ON rejected_requests (rejection_id, id);
CREATE INDEX rejected_requests_of_connection ON rejected_requests (connection_id, id);
CREATE INDEX rejected_requests_by_time ON rejected_requests (received_at);

-- Events that were refused first and let in later, by whom.
CREATE TABLE recoveries (
    event_id BLOB NOT NULL PRIMARY KEY REFERENCES events (id),
    app_id BLOB NOT NULL,
    refused_at INTEGER NOT NULL,
    recovered_at INTEGER NOT NULL,
    recovered_by TEXT NOT NULL
) STRICT;

-- Requests below /webhooks/ at no endpoint of anybody: only counted.
CREATE TABLE stray_requests (
    name TEXT NOT NULL PRIMARY KEY,
    count INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT;
