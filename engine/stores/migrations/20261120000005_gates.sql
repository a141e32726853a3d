-- What offline gates must hear: an append-only feed of tickets that stopped or started to admit.
-- migrate:up
CREATE TABLE ticket_changes (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id text NOT NULL,
    unit integer NOT NULL,
    min_version integer NOT NULL,                -- codes of older versions are dead; 65536: every code is
    reason text NOT NULL,                        -- the ticket's new status, "reissued", or "valid": it admits again
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ticket_changes_event ON ticket_changes (event_id, seq);

-- The ledger writes the feed itself, so no caller can forget. The lock makes an event's numbers rise in commit order:
-- a reader that has seen 10 will never be shown 9 later.
CREATE FUNCTION ticket_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ticket_changes'), hashtext(NEW.event_id));
    INSERT INTO ticket_changes (event_id, unit, min_version, reason)
    VALUES (NEW.event_id, NEW.unit,
            CASE WHEN NEW.status IN ('valid', 'used') THEN NEW.version ELSE 65536 END,
            CASE WHEN NEW.status = OLD.status THEN 'reissued' ELSE NEW.status END);
    RETURN NULL;
END $$;
CREATE TRIGGER tickets_changed AFTER UPDATE OF status, version ON tickets
FOR EACH ROW WHEN (NEW.status IS DISTINCT FROM OLD.status OR NEW.version IS DISTINCT FROM OLD.version)
EXECUTE FUNCTION ticket_changed();

-- A unit that was refunded and sold again: the new ticket's version is newer, whoever inserts it, so the old code stays
-- dead.
CREATE FUNCTION ticket_issued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := greatest(NEW.version, 1 + coalesce(
        (SELECT max(version) FROM tickets WHERE event_id = NEW.event_id AND unit = NEW.unit), 0));
    RETURN NEW;
END $$;
CREATE TRIGGER tickets_issued BEFORE INSERT ON tickets FOR EACH ROW EXECUTE FUNCTION ticket_issued();

-- A check-in rewrites its ticket's row in place: room in the page spares six indexes.
ALTER TABLE tickets SET (fillfactor = 80);

-- Answers to batches are megabytes of text that is thrown away after a day: not worth compressing.
ALTER TABLE idempotency_keys ALTER COLUMN body SET STORAGE EXTERNAL;

-- migrate:down
ALTER TABLE idempotency_keys ALTER COLUMN body SET STORAGE EXTENDED;
ALTER TABLE tickets RESET (fillfactor);
DROP TRIGGER tickets_issued ON tickets;
DROP TRIGGER tickets_changed ON tickets;
DROP FUNCTION ticket_issued;
DROP FUNCTION ticket_changed;
DROP TABLE ticket_changes;
