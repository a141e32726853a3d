-- Templates that events are made from, and the names that events have in the lists they were read from.
-- migrate:up
CREATE TABLE event_templates (
    id text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES organizations ON DELETE CASCADE,
    name text NOT NULL,
    template jsonb NOT NULL,                     -- {"event", "ticket_types", "on_sale"}: as they are sent to make one
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, name)
);
ALTER TABLE events ADD COLUMN external_id text;
CREATE UNIQUE INDEX events_external ON events (organization_id, external_id) WHERE external_id IS NOT NULL;

-- migrate:down
DROP INDEX events_external;
ALTER TABLE events DROP COLUMN external_id;
DROP TABLE event_templates;
