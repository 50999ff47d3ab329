-- Automations: what happens when a payment changes, and their runs.

-- One rule. change_kind: the change that it reacts to. conditions: JSON. recipients: 'customer', and ids of users, channels and
-- destinations, separated by spaces. texts: JSON, subject and message by language. language: of the message to customers. body: the JSON
-- template of what destinations receive; null for the normalized change. starts_refund: it refunds the payment, or what was paid twice.
-- turned_on_at: null while it has never been on. changed_by: the
-- user who changed it last, who receives what customers would in Test mode; null for a command.
CREATE TABLE automations (
    id BIGINT NOT NULL PRIMARY KEY,
    company_id BIGINT NOT NULL REFERENCES companies (id),
    app_id BIGINT NOT NULL REFERENCES apps (id),
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    change_kind TEXT NOT NULL,
    conditions TEXT NOT NULL,
    recipients TEXT NOT NULL,
    texts TEXT NOT NULL,
    language TEXT NOT NULL,
    body TEXT,
    starts_refund BOOLEAN NOT NULL,
    is_on BOOLEAN NOT NULL,
    turned_on_at BIGINT,
    changed_by BIGINT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    CHECK (NOT is_on OR turned_on_at IS NOT NULL)
);
CREATE INDEX automations_of_app ON automations (app_id, mode, id);
CREATE INDEX automations_on ON automations (app_id, id) WHERE is_on;
CREATE INDEX automations_of_deadlines ON automations (app_id, mode, id) WHERE is_on AND change_kind = 'dispute_deadline';

-- One automation for one change of a payment. change_key: identifies the change within the payment. occurred_at: when the payment changed;
-- amount_subunits, currency: of what changed. reason: why it was skipped. steps: JSON, what was done for each recipient. due_at: when
-- it is run, or its messages are looked at, next; null once it has ended. requested_by: who ran it by hand.
CREATE TABLE automation_runs (
    id BIGINT NOT NULL PRIMARY KEY,
    automation_id BIGINT NOT NULL,
    app_id BIGINT NOT NULL,
    transaction_id BIGINT NOT NULL,
    change_key TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    amount_subunits BIGINT,
    currency TEXT,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'done', 'failed', 'skipped')),
    reason TEXT,
    steps TEXT NOT NULL,
    due_at BIGINT,
    requested_by TEXT,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    CHECK ((state IN ('waiting', 'sending')) = (due_at IS NOT NULL)),
    CHECK ((state = 'skipped') = (reason IS NOT NULL)),
    UNIQUE (transaction_id, automation_id, change_key)
);
CREATE INDEX automation_runs_due ON automation_runs (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX automation_runs_in_order ON automation_runs (automation_id, id);
CREATE INDEX automation_runs_by_state ON automation_runs (automation_id, state, id);
CREATE INDEX automation_runs_by_age ON automation_runs (created_at);

-- The messages of the last day, for the limits. recipient: a keyed digest of an address, or of the id of a user or channel. company_id:
-- of an email to a customer; null for others.
CREATE TABLE automation_messages (
    automation_id BIGINT NOT NULL,
    recipient BYTEA NOT NULL,
    queued_at BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    company_id BIGINT,
    PRIMARY KEY (automation_id, recipient, queued_at, run_id)
);
CREATE INDEX automation_messages_to_customers ON automation_messages (automation_id, queued_at) WHERE company_id IS NOT NULL;
CREATE INDEX automation_messages_of_company ON automation_messages (company_id, queued_at) WHERE company_id IS NOT NULL;
CREATE INDEX automation_messages_by_age ON automation_messages (queued_at);
