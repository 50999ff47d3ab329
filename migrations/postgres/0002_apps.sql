-- Applications registered in KS Pay. domain is a host name. time_zone: the IANA name of the time zone whose days the app's daily
-- totals have. next_time_zone: the one asked for at next_time_zone_at, which replaces it once the totals of its days are complete;
-- until then both are added up. past_time_zone: the one before, whose totals are to be deleted.
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
    time_zone TEXT NOT NULL,
    next_time_zone TEXT,
    next_time_zone_at BIGINT,
    past_time_zone TEXT,
    is_enabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (company_id, name)
);
CREATE INDEX apps_of_company ON apps (company_id, id);
