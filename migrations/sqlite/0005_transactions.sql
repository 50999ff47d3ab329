-- Payments as their events report them, with refunds, disputes, orders and daily totals. All but the ids can be rebuilt from the
-- events.

-- Moments (snapshot_at, *_refunded_at, status_at, made_at, *_since) are whole seconds since 1970, and negative where the
-- gateway gave no time and another was used: see ledger/payments/projection/mod.rs. snapshot_*: the report that decided the status.
-- reported_refunded_*: the last refunded total that the gateway quoted, and as of when. amount_refund_pending_subunits: the
-- part of amount_refunded_subunits whose refunds no report describes as processed; amount_refund_failed_subunits: what failed
-- refunds leave to be refunded. state: what a payment's badge shows and lists are filtered by, see ledger/payments/state.rs.
-- is_updated_at_received: updated_at is the time of receipt. No foreign key to connections, as for events. WITHOUT ROWID, because
-- SQLite finds a pair of time and id in an index only if the id is no rowid. OR in the constraints, because for a list of IN SQLite
-- looks each row's value up in a temporary table.
CREATE TABLE transactions (
    id INTEGER NOT NULL PRIMARY KEY,
    app_id INTEGER NOT NULL,
    connection_id INTEGER NOT NULL,
    gateway TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode = 'test' OR mode = 'live'),
    payment_id TEXT NOT NULL,
    order_id TEXT,
    status TEXT CHECK (status = 'created' OR status = 'authorized' OR status = 'captured' OR status = 'refunded'
        OR status = 'failed'),
    method TEXT,
    amount_subunits INTEGER,
    currency TEXT,
    amount_refunded_subunits INTEGER NOT NULL,
    amount_refund_pending_subunits INTEGER NOT NULL,
    amount_refund_failed_subunits INTEGER NOT NULL,
    amount_lost_subunits INTEGER NOT NULL,
    amount_held_subunits INTEGER NOT NULL,
    settled_subunits INTEGER,
    settled_currency TEXT,
    is_captured INTEGER NOT NULL,
    is_disputed INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state = 'unreported' OR state = 'created' OR state = 'failed' OR state = 'authorized'
        OR state = 'captured' OR state = 'partly_refunded' OR state = 'refunded' OR state = 'refund_pending'
        OR state = 'refund_failed' OR state = 'disputed' OR state = 'dispute_lost' OR state = 'dispute_deducted'),
    snapshot_status TEXT CHECK (snapshot_status = 'created' OR snapshot_status = 'authorized'
        OR snapshot_status = 'captured' OR snapshot_status = 'refunded' OR snapshot_status = 'failed'),
    snapshot_at INTEGER,
    snapshot_digest INTEGER NOT NULL,
    snapshot_currency TEXT,
    snapshot_failure TEXT CHECK (snapshot_failure = 'not_completed' OR snapshot_failure = 'timed_out'
        OR snapshot_failure = 'insufficient_funds' OR snapshot_failure = 'wrong_details' OR snapshot_failure = 'declined'
        OR snapshot_failure = 'technical_error' OR snapshot_failure = 'other'),
    reported_refunded_subunits INTEGER NOT NULL,
    reported_refunded_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    is_updated_at_received INTEGER NOT NULL,
    UNIQUE (connection_id, payment_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX transactions_of_app ON transactions (app_id, mode, created_at, id);
CREATE INDEX transactions_by_order ON transactions (app_id, order_id, id);

-- standing_since and failed_since: the first reports of a refund as not failed and as failed. reported_refunded_* and
-- failed_refunded_*: the totals that its last reports as not failed and as failed quoted. app_id: that of the payment, so that a
-- search by refund_id examines no other company's refunds.
CREATE TABLE refunds (
    transaction_id INTEGER NOT NULL REFERENCES transactions (id),
    refund_id TEXT NOT NULL,
    app_id INTEGER NOT NULL,
    amount_subunits INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'failed', 'processed')),
    status_at INTEGER NOT NULL,
    digest INTEGER NOT NULL,
    made_at INTEGER,
    standing_since INTEGER,
    failed_since INTEGER,
    reported_refunded_subunits INTEGER NOT NULL,
    reported_refunded_at INTEGER,
    failed_refunded_subunits INTEGER NOT NULL,
    failed_refunded_at INTEGER,
    PRIMARY KEY (transaction_id, refund_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX refunds_by_id ON refunds (app_id, refund_id, transaction_id);

-- respond_by: the last moment to respond, in milliseconds. Company, app and mode are those of the payment, for searches and for
-- the disputes that wait for a response.
CREATE TABLE disputes (
    transaction_id INTEGER NOT NULL REFERENCES transactions (id),
    dispute_id TEXT NOT NULL,
    company_id INTEGER NOT NULL,
    app_id INTEGER NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    status TEXT NOT NULL CHECK (status IN ('open', 'under_review', 'lost', 'won', 'closed')),
    status_at INTEGER NOT NULL,
    digest INTEGER NOT NULL,
    amount_subunits INTEGER NOT NULL,
    currency TEXT NOT NULL,
    amount_deducted_subunits INTEGER,
    respond_by INTEGER,
    PRIMARY KEY (transaction_id, dispute_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX disputes_by_id ON disputes (app_id, dispute_id, transaction_id);
CREATE INDEX disputes_of_app ON disputes (app_id, mode, status, respond_by);
CREATE INDEX disputes_of_company ON disputes (company_id, mode, status, respond_by);

-- Orders, by the gateway's id, of which an event reports something or a payment was captured. amount_subunits, currency, receipt: do
-- not change at the gateway. status, paid_subunits: of the report of the highest rank, whose moment is reported_at.
-- captured_payments: how many payments of the order a report describes as captured. is_in_parts: an event proves that it is paid in
-- parts. overpaid_by: the newest payment, if the payments that the merchant holds exceed the amount. No foreign key: the unit of work that adds a row has
-- written or locked a transaction of the app.
CREATE TABLE orders (
    app_id INTEGER NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    gateway TEXT NOT NULL,
    order_id TEXT NOT NULL,
    amount_subunits INTEGER,
    currency TEXT,
    receipt TEXT,
    status TEXT CHECK (status IN ('created', 'attempted', 'paid')),
    paid_subunits INTEGER,
    reported_at INTEGER,
    digest INTEGER NOT NULL,
    captured_payments INTEGER NOT NULL,
    is_in_parts INTEGER NOT NULL,
    overpaid_by INTEGER,
    PRIMARY KEY (app_id, mode, gateway, order_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX orders_overpaid ON orders (app_id, mode, overpaid_by) WHERE overpaid_by IS NOT NULL;

-- What a payment is searched by, besides the gateway's ids: the order's receipt, the bank's references of the payment and of its
-- refunds, in lower case. Pages read them from the events, where they are as received. No foreign key: the unit of work that
-- adds a row has written or locked the transaction.
CREATE TABLE payment_references (
    app_id INTEGER NOT NULL,
    search_key TEXT NOT NULL,
    transaction_id INTEGER NOT NULL,
    PRIMARY KEY (app_id, search_key, transaction_id)
) STRICT, WITHOUT ROWID;

-- Number and amounts of payments by day; each unit of work that writes transactions adds its difference. day: days since 1970
-- in the zone, which is that of the app; while the app's zone changes there are totals of both. Those of a zone that the app had
-- earlier are not read, and are deleted.
-- state: what lists are filtered by. failure: why failed payments failed. Unknown currency, status, method or failure: the empty text. returned_*: payments refunded without ever having been
-- captured, which are in payments and amount_subunits but were never received. refund_pending_*: the part of refunded_subunits
-- that is pending, and how many of the refunded payments have a pending refund. lost_subunits: what lost disputes cost;
-- held_subunits: what is deducted for disputes that are undecided or closed.
CREATE TABLE daily_totals (
    app_id INTEGER NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    zone TEXT NOT NULL,
    day INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('', 'created', 'authorized', 'captured', 'refunded', 'failed')),
    method TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('unreported', 'created', 'failed', 'authorized', 'captured', 'partly_refunded', 'refunded',
        'refund_pending', 'refund_failed', 'disputed', 'dispute_lost', 'dispute_deducted')),
    gateway TEXT NOT NULL,
    failure TEXT NOT NULL,
    payments INTEGER NOT NULL,
    amount_subunits INTEGER NOT NULL,
    refunded_subunits INTEGER NOT NULL,
    returned_payments INTEGER NOT NULL DEFAULT 0,
    returned_subunits INTEGER NOT NULL DEFAULT 0,
    lost_subunits INTEGER NOT NULL DEFAULT 0,
    held_subunits INTEGER NOT NULL DEFAULT 0,
    refund_pending_payments INTEGER NOT NULL DEFAULT 0,
    refund_pending_subunits INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (app_id, mode, zone, day, currency, status, method, state, gateway, failure)
) STRICT, WITHOUT ROWID;
