-- migrate:up
-- Whether an organization's members must have a second factor: those without one see nothing of it until they do.
ALTER TABLE organizations ADD COLUMN require_second_factor boolean NOT NULL DEFAULT false;

-- migrate:down
ALTER TABLE organizations DROP COLUMN require_second_factor;
