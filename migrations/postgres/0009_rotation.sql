-- Rotation: any number of SECRETs of a connection drain beside the active one. A merchant may also bring one that the gateway
-- has already, or accept one that requests were refused for; these count until somebody retires them, so they drain without an
-- end. made_by is a name; of a SECRET that is
-- older than this table it is not known.
ALTER TABLE secrets ADD COLUMN origin TEXT NOT NULL DEFAULT 'made' CHECK (origin IN ('made', 'brought', 'accepted'));
ALTER TABLE secrets ADD COLUMN made_by TEXT;
ALTER TABLE secrets ADD COLUMN retired_by TEXT;
ALTER TABLE secrets ADD COLUMN retired_at BIGINT;

-- When a SECRET verified something. Apart from the SECRETs, since whatever changes those makes every server read them anew.
CREATE TABLE secret_uses (
    connection_id UUID NOT NULL,
    secret_id UUID NOT NULL,
    first_verified_at BIGINT NOT NULL,
    last_verified_at BIGINT NOT NULL,
    PRIMARY KEY (connection_id, secret_id)
);

-- So far a connection had one SECRET, so what its evidence says is said of that.
INSERT INTO secret_uses (connection_id, secret_id, first_verified_at, last_verified_at)
SELECT secrets.connection_id, secrets.id, evidence.first_verified_at, evidence.last_verified_at
FROM secrets JOIN evidence ON evidence.connection_id = secrets.connection_id
WHERE secrets.state = 'active' AND evidence.first_verified_at IS NOT NULL AND evidence.last_verified_at IS NOT NULL;
