-- What an organizer asks buyers, and what these told: as asked then, with the order and with each of its tickets.
-- migrate:up
ALTER TABLE events
    ADD COLUMN questions jsonb NOT NULL DEFAULT '[]',   -- in their order; retired ones stay, for their answers
    ADD COLUMN named_tickets text NOT NULL DEFAULT 'off' CHECK (named_tickets IN ('off', 'optional', 'required'));
ALTER TABLE orders ADD COLUMN answers jsonb;            -- [{"question_id", "label", "value"}], null if nothing was asked
ALTER TABLE order_units ADD COLUMN attendee jsonb;      -- {"name", "email", "answers"}, null if nothing was told

-- migrate:down
ALTER TABLE order_units DROP COLUMN attendee;
ALTER TABLE orders DROP COLUMN answers;
ALTER TABLE events DROP COLUMN named_tickets, DROP COLUMN questions;
