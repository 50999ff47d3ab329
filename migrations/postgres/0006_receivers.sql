-- The version of what decides about an arriving request: endpoints, their SECRETs, whether they are switched on. It rises
-- by chance, so that a copy of the database that is put back never comes to a version that was there with other contents.
-- Servers keep these in memory and look here whether they still hold. Triggers raise it, so that no change is forgotten,
-- whoever makes it, and tell the servers that listen.
CREATE TABLE versions (
    name TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);
INSERT INTO versions (name, version) VALUES ('receivers', 1);

CREATE FUNCTION receivers_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE versions SET version = version + 1 + floor(random() * 1000000)::bigint WHERE name = 'receivers';
    PERFORM pg_notify('ks_pay_receivers', '');
    RETURN NULL;
END
$$;

CREATE TRIGGER receivers_app AFTER UPDATE OF is_enabled ON apps
FOR EACH STATEMENT EXECUTE FUNCTION receivers_changed();
CREATE TRIGGER receivers_connection_added AFTER INSERT OR DELETE ON connections
FOR EACH STATEMENT EXECUTE FUNCTION receivers_changed();
CREATE TRIGGER receivers_connection_changed AFTER UPDATE OF endpoint, is_enabled ON connections
FOR EACH STATEMENT EXECUTE FUNCTION receivers_changed();
CREATE TRIGGER receivers_secret AFTER INSERT OR UPDATE OR DELETE ON secrets
FOR EACH STATEMENT EXECUTE FUNCTION receivers_changed();
