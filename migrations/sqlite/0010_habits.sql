-- How often verified events come and the longest pause between two, in milliseconds: what a silence is compared with. Of a
-- window that goes on (habit) and the one before it (earlier), so that an old habit is forgotten: see connections/habit.rs.
ALTER TABLE evidence ADD COLUMN habit_since INTEGER;
ALTER TABLE evidence ADD COLUMN habit_minutes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE evidence ADD COLUMN habit_pause INTEGER NOT NULL DEFAULT 0;
ALTER TABLE evidence ADD COLUMN earlier_since INTEGER;
ALTER TABLE evidence ADD COLUMN earlier_minutes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE evidence ADD COLUMN earlier_pause INTEGER NOT NULL DEFAULT 0;

-- The gateway's accounts that events may be of, with a space between two; the first comes from the first event that names
-- one. Then the last other account that an event named, and when.
ALTER TABLE evidence ADD COLUMN accounts TEXT;
ALTER TABLE evidence ADD COLUMN other_account TEXT;
ALTER TABLE evidence ADD COLUMN other_account_at INTEGER;

-- What the last check of a connection's URL found, as JSON: src/preflight/mod.rs says of what.
CREATE TABLE url_checks (
    connection_id BLOB NOT NULL PRIMARY KEY REFERENCES connections (id),
    url TEXT NOT NULL,
    findings TEXT NOT NULL,
    checked_at INTEGER NOT NULL
) STRICT;
