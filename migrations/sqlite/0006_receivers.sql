-- The version of what decides about an arriving request: endpoints, their SECRETs, whether they are switched on. It rises
-- by chance, so that a copy of the database that is put back never comes to a version that was there with other contents.
-- Servers keep these in memory and look here whether they still hold. Triggers raise it, so that no change is forgotten,
-- whoever makes it.
CREATE TABLE versions (
    name TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT;
INSERT INTO versions (name, version) VALUES ('receivers', 1);

CREATE TRIGGER receivers_app AFTER UPDATE OF is_enabled ON apps
BEGIN UPDATE versions SET version = version + 1 + abs(random() % 1000000) WHERE name = 'receivers'; END;
CREATE TRIGGER receivers_connection_added AFTER INSERT ON connections
BEGIN UPDATE versions SET version = version + 1 + abs(random() % 1000000) WHERE name = 'receivers'; END;
CREATE TRIGGER receivers_connection_changed AFTER UPDATE OF endpoint, is_enabled ON connections
BEGIN UPDATE versions SET version = version + 1 + abs(random() % 1000000) WHERE name = 'receivers'; END;
CREATE TRIGGER receivers_connection_removed AFTER DELETE ON connections
BEGIN UPDATE versions SET version = version + 1 + abs(random() % 1000000) WHERE name = 'receivers'; END;
CREATE TRIGGER receivers_secret_added AFTER INSERT ON secrets
BEGIN UPDATE versions SET version = version + 1 + abs(random() % 1000000) WHERE name = 'receivers'; END;
CREATE TRIGGER receivers_secret_changed AFTER UPDATE ON secrets
BEGIN UPDATE versions SET version = version + 1 + abs(random() % 1000000) WHERE name = 'receivers'; END;
CREATE TRIGGER receivers_secret_removed AFTER DELETE ON secrets
BEGIN UPDATE versions SET version = version + 1 + abs(random() % 1000000) WHERE name = 'receivers'; END;
