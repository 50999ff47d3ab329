-- Channels of a company, and alerts: what needs attention, who is notified of it, and how.

-- A channel of a chat service. sealed: the webhook's URL, or a bot's token with its chat. last_chars: of the secret, to tell channels
-- apart. language: of what is posted. problem and answer: of the last post, if it failed; answer: the service's own words. paused_until: the
-- service accepts nothing before.
CREATE TABLE channels (
    id INTEGER NOT NULL PRIMARY KEY,
    company_id INTEGER NOT NULL REFERENCES companies (id),
    service TEXT NOT NULL CHECK (service IN ('slack', 'teams', 'discord', 'telegram')),
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    last_chars TEXT NOT NULL,
    language TEXT NOT NULL,
    last_sent_at INTEGER,
    failing_since INTEGER,
    paused_until INTEGER,
    problem TEXT,
    answer TEXT,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (company_id, name)
) STRICT;

-- One problem. object: the id of what it is about. since: when the problem began; opened_at: when the alert was. count: how many
-- requests or deliveries it has. stage: how near a deadline is. detail: JSON of amounts, dates and ids. is_notified: the recipients
-- know of the problem. is_active: it is open, or its end is still to be reported. updates: JSON.
-- revision: counts the changes, so that of two servers one makes each.
CREATE TABLE alerts (
    id INTEGER NOT NULL PRIMARY KEY,
    company_id INTEGER NOT NULL REFERENCES companies (id),
    app_id INTEGER NOT NULL REFERENCES apps (id),
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    since INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    count INTEGER NOT NULL,
    stage INTEGER NOT NULL,
    detail TEXT NOT NULL,
    is_notified INTEGER NOT NULL,
    last_message_at INTEGER,
    acknowledged_by TEXT,
    acknowledged_at INTEGER,
    resolved_at INTEGER,
    is_active INTEGER NOT NULL,
    updates TEXT NOT NULL,
    revision INTEGER NOT NULL,
    CHECK (resolved_at IS NOT NULL OR is_active)
) STRICT;
CREATE UNIQUE INDEX alerts_open ON alerts (app_id, mode, kind, object) WHERE resolved_at IS NULL;
CREATE INDEX alerts_active ON alerts (app_id, mode, id) WHERE is_active;
CREATE INDEX alerts_by_age ON alerts (opened_at) WHERE NOT is_active;
CREATE INDEX alerts_of_app ON alerts (app_id, mode, id);
CREATE INDEX alerts_of_object ON alerts (app_id, mode, kind, object, id);

-- Who was sent a message of an alert. A message that reports several alerts has a row for each. recipient: the id of a user or a
-- channel. is_fallback: it was sent because another recipient's failed. is_watched: a post whose outcome decides whether another
-- recipient is used; of the rows of a message only the first has it.
CREATE TABLE alert_messages (
    notification_id INTEGER NOT NULL,
    alert_id INTEGER NOT NULL REFERENCES alerts (id),
    event TEXT NOT NULL,
    recipient TEXT NOT NULL,
    is_fallback INTEGER NOT NULL,
    is_watched INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (notification_id, alert_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_messages_of_alert ON alert_messages (alert_id, notification_id);
CREATE INDEX alert_messages_watched ON alert_messages (notification_id) WHERE is_watched;

-- What differs from the default for a kind of alert. recipients: ids of users and channels, separated by spaces; null for every user.
-- fallback: who is notified if a channel fails; null for every user.
CREATE TABLE alert_rules (
    app_id INTEGER NOT NULL REFERENCES apps (id),
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    kind TEXT NOT NULL,
    company_id INTEGER NOT NULL,
    is_on INTEGER NOT NULL,
    recipients TEXT,
    fallback TEXT,
    PRIMARY KEY (app_id, mode, kind)
) STRICT, WITHOUT ROWID;

-- When alerts of an app and mode are sent. quiet_from, quiet_to: minutes of the day in the app's zone.
CREATE TABLE alert_schedules (
    app_id INTEGER NOT NULL REFERENCES apps (id),
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    company_id INTEGER NOT NULL,
    quiet_from INTEGER,
    quiet_to INTEGER,
    muted_until INTEGER,
    PRIMARY KEY (app_id, mode)
) STRICT, WITHOUT ROWID;

-- The daily digest of an app and mode, where it differs from the default or was sent. minute: of the day in the app's zone.
-- recipients: as of alert_rules. last_day: the last day that needs none any more, in days since 1970, because it was sent or was turned
-- on after its time; of two servers, the one that raises it sends the digest.
CREATE TABLE alert_digests (
    app_id INTEGER NOT NULL REFERENCES apps (id),
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    company_id INTEGER NOT NULL,
    is_on INTEGER NOT NULL,
    minute INTEGER NOT NULL,
    recipients TEXT,
    last_day INTEGER,
    PRIMARY KEY (app_id, mode)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_digests_of_company ON alert_digests (company_id);

-- Problems of the installation that its operators are notified of. server: the server that has the problem; empty for one of all.
-- detail: what was found, for the message. is_notified, revision: as of alerts.
CREATE TABLE operator_alerts (
    problem TEXT NOT NULL,
    server TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    detail TEXT NOT NULL,
    is_notified INTEGER NOT NULL,
    last_message_at INTEGER,
    resolved_at INTEGER,
    revision INTEGER NOT NULL,
    PRIMARY KEY (problem, server)
) STRICT, WITHOUT ROWID;
