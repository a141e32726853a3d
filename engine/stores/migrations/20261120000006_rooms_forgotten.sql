-- When Redis last held nothing more of a room; a room whose sale was prolonged since is used again.

-- migrate:up
ALTER TABLE rooms ADD COLUMN forgotten_at timestamptz;

-- migrate:down
ALTER TABLE rooms DROP COLUMN forgotten_at;
