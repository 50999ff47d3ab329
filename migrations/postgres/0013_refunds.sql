-- Refunds that were requested here; what events report of refunds is in 0005_transactions.

-- One refund of a payment. payment_id, refund_id: the gateway's. origin: what it was requested by, which requests one refund: a form that
-- was shown. idempotency_key: sent with each attempt. user_id: null if it was not a user. requested_by: the name at that time. answer: the
-- gateway's words. attempts: how often the gateway was asked to refund. due_at: when it is continued; null once its outcome is known.
-- sent_at: when the gateway was asked last.
CREATE TABLE refund_requests (
    id BIGINT NOT NULL PRIMARY KEY,
    company_id BIGINT NOT NULL REFERENCES companies (id),
    app_id BIGINT NOT NULL REFERENCES apps (id),
    connection_id BIGINT NOT NULL REFERENCES connections (id),
    gateway TEXT NOT NULL,
    transaction_id BIGINT NOT NULL,
    payment_id TEXT NOT NULL,
    amount_subunits BIGINT NOT NULL CHECK (amount_subunits > 0),
    currency TEXT NOT NULL,
    note TEXT,
    origin TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    user_id BIGINT,
    requested_by TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('reserved', 'sent', 'unknown', 'confirmed', 'rejected')),
    reason TEXT,
    answer TEXT,
    refund_id TEXT,
    attempts BIGINT NOT NULL,
    due_at BIGINT,
    created_at BIGINT NOT NULL,
    sent_at BIGINT,
    settled_at BIGINT,
    CHECK ((state IN ('reserved', 'sent', 'unknown')) = (due_at IS NOT NULL)),
    CHECK ((state = 'confirmed') = (refund_id IS NOT NULL)),
    CHECK (state <> 'rejected' OR reason IS NOT NULL),
    UNIQUE (transaction_id, origin)
);
-- A payment has at most one request whose outcome is not known.
CREATE UNIQUE INDEX refund_requests_open ON refund_requests (transaction_id) WHERE due_at IS NOT NULL;
CREATE INDEX refund_requests_of_transaction ON refund_requests (transaction_id, id);
CREATE INDEX refund_requests_due ON refund_requests (due_at) WHERE due_at IS NOT NULL;
