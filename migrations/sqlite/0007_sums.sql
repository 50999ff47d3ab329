-- How many payments there are of a day, and what they sum up to, so that App Overview does not count them anew for every
-- look. day is days since 1970 on the calendar of Asia/Kolkata; what is not known of a payment is an empty text here. Every
-- unit of work that writes transactions moves its part along: see transactions/daily.rs.
CREATE TABLE transaction_sums (
    app_id BLOB NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    day INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('', 'created', 'authorized', 'captured', 'refunded', 'failed')),
    method TEXT NOT NULL,
    payments INTEGER NOT NULL,
    amount_subunits INTEGER NOT NULL,
    refunded_subunits INTEGER NOT NULL,
    PRIMARY KEY (app_id, mode, day, currency, status, method)
) STRICT, WITHOUT ROWID;
INSERT INTO transaction_sums (app_id, mode, day, currency, status, method, payments, amount_subunits, refunded_subunits)
SELECT app_id, mode, (created_at + 19800000) / 86400000, COALESCE(currency, ''), COALESCE(status, ''), COALESCE(method, ''),
    count(*), sum(COALESCE(amount_subunits, 0)), sum(amount_refunded_subunits)
FROM transactions GROUP BY 1, 2, 3, 4, 5, 6;

-- The same rows without a number of their own: each table has one b-tree less to be kept in order for every event. A
-- payment's id is found by connection, of which an app has a few, so its second index goes, too. Renaming a table takes
-- those that refer to it along.
CREATE TABLE new_transactions (
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
) STRICT, WITHOUT ROWID;
CREATE TABLE new_refunds (
    transaction_id BLOB NOT NULL REFERENCES new_transactions (id),
    refund_id TEXT NOT NULL,
    amount_subunits INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'failed', 'processed')),
    reported_refunded_subunits INTEGER NOT NULL,
    PRIMARY KEY (transaction_id, refund_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE new_disputes (
    transaction_id BLOB NOT NULL REFERENCES new_transactions (id),
    dispute_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'under_review', 'lost', 'won', 'closed')),
    status_at INTEGER NOT NULL,
    PRIMARY KEY (transaction_id, dispute_id)
) STRICT, WITHOUT ROWID;
INSERT INTO new_transactions SELECT * FROM transactions ORDER BY id;
INSERT INTO new_refunds SELECT * FROM refunds ORDER BY transaction_id;
INSERT INTO new_disputes SELECT * FROM disputes ORDER BY transaction_id;
DROP TABLE disputes;
DROP TABLE refunds;
DROP TABLE transactions;
ALTER TABLE new_transactions RENAME TO transactions;
ALTER TABLE new_refunds RENAME TO refunds;
ALTER TABLE new_disputes RENAME TO disputes;
CREATE INDEX transactions_of_app ON transactions (app_id, mode, created_at, id);
CREATE INDEX transactions_by_order ON transactions (app_id, order_id);
