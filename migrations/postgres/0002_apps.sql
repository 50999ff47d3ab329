-- Applications registered in KS Pay. domain is a host name. zone: the IANA name of the time zone
-- whose days the app's daily totals have.
CREATE TABLE apps (
    id BIGINT NOT NULL PRIMARY KEY,
    company_id BIGINT NOT NULL REFERENCES companies (id),
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
    is_enabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (company_id, name)
);
