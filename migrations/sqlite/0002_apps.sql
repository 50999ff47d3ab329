-- Applications registered in KS Pay. domain is a host name. zone: the IANA name of the time zone
-- whose days the app's daily totals have.
CREATE TABLE apps (
    id INTEGER NOT NULL PRIMARY KEY,
    company_id INTEGER NOT NULL REFERENCES companies (id),
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    country TEXT NOT NULL,
    address TEXT,
    phone TEXT,
    state TEXT,
    city TEXT,
    postal_code TEXT,
    domain TEXT,
    zone TEXT NOT NULL DEFAULT 'Asia/Kolkata',
    is_enabled INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (company_id, name)
) STRICT;
