-- Payments as their events report them, with refunds, disputes, orders and daily totals. All but the ids can be rebuilt from the
-- events.

-- Moments (snapshot_at, *_refunded_at, status_at, made_at, *_since) are whole seconds since 1970, and negative where the
-- gateway gave no time and another was used: see ledger/payments/projection/mod.rs. snapshot_*: the report that decided the status.
-- reported_refunded_*: the last refunded total that the gateway quoted, and as of when. amount_refund_pending_subunits: the
-- part of amount_refunded_subunits whose refunds no report describes as processed; amount_refund_failed_subunits: what failed
-- refunds leave to be refunded. state: what a payment's badge shows and lists are filtered by, see ledger/payments/state.rs.
-- is_updated_at_received: updated_at is the time of receipt. No foreign key to connections, as for events.
CREATE TABLE transactions (
    id BIGINT NOT NULL PRIMARY KEY,
    app_id BIGINT NOT NULL,
    connection_id BIGINT NOT NULL,
    gateway TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    payment_id TEXT COLLATE "C" NOT NULL,
    order_id TEXT COLLATE "C",
    status TEXT CHECK (status IN ('created', 'authorized', 'captured', 'refunded', 'failed')),
    method TEXT,
    amount_subunits BIGINT,
    currency TEXT,
    amount_refunded_subunits BIGINT NOT NULL,
    amount_refund_pending_subunits BIGINT NOT NULL,
    amount_refund_failed_subunits BIGINT NOT NULL,
    amount_lost_subunits BIGINT NOT NULL,
    amount_held_subunits BIGINT NOT NULL,
    settled_subunits BIGINT,
    settled_currency TEXT,
    is_captured BOOLEAN NOT NULL,
    is_disputed BOOLEAN NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('unreported', 'created', 'failed', 'authorized', 'captured', 'partly_refunded', 'refunded',
        'refund_pending', 'refund_failed', 'disputed', 'dispute_lost', 'dispute_deducted')),
    snapshot_status TEXT CHECK (snapshot_status IN ('created', 'authorized', 'captured', 'refunded', 'failed')),
    snapshot_at BIGINT,
    snapshot_digest BIGINT NOT NULL,
    snapshot_currency TEXT,
    snapshot_failure TEXT CHECK (snapshot_failure IN ('not_completed', 'timed_out', 'insufficient_funds', 'wrong_details', 'declined',
        'technical_error', 'other')),
    reported_refunded_subunits BIGINT NOT NULL,
    reported_refunded_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    is_updated_at_received BOOLEAN NOT NULL,
    UNIQUE (connection_id, payment_id)
);
CREATE INDEX transactions_of_app ON transactions (app_id, mode, created_at, id);
CREATE INDEX transactions_by_order ON transactions (app_id, order_id, id);

-- standing_since and failed_since: the first reports of a refund as not failed and as failed. reported_refunded_* and
-- failed_refunded_*: the totals that its last reports as not failed and as failed quoted. app_id: that of the payment, so that a
-- search by refund_id examines no other company's refunds.
CREATE TABLE refunds (
    transaction_id BIGINT NOT NULL REFERENCES transactions (id),
    refund_id TEXT COLLATE "C" NOT NULL,
    app_id BIGINT NOT NULL,
    amount_subunits BIGINT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'failed', 'processed')),
    status_at BIGINT NOT NULL,
    digest BIGINT NOT NULL,
    made_at BIGINT,
    standing_since BIGINT,
    failed_since BIGINT,
    reported_refunded_subunits BIGINT NOT NULL,
    reported_refunded_at BIGINT,
    failed_refunded_subunits BIGINT NOT NULL,
    failed_refunded_at BIGINT,
    PRIMARY KEY (transaction_id, refund_id)
);
CREATE INDEX refunds_by_id ON refunds (app_id, refund_id, transaction_id);

-- respond_by: the last moment to respond, in milliseconds. Company, app and mode are those of the payment, for searches and for
-- the disputes that wait for a response.
CREATE TABLE disputes (
    transaction_id BIGINT NOT NULL REFERENCES transactions (id),
    dispute_id TEXT COLLATE "C" NOT NULL,
    company_id BIGINT NOT NULL,
    app_id BIGINT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    status TEXT NOT NULL CHECK (status IN ('open', 'under_review', 'lost', 'won', 'closed')),
    status_at BIGINT NOT NULL,
    digest BIGINT NOT NULL,
    amount_subunits BIGINT NOT NULL,
    currency TEXT NOT NULL,
    amount_deducted_subunits BIGINT,
    respond_by BIGINT,
    PRIMARY KEY (transaction_id, dispute_id)
);
CREATE INDEX disputes_by_id ON disputes (app_id, dispute_id, transaction_id);
CREATE INDEX disputes_of_app ON disputes (app_id, mode, status, respond_by);
CREATE INDEX disputes_of_company ON disputes (company_id, mode, status, respond_by);

-- Orders, by the gateway's id, of which an event reports something or a payment was captured. amount_subunits, currency, receipt: do
-- not change at the gateway. status, paid_subunits: of the report of the highest rank, whose moment is reported_at.
-- captured_payments: how many payments of the order a report describes as captured. is_in_parts: an event proves that it is paid in
-- parts. overpaid_by: the newest payment, if the payments that the merchant holds exceed the amount. No foreign key: the unit of work that adds a row has
-- written or locked a transaction of the app.
CREATE TABLE orders (
    app_id BIGINT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    gateway TEXT COLLATE "C" NOT NULL,
    order_id TEXT COLLATE "C" NOT NULL,
    amount_subunits BIGINT,
    currency TEXT,
    receipt TEXT COLLATE "C",
    status TEXT CHECK (status IN ('created', 'attempted', 'paid')),
    paid_subunits BIGINT,
    reported_at BIGINT,
    digest BIGINT NOT NULL,
    captured_payments BIGINT NOT NULL,
    is_in_parts BOOLEAN NOT NULL,
    overpaid_by BIGINT,
    PRIMARY KEY (app_id, mode, gateway, order_id)
);
CREATE INDEX orders_overpaid ON orders (app_id, mode, overpaid_by) WHERE overpaid_by IS NOT NULL;

-- What a payment is searched by, besides the gateway's ids: the order's receipt, the bank's references of the payment and of its
-- refunds, in lower case. Pages read them from the events, where they are as received. No foreign key: the unit of work that
-- adds a row has written or locked the transaction. Ids are compared by bytes ("C"), so that a beginning is one, in any locale.
CREATE TABLE payment_references (
    app_id BIGINT NOT NULL,
    search_key TEXT COLLATE "C" NOT NULL,
    transaction_id BIGINT NOT NULL,
    PRIMARY KEY (app_id, search_key, transaction_id)
);

-- Number and amounts of payments by day; each unit of work that writes transactions adds its difference. day: days since 1970
-- in the zone, which is that of the app; while the app's zone changes there are totals of both. Those of a zone that the app had
-- earlier are not read, and are deleted.
-- state: what lists are filtered by. failure: why failed payments failed. Unknown currency, status, method or failure: the empty text. returned_*: payments refunded without ever having been
-- captured, which are in payments and amount_subunits but were never received. refund_pending_*: the part of refunded_subunits
-- that is pending, and how many of the refunded payments have a pending refund. lost_subunits: what lost disputes cost;
-- held_subunits: what is deducted for disputes that are undecided or closed.
CREATE TABLE daily_totals (
    app_id BIGINT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    zone TEXT NOT NULL,
    day BIGINT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('', 'created', 'authorized', 'captured', 'refunded', 'failed')),
    method TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('unreported', 'created', 'failed', 'authorized', 'captured', 'partly_refunded', 'refunded',
        'refund_pending', 'refund_failed', 'disputed', 'dispute_lost', 'dispute_deducted')),
    gateway TEXT NOT NULL,
    failure TEXT NOT NULL,
    payments BIGINT NOT NULL,
    amount_subunits BIGINT NOT NULL,
    refunded_subunits BIGINT NOT NULL,
    returned_payments BIGINT NOT NULL DEFAULT 0,
    returned_subunits BIGINT NOT NULL DEFAULT 0,
    lost_subunits BIGINT NOT NULL DEFAULT 0,
    held_subunits BIGINT NOT NULL DEFAULT 0,
    refund_pending_payments BIGINT NOT NULL DEFAULT 0,
    refund_pending_subunits BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (app_id, mode, zone, day, currency, status, method, state, gateway, failure)
);
