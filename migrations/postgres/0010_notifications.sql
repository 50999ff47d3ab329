-- Messages to people: emails, and posts to the channels of a company.

-- One message to one recipient. company_id: null for one to the operator. kind: how it is sent; channel_id: the channel that it is
-- posted to; null for an email. recipient: the address of an email, sealed. content: sealed; it and recipient are null once
-- the message has ended. due_at: when the next attempt may begin, or when the claim on the one that is running expires; null once the
-- message has ended. claim: the attempt that is running, a random number, so that a server whose claim has expired does not decide
-- about a later one. last_answer: what the receiving server said, cut and without control characters.
CREATE TABLE notifications (
    id BIGINT NOT NULL PRIMARY KEY,
    company_id BIGINT REFERENCES companies (id),
    kind TEXT NOT NULL CHECK (kind IN ('email', 'slack', 'teams', 'discord', 'telegram')),
    channel_id BIGINT,
    recipient BYTEA,
    content BYTEA,
    purpose TEXT NOT NULL CHECK (purpose IN ('password_reset', 'password_changed', 'alert', 'digest', 'automation', 'test')),
    alert_id BIGINT,
    run_id BIGINT,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'canceled')),
    attempts BIGINT NOT NULL,
    due_at BIGINT,
    claim BIGINT,
    last_failure TEXT,
    last_answer TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    CHECK ((kind = 'email') = (channel_id IS NULL)),
    CHECK ((state IN ('waiting', 'sending')) = (due_at IS NOT NULL)),
    CHECK ((state = 'sending') = (claim IS NOT NULL))
);
CREATE INDEX notifications_due ON notifications (kind, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX notifications_of_channel ON notifications (kind, channel_id, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX notifications_of_company ON notifications (company_id, purpose, kind, id);
CREATE INDEX notifications_of_alert ON notifications (alert_id) WHERE alert_id IS NOT NULL;
CREATE INDEX notifications_of_run ON notifications (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX notifications_by_age ON notifications (created_at);
