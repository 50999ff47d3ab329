-- Payments as the events tell them. Everything but the ids can be rebuilt from the events.
CREATE TABLE transactions (
    id UUID NOT NULL PRIMARY KEY,
    company_id UUID NOT NULL,
    app_id UUID NOT NULL,
    connection_id UUID NOT NULL REFERENCES connections (id),
    gateway TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    payment_id TEXT NOT NULL,
    order_id TEXT,
    status TEXT CHECK (status IN ('created', 'authorized', 'captured', 'refunded', 'failed')),
    amount_subunits BIGINT,
    currency TEXT,
    method TEXT,
    amount_refunded_subunits BIGINT NOT NULL,
    is_disputed BOOLEAN NOT NULL,
    snapshot_status TEXT CHECK (snapshot_status IN ('created', 'authorized', 'captured', 'refunded', 'failed')),
    snapshot_at BIGINT,
    snapshot_currency TEXT,
    reported_refunded_subunits BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (connection_id, payment_id)
);
CREATE INDEX transactions_of_app ON transactions (app_id, mode, created_at, id);
CREATE INDEX transactions_by_order ON transactions (app_id, order_id);
CREATE INDEX transactions_by_payment ON transactions (app_id, payment_id);

CREATE TABLE refunds (
    transaction_id UUID NOT NULL REFERENCES transactions (id),
    refund_id TEXT NOT NULL,
    amount_subunits BIGINT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'failed', 'processed')),
    reported_refunded_subunits BIGINT NOT NULL,
    PRIMARY KEY (transaction_id, refund_id)
);

CREATE TABLE disputes (
    transaction_id UUID NOT NULL REFERENCES transactions (id),
    dispute_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'under_review', 'lost', 'won', 'closed')),
    status_at BIGINT NOT NULL,
    PRIMARY KEY (transaction_id, dispute_id)
);
