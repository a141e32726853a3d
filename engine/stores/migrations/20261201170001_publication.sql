-- When an event is shown to the world: a planned publication, what it came to, and what was put away.
-- migrate:up
ALTER TABLE events
    ADD COLUMN archived_at timestamptz,
    ADD COLUMN sold_out boolean NOT NULL DEFAULT false,   -- nothing of any public type was left when the worker last looked
    ADD COLUMN publish_at timestamptz,                    -- a draft that is published then, if it is complete
    ADD COLUMN publish_failed_at timestamptz,             -- it was due then and was not complete
    ADD COLUMN publish_missing text[] NOT NULL DEFAULT '{}';
CREATE INDEX events_to_publish ON events (publish_at) WHERE publish_at IS NOT NULL;

-- migrate:down
DROP INDEX events_to_publish;
ALTER TABLE events
    DROP COLUMN publish_missing, DROP COLUMN publish_failed_at, DROP COLUMN publish_at,
    DROP COLUMN sold_out, DROP COLUMN archived_at;
