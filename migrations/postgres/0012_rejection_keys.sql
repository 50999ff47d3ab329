-- Rejections whose signing keys differ are different rejections. key_digest is a keyed digest, so that no guess can be compared
-- with it. What is evicted first when there is no room is decided when a request is stored: worth and sender, see
-- src/rejections/eviction.rs.
ALTER TABLE rejections ADD COLUMN key_digest BYTEA;
ALTER TABLE rejected_requests ADD COLUMN worth BIGINT NOT NULL DEFAULT 1;
ALTER TABLE rejected_requests ADD COLUMN sender TEXT NOT NULL DEFAULT '';
ALTER TABLE rejected_requests ALTER COLUMN worth DROP DEFAULT;
ALTER TABLE rejected_requests ALTER COLUMN sender DROP DEFAULT;
