-- The state that a payment's badge shows and that lists are filtered by: see transactions/state.rs.
ALTER TABLE transactions ADD COLUMN state TEXT NOT NULL DEFAULT 'unreported' CHECK (state IN ('unreported', 'created', 'failed',
    'authorized', 'captured', 'partly_refunded', 'refunded', 'refund_pending', 'refund_failed', 'disputed', 'dispute_lost',
    'dispute_deducted'));
UPDATE transactions SET state = COALESCE(status, 'unreported');
-- The refund or dispute that an event reports, and the state in which it reports it, or its payment.
ALTER TABLE events ADD COLUMN subject_id TEXT;
ALTER TABLE events ADD COLUMN subject_status TEXT;
-- What of refunded_subunits is pending, and how many of the refunded payments have a refund pending.
ALTER TABLE transaction_sums ADD COLUMN refund_pending_payments INTEGER NOT NULL DEFAULT 0;
ALTER TABLE transaction_sums ADD COLUMN refund_pending_subunits INTEGER NOT NULL DEFAULT 0;
-- A bank names a refund by another reference than its payment.
CREATE TABLE new_payment_references (
    transaction_id BLOB NOT NULL REFERENCES transactions (id),
    kind TEXT NOT NULL CHECK (kind IN ('receipt', 'bank', 'refund_bank')),
    reference TEXT NOT NULL,
    app_id BLOB NOT NULL,
    search_key TEXT NOT NULL,
    PRIMARY KEY (transaction_id, kind, reference)
) STRICT;
INSERT INTO new_payment_references SELECT * FROM payment_references;
DROP TABLE payment_references;
ALTER TABLE new_payment_references RENAME TO payment_references;
CREATE INDEX payment_references_by_key ON payment_references (app_id, search_key);
