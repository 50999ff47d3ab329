-- When the session's user last proved who they are, by typing their password. Sessions of before prove it anew.
ALTER TABLE sessions ADD COLUMN proven_at INTEGER NOT NULL DEFAULT 0;

-- Several companies may have one name: a tenant must not learn of another by choosing theirs. SQLite cannot drop a
-- constraint, so the table is made anew; what refers to it is checked at the end.
PRAGMA defer_foreign_keys = ON;
CREATE TEMPORARY TABLE companies_before AS SELECT id, name, created_at FROM companies;
DROP TABLE companies;
CREATE TABLE companies (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO companies (id, name, created_at) SELECT id, name, created_at FROM companies_before;
DROP TABLE companies_before;
CREATE INDEX companies_by_name ON companies (name);
