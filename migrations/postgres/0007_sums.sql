-- How many payments there are of a day, and what they sum up to, so that App Overview does not count them anew for every
-- look. day is days since 1970 on the calendar of Asia/Kolkata; what is not known of a payment is an empty text here. Every
-- unit of work that writes transactions moves its part along: see transactions/daily.rs.
CREATE TABLE transaction_sums (
    app_id UUID NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    day BIGINT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('', 'created', 'authorized', 'captured', 'refunded', 'failed')),
    method TEXT NOT NULL,
    payments BIGINT NOT NULL,
    amount_subunits BIGINT NOT NULL,
    refunded_subunits BIGINT NOT NULL,
    PRIMARY KEY (app_id, mode, day, currency, status, method)
);
-- No other server writes a payment between this reading and its end: it would be in no sum.
LOCK TABLE transactions IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO transaction_sums (app_id, mode, day, currency, status, method, payments, amount_subunits, refunded_subunits)
SELECT app_id, mode, (created_at + 19800000) / 86400000, COALESCE(currency, ''), COALESCE(status, ''), COALESCE(method, ''),
    count(*), sum(COALESCE(amount_subunits, 0)), sum(amount_refunded_subunits)
FROM transactions GROUP BY 1, 2, 3, 4, 5, 6;

-- A payment's id is found by connection, of which an app has a few.
DROP INDEX transactions_by_payment;
