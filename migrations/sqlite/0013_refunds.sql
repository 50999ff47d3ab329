-- Refunds that were requested here; what events report of refunds is in 0005_transactions.

-- One refund of a payment. payment_id, refund_id: the gateway's. origin: what it was requested by, which requests one refund: a form that
-- was shown. idempotency_key: sent with each attempt. user_id: null if it was not a user. requested_by: the name at that time. answer: the
-- gateway's words. attempts: how often the gateway was asked to refund. due_at: when it is continued; null once its outcome is known.
-- sent_at: when the gateway was asked last.
CREATE TABLE refund_requests (
    id INTEGER NOT NULL PRIMARY KEY,
    company_id INTEGER NOT NULL REFERENCES companies (id),
    app_id INTEGER NOT NULL REFERENCES apps (id),
    connection_id INTEGER NOT NULL REFERENCES connections (id),
    gateway TEXT NOT NULL,
    transaction_id INTEGER NOT NULL,
    payment_id TEXT NOT NULL,
    amount_subunits INTEGER NOT NULL CHECK (amount_subunits > 0),
    currency TEXT NOT NULL,
    note TEXT,
    origin TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    user_id INTEGER,
    requested_by TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('reserved', 'sent', 'unknown', 'confirmed', 'rejected')),
    reason TEXT,
    answer TEXT,
    refund_id TEXT,
    attempts INTEGER NOT NULL,
    due_at INTEGER,
    created_at INTEGER NOT NULL,
    sent_at INTEGER,
    settled_at INTEGER,
    CHECK ((state IN ('reserved', 'sent', 'unknown')) = (due_at IS NOT NULL)),
    CHECK ((state = 'confirmed') = (refund_id IS NOT NULL)),
    CHECK (state <> 'rejected' OR reason IS NOT NULL),
    UNIQUE (transaction_id, origin)
) STRICT;
-- A payment has at most one request whose outcome is not known.
CREATE UNIQUE INDEX refund_requests_open ON refund_requests (transaction_id) WHERE due_at IS NOT NULL;
CREATE INDEX refund_requests_of_transaction ON refund_requests (transaction_id, id);
CREATE INDEX refund_requests_due ON refund_requests (due_at) WHERE due_at IS NOT NULL;

-- What the automations of an app may refund, in a mode; an app without a row has the defaults of the program. is_stopped: no automation
-- refunds. max_unconfirmed: the largest amount that is refunded without a user's confirmation; null if each one is confirmed. daily_count,
-- daily_amount: the most refunds and the largest total of a day in the app's time zone. Amounts are subunits of currency.
CREATE TABLE refund_settings (
    app_id INTEGER NOT NULL REFERENCES apps (id),
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    is_stopped INTEGER NOT NULL,
    max_unconfirmed INTEGER CHECK (max_unconfirmed > 0),
    daily_count INTEGER NOT NULL CHECK (daily_count >= 0),
    daily_amount INTEGER NOT NULL CHECK (daily_amount >= 0),
    currency TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (app_id, mode)
) STRICT, WITHOUT ROWID;

-- A refund that a run of an automation starts. transaction_id: the payment that changed. order_id: its order at the gateway; null if it has
-- none. refunded_id: the payment that is refunded, which is known once the gateway was read; a payment has one automatic refund, whatever
-- the automation. amount_subunits, currency: what is refunded, or proposed. state, reason: see the program. due_at: when it is continued,
-- or expires; null once it has ended. request_id: the refund request. day: the day on which it was requested, in days since 1970 in the
-- app's time zone. decided_by: the name of the user who confirmed or declined it.
CREATE TABLE automatic_refunds (
    id INTEGER NOT NULL PRIMARY KEY,
    company_id INTEGER NOT NULL REFERENCES companies (id),
    app_id INTEGER NOT NULL REFERENCES apps (id),
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    automation_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL UNIQUE,
    change_kind TEXT NOT NULL,
    transaction_id INTEGER NOT NULL,
    order_id TEXT,
    refunded_id INTEGER UNIQUE,
    amount_subunits INTEGER CHECK (amount_subunits > 0),
    currency TEXT,
    state TEXT NOT NULL CHECK (state IN ('due', 'to_confirm', 'requested', 'done', 'failed', 'skipped')),
    reason TEXT,
    due_at INTEGER,
    request_id INTEGER UNIQUE,
    day INTEGER,
    decided_by TEXT,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    CHECK ((state IN ('due', 'to_confirm', 'requested')) = (due_at IS NOT NULL)),
    CHECK ((state IN ('requested', 'done', 'failed')) = (request_id IS NOT NULL)),
    CHECK (request_id IS NULL OR (refunded_id IS NOT NULL AND amount_subunits IS NOT NULL AND currency IS NOT NULL AND day IS NOT NULL)),
    CHECK (state <> 'skipped' OR reason IS NOT NULL)
) STRICT;
CREATE INDEX automatic_refunds_due ON automatic_refunds (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX automatic_refunds_in_order ON automatic_refunds (app_id, mode, id);
CREATE INDEX automatic_refunds_to_confirm ON automatic_refunds (app_id, mode, id) WHERE state = 'to_confirm';
CREATE INDEX automatic_refunds_of_day ON automatic_refunds (app_id, mode, day) WHERE day IS NOT NULL;
CREATE INDEX automatic_refunds_of_transaction ON automatic_refunds (transaction_id, id);
