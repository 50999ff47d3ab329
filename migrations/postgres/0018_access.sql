-- When the session's user last proved who they are, by typing their password. Sessions of before prove it anew.
ALTER TABLE sessions ADD COLUMN proven_at BIGINT NOT NULL DEFAULT 0;

-- Several companies may have one name: a tenant must not learn of another by choosing theirs.
ALTER TABLE companies DROP CONSTRAINT companies_name_key;
CREATE INDEX companies_by_name ON companies (name);
