-- Payments as the events tell them. Everything but the ids can be rebuilt from the events.
CREATE TABLE transactions (
    id BLOB NOT NULL PRIMARY KEY,
    company_id BLOB NOT NULL,
    app_id BLOB NOT NULL,
    connection_id BLOB NOT NULL REFERENCES connections (id),
    gateway TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    payment_id TEXT NOT NULL,
    order_id TEXT,
    status TEXT CHECK (status IN ('created', 'authorized', 'captured', 'refunded', 'failed')),
    amount_subunits INTEGER,
    currency TEXT,
    method TEXT,
    amount_refunded_subunits INTEGER NOT NULL,
    is_disputed INTEGER NOT NULL,
    snapshot_status TEXT CHECK (snapshot_status IN ('created', 'authorized', 'captured', 'refunded', 'failed')),
    snapshot_at INTEGER,
    snapshot_currency TEXT,
    reported_refunded_subunits INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (connection_id, payment_id)
) STRICT;
CREATE INDEX transactions_of_app ON transactions (app_id, mode, created_at, id);
CREATE INDEX transactions_by_order ON transactions (app_id, order_id);
CREATE INDEX transactions_by_payment ON transactions (app_id, payment_id);

CREATE TABLE refunds (
    transaction_id BLOB NOT NULL REFERENCES transactions (id),
    refund_id TEXT NOT NULL,
    amount_subunits INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'failed', 'processed')),
    reported_refunded_subunits INTEGER NOT NULL,
    PRIMARY KEY (transaction_id, refund_id)
) STRICT;

CREATE TABLE disputes (
    transaction_id BLOB NOT NULL REFERENCES transactions (id),
    dispute_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'under_review', 'lost', 'won', 'closed')),
    status_at INTEGER NOT NULL,
    PRIMARY KEY (transaction_id, dispute_id)
) STRICT;
