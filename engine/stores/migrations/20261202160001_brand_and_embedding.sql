-- migrate:up
-- An organization's own colour on its pages, and the sites that may show its events inside of their own pages.
ALTER TABLE organizations
    ADD COLUMN accent text CHECK (accent ~ '^#[0-9a-f]{6}$'),
    ADD COLUMN embed_origins text[] NOT NULL DEFAULT '{}' CHECK (cardinality(embed_origins) <= 20);

-- migrate:down
ALTER TABLE organizations DROP COLUMN accent, DROP COLUMN embed_origins;
