-- What the public reports about events, and what the platform takes down, with the reason that its organizer reads.
-- migrate:up
ALTER TABLE events ADD COLUMN hidden_at timestamptz, ADD COLUMN hidden_reason text NOT NULL DEFAULT '';
ALTER TABLE organizations ADD COLUMN suspended_reason text NOT NULL DEFAULT '';
CREATE INDEX events_hidden ON events (id) WHERE hidden_at IS NOT NULL;

CREATE TABLE complaints (
    id text PRIMARY KEY,
    event_id text NOT NULL REFERENCES events ON DELETE CASCADE,
    reason text NOT NULL,
    message text NOT NULL,
    email text,                                  -- gone once it is decided
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'dismissed', 'acted')),
    created_at timestamptz NOT NULL DEFAULT now(),
    decided_at timestamptz,
    decided_by text
);
CREATE INDEX complaints_state ON complaints (state, id);
CREATE INDEX complaints_event ON complaints (event_id, state);

-- A hidden event is in no list, no matter what makes it be listed again.
CREATE FUNCTION listed_unless_hidden() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM events WHERE id = NEW.event_id AND hidden_at IS NOT NULL) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER unless_hidden BEFORE INSERT ON listed_events FOR EACH ROW EXECUTE FUNCTION listed_unless_hidden();

CREATE FUNCTION event_hidden() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM listed_events WHERE event_id = NEW.id;
    PERFORM events_listed(ARRAY[NEW.id]);
    RETURN NULL;
END
$$;
CREATE TRIGGER listed_when_hidden AFTER UPDATE OF hidden_at ON events
    FOR EACH ROW WHEN (OLD.hidden_at IS DISTINCT FROM NEW.hidden_at) EXECUTE FUNCTION event_hidden();

-- migrate:down
DROP TRIGGER listed_when_hidden ON events;
DROP TRIGGER unless_hidden ON listed_events;
DROP FUNCTION event_hidden(), listed_unless_hidden();
DROP TABLE complaints;
DROP INDEX events_hidden;
ALTER TABLE organizations DROP COLUMN suspended_reason;
ALTER TABLE events DROP COLUMN hidden_at, DROP COLUMN hidden_reason;
