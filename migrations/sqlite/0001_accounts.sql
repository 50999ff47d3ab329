-- Companies (the tenants), their users, sessions, and the settings of the installation. Times are milliseconds since
-- 1970-01-01 UTC unless a comment says otherwise.

-- The last id that was handed out: ids of all tables are taken from this counter, see db/ids.rs. It begins at the time, so
-- that ids of two databases differ.
CREATE TABLE ids (
    last INTEGER NOT NULL
) STRICT;
INSERT INTO ids (last) VALUES (unixepoch() * 65536);

-- Several companies may have the same name: a tenant must not learn of another by choosing theirs. time_zone: the IANA name of
-- the time zone that pages outside an app have, and new apps unless their country has one of its own.
CREATE TABLE companies (
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX companies_by_name ON companies (name);

-- People who sign in; each belongs to one company. email is lower case; password_hash is an Argon2id string; language is
-- that of the console's pages, and time_zone that of the times on them, once the user has chosen one.
CREATE TABLE users (
    id INTEGER NOT NULL PRIMARY KEY,
    company_id INTEGER NOT NULL REFERENCES companies (id),
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'viewer')),
    password_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    language TEXT CHECK (language IN ('en', 'hi')),
    time_zone TEXT
) STRICT;
CREATE INDEX users_of_company ON users (company_id);

-- Sessions by the hash of their token, so that a copy of the database cannot sign anyone in. confirmed_at: when the user last
-- entered their password.
CREATE TABLE sessions (
    token_hash BLOB NOT NULL PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    confirmed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_of_user ON sessions (user_id);

-- Who did what to which object, from where and when. Append-only; failed sign-ins of an account within an hour share a row with
-- their count. actor is the user's name at that time; object is the id of what was acted on; hour is hours since 1970-01-01 UTC.
CREATE TABLE security_log (
    id INTEGER NOT NULL PRIMARY KEY,
    company_id INTEGER NOT NULL REFERENCES companies (id),
    at INTEGER NOT NULL,
    user_id INTEGER REFERENCES users (id),
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    address TEXT,
    count INTEGER NOT NULL,
    hour INTEGER
) STRICT;
CREATE INDEX security_log_of_company ON security_log (company_id);
CREATE UNIQUE INDEX failed_sign_ins ON security_log (user_id, hour) WHERE hour IS NOT NULL;

-- Named values of the installation: the hash of the setup link, the master key's fingerprint, the address last listened on.
CREATE TABLE installation (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

-- Links with which users choose a new password. digest: SHA-256 of the link's token, which is stored nowhere. A used link,
-- one that is a day old, and those of a user whose password or email has changed have no row.
CREATE TABLE password_resets (
    digest BLOB NOT NULL PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX password_resets_of_user ON password_resets (user_id);
