-- Tokens, with which `ks-pay listen` reads the events of an app.

-- digest: SHA-256 of the token, which is shown once and stored nowhere. It belongs to a user and an app, and reads what this user may
-- read; is_live: events of Live mode too. A removed one has no row.
CREATE TABLE tokens (
    id INTEGER NOT NULL PRIMARY KEY,
    company_id INTEGER NOT NULL REFERENCES companies (id),
    app_id INTEGER NOT NULL REFERENCES apps (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    is_live INTEGER NOT NULL,
    digest BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    expires_at INTEGER NOT NULL,
    UNIQUE (app_id, name)
) STRICT;
