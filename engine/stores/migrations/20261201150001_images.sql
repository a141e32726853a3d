-- Pictures that organizers choose: those of an event, and an organization's logo. Their bytes stand in a folder or a bucket,
-- under the name of their digest; a copied event shares them with its original.

-- migrate:up
CREATE TABLE images (
    id text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES organizations ON DELETE CASCADE,
    event_id text REFERENCES events ON DELETE CASCADE,   -- NULL: it is the organization's logo
    digest text NOT NULL CHECK (digest ~ '^[0-9a-f]{32}$'),
    source_digest text NOT NULL,                         -- of the file as it was sent: sent twice, it is one picture
    width integer NOT NULL CHECK (width > 0),
    height integer NOT NULL CHECK (height > 0),
    widths integer[] NOT NULL CHECK (cardinality(widths) BETWEEN 1 AND 8),
    alt text NOT NULL CHECK (alt <> ''),
    focal_x double precision NOT NULL DEFAULT 0.5 CHECK (focal_x BETWEEN 0 AND 1),
    focal_y double precision NOT NULL DEFAULT 0.5 CHECK (focal_y BETWEEN 0 AND 1),
    place integer NOT NULL DEFAULT 0,                    -- the order of an event's pictures, from 0
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX images_logo ON images (organization_id) WHERE event_id IS NULL;
CREATE UNIQUE INDEX images_source ON images (event_id, source_digest) WHERE event_id IS NOT NULL;
CREATE INDEX images_event ON images (event_id, place, id);
CREATE INDEX images_digest ON images (digest);

ALTER TABLE events ADD COLUMN cover_image_id text REFERENCES images ON DELETE SET NULL;
CREATE INDEX events_cover ON events (cover_image_id) WHERE cover_image_id IS NOT NULL;

-- migrate:down
ALTER TABLE events DROP COLUMN cover_image_id;
DROP TABLE images;
