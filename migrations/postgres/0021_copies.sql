-- A signed text that was rejected before is known by its digest, whichever rejection it is stored with.
CREATE INDEX rejected_requests_by_digest ON rejected_requests (connection_id, digest);
