-- A series is one thing in lists: a listed date knows which series it is of. Filled wherever a row is made or an event
-- joins or leaves a series, so that what lists events need not say so.
-- migrate:up
ALTER TABLE listed_events ADD COLUMN series_id text;
CREATE INDEX listed_events_series ON listed_events (series_id, starts_at, event_id) WHERE series_id IS NOT NULL;

CREATE FUNCTION listed_with_series() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.series_id := (SELECT series_id FROM events WHERE id = NEW.event_id);
    RETURN NEW;
END
$$;
CREATE TRIGGER series_when_listed BEFORE INSERT ON listed_events FOR EACH ROW EXECUTE FUNCTION listed_with_series();

CREATE FUNCTION event_joined_series() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE listed_events SET series_id = NEW.series_id WHERE event_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER listed_when_joined AFTER UPDATE OF series_id ON events
    FOR EACH ROW WHEN (OLD.series_id IS DISTINCT FROM NEW.series_id) EXECUTE FUNCTION event_joined_series();

UPDATE listed_events l SET series_id = e.series_id FROM events e WHERE e.id = l.event_id AND e.series_id IS NOT NULL;

-- migrate:down
DROP TRIGGER listed_when_joined ON events;
DROP TRIGGER series_when_listed ON listed_events;
DROP FUNCTION event_joined_series(), listed_with_series();
ALTER TABLE listed_events DROP COLUMN series_id;
