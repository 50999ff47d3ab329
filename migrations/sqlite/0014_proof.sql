-- failing_since and failing_count are of rejected requests that are proven to be the connection's own since the last verified
-- event: src/rejections/proof.rs says what proof is. last_proven_at is the time of the newest of them and failing_rejection_id
-- its rejection. rejected_since and rejected_count are of all rejected requests since then, whoever sent them.
ALTER TABLE evidence ADD COLUMN rejected_since INTEGER;
ALTER TABLE evidence ADD COLUMN rejected_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE evidence ADD COLUMN last_proven_at INTEGER;
ALTER TABLE evidence ADD COLUMN failing_rejection_id BLOB;
-- What was counted so far was not examined for proof.
UPDATE evidence SET rejected_since = failing_since, rejected_count = failing_count, failing_since = NULL, failing_count = 0;
