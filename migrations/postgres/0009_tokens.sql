-- Tokens, with which `ks-pay listen` reads the events of an app.

-- digest: SHA-256 of the token, which is shown once and stored nowhere. It belongs to a user and an app, and reads what this user may
-- read; is_live: events of Live mode too. A removed one has no row.
CREATE TABLE tokens (
    id BIGINT NOT NULL PRIMARY KEY,
    company_id BIGINT NOT NULL REFERENCES companies (id),
    app_id BIGINT NOT NULL REFERENCES apps (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    is_live BOOLEAN NOT NULL,
    digest BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    expires_at BIGINT NOT NULL,
    UNIQUE (app_id, name)
);
