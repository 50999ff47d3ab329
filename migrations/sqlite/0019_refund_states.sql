-- Of amount_refunded_subunits, what belongs to refunds that no report describes as processed; and what failed refunds left
-- to be refunded: see transactions/projection/outcome.rs. What is stored of payments so far is not computed anew.
ALTER TABLE transactions ADD COLUMN amount_refund_pending_subunits INTEGER NOT NULL DEFAULT 0;
ALTER TABLE transactions ADD COLUMN amount_refund_failed_subunits INTEGER NOT NULL DEFAULT 0;
