-- The rank of what a payment's reports say: see transactions/projection.rs. Moments are whole seconds since 1970; a time that
-- was borrowed is less than 0. What is stored of payments so far is not computed anew.
UPDATE transactions SET snapshot_at = snapshot_at / 1000 WHERE snapshot_at IS NOT NULL;
ALTER TABLE transactions ADD COLUMN snapshot_digest BIGINT NOT NULL DEFAULT 0;
-- The moment as of which reported_refunded_subunits is true; null where no total was quoted.
ALTER TABLE transactions ADD COLUMN reported_refunded_at BIGINT;
ALTER TABLE transactions ADD COLUMN is_captured BOOLEAN NOT NULL DEFAULT FALSE;
-- What lost disputes took, and what is deducted for others.
ALTER TABLE transactions ADD COLUMN amount_lost_subunits BIGINT NOT NULL DEFAULT 0;
ALTER TABLE transactions ADD COLUMN amount_held_subunits BIGINT NOT NULL DEFAULT 0;
-- Whether updated_at is a time of receipt, since the gateway gave none.
ALTER TABLE transactions ADD COLUMN is_updated_at_received BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE transactions SET is_captured = TRUE WHERE status IN ('captured', 'refunded');

ALTER TABLE refunds ADD COLUMN status_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE refunds ADD COLUMN digest BIGINT NOT NULL DEFAULT 0;
ALTER TABLE refunds ADD COLUMN made_at BIGINT;
-- The first reports of it as not failed and as failed.
ALTER TABLE refunds ADD COLUMN standing_since BIGINT;
ALTER TABLE refunds ADD COLUMN failed_since BIGINT;
-- The totals that its last reports as not failed and as failed quote; null where none does.
ALTER TABLE refunds ADD COLUMN reported_refunded_at BIGINT;
ALTER TABLE refunds ADD COLUMN failed_refunded_subunits BIGINT NOT NULL DEFAULT 0;
ALTER TABLE refunds ADD COLUMN failed_refunded_at BIGINT;
UPDATE refunds SET standing_since = 0;
UPDATE refunds SET failed_since = 0 WHERE status = 'failed';

UPDATE disputes SET status_at = status_at / 1000;
ALTER TABLE disputes ADD COLUMN digest BIGINT NOT NULL DEFAULT 0;
ALTER TABLE disputes ADD COLUMN amount_subunits BIGINT NOT NULL DEFAULT 0;
ALTER TABLE disputes ADD COLUMN currency TEXT NOT NULL DEFAULT 'INR';
ALTER TABLE disputes ADD COLUMN amount_deducted_subunits BIGINT;

-- Payments that were refunded without ever having been captured are in payments and amount_subunits, but were not received.
ALTER TABLE transaction_sums ADD COLUMN returned_payments BIGINT NOT NULL DEFAULT 0;
ALTER TABLE transaction_sums ADD COLUMN returned_subunits BIGINT NOT NULL DEFAULT 0;
ALTER TABLE transaction_sums ADD COLUMN lost_subunits BIGINT NOT NULL DEFAULT 0;
