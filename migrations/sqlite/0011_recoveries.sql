-- Which rejection an event was let in from; nothing of what was recovered before this was noted.
ALTER TABLE recoveries ADD COLUMN rejection_id BLOB;
CREATE INDEX recoveries_of_rejection ON recoveries (rejection_id, event_id);
