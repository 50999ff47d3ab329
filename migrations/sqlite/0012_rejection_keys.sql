-- Rejections whose signing keys differ are different rejections. key_digest is a keyed digest, so that no guess can be compared
-- with it. What is evicted first when there is no room is decided when a request is stored: worth and sender, see
-- src/rejections/eviction.rs. Both stand before the sealed columns, so that they are read without those.
ALTER TABLE rejections ADD COLUMN key_digest BLOB;
CREATE TABLE new_rejected_requests (
    id BLOB NOT NULL PRIMARY KEY,
    rejection_id BLOB NOT NULL REFERENCES rejections (id),
    app_id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    digest BLOB NOT NULL,
    worth INTEGER NOT NULL,
    sender TEXT NOT NULL,
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
INSERT INTO new_rejected_requests (id, rejection_id, app_id, connection_id, digest, worth, sender, address, size, is_cut, bytes,
    count, received_at, last_at, recovered_at, headers, body)
SELECT id, rejection_id, app_id, connection_id, digest, 1, '', address, size, is_cut, bytes,
    count, received_at, last_at, recovered_at, headers, body FROM rejected_requests ORDER BY id;
DROP TABLE rejected_requests;
ALTER TABLE new_rejected_requests RENAME TO rejected_requests;
CREATE INDEX rejected_requests_of_rejection ON rejected_requests (rejection_id, id);
CREATE INDEX rejected_requests_of_connection ON rejected_requests (connection_id, id);
CREATE INDEX rejected_requests_by_time ON rejected_requests (received_at);
