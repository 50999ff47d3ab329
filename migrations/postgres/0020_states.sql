-- The state that a payment's badge shows and that lists are filtered by: see transactions/state.rs.
ALTER TABLE transactions ADD COLUMN state TEXT NOT NULL DEFAULT 'unreported' CHECK (state IN ('unreported', 'created', 'failed',
    'authorized', 'captured', 'partly_refunded', 'refunded', 'refund_pending', 'refund_failed', 'disputed', 'dispute_lost',
    'dispute_deducted'));
UPDATE transactions SET state = COALESCE(status, 'unreported');
-- The refund or dispute that an event reports, and the state in which it reports it, or its payment.
ALTER TABLE events ADD COLUMN subject_id TEXT;
ALTER TABLE events ADD COLUMN subject_status TEXT;
-- What of refunded_subunits is pending, and how many of the refunded payments have a refund pending.
ALTER TABLE transaction_sums ADD COLUMN refund_pending_payments BIGINT NOT NULL DEFAULT 0;
ALTER TABLE transaction_sums ADD COLUMN refund_pending_subunits BIGINT NOT NULL DEFAULT 0;
-- A bank names a refund by another reference than its payment.
ALTER TABLE payment_references DROP CONSTRAINT payment_references_kind_check;
ALTER TABLE payment_references ADD CONSTRAINT payment_references_kind_check CHECK (kind IN ('receipt', 'bank', 'refund_bank'));
