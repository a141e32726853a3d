-- A series: events of one rule, each an event like any other.
-- migrate:up
CREATE TABLE series (
    id text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES organizations ON DELETE CASCADE,
    rrule text NOT NULL,                         -- RFC 5545, as it was given
    created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE events ADD COLUMN series_id text REFERENCES series ON DELETE SET NULL;
CREATE INDEX events_series ON events (series_id, starts_at) WHERE series_id IS NOT NULL;

-- migrate:down
ALTER TABLE events DROP COLUMN series_id;
DROP TABLE series;
