-- What a payment is found by and what is shown of it: references of merchant and bank, what a foreign payment is settled in,
-- the last moment to answer a dispute, and whether an event gave a time of its own.
ALTER TABLE events ADD COLUMN reference TEXT;
ALTER TABLE events ADD COLUMN is_time_borrowed INTEGER NOT NULL DEFAULT FALSE;
CREATE INDEX events_by_reference ON events (app_id, reference) WHERE reference IS NOT NULL;

ALTER TABLE transactions ADD COLUMN settled_subunits INTEGER;
ALTER TABLE transactions ADD COLUMN settled_currency TEXT;
ALTER TABLE disputes ADD COLUMN respond_by INTEGER;
CREATE INDEX refunds_by_id ON refunds (refund_id);
CREATE INDEX disputes_by_id ON disputes (dispute_id);

-- search_key is the reference in lower case.
CREATE TABLE payment_references (
    transaction_id BLOB NOT NULL REFERENCES transactions (id),
    kind TEXT NOT NULL CHECK (kind IN ('receipt', 'bank')),
    reference TEXT NOT NULL,
    app_id BLOB NOT NULL,
    search_key TEXT NOT NULL,
    PRIMARY KEY (transaction_id, kind, reference)
) STRICT;
CREATE INDEX payment_references_by_key ON payment_references (app_id, search_key);
