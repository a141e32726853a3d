-- An event without seats says how many places it has and needs no chart; a ticket type without categories sells all of it.
-- migrate:up
ALTER TABLE events ADD COLUMN capacity integer CHECK (capacity BETWEEN 1 AND 200000);
ALTER TABLE ticket_types ALTER COLUMN categories SET DEFAULT '{}';

-- migrate:down
ALTER TABLE events DROP COLUMN capacity;
ALTER TABLE ticket_types ALTER COLUMN categories DROP DEFAULT;
