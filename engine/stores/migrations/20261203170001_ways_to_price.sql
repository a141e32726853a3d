-- migrate:up
-- Price steps of a ticket type, each with its byte in the inventory; step_numbers are all that were ever given.
ALTER TABLE ticket_types ADD COLUMN price_steps jsonb NOT NULL DEFAULT '[]';
ALTER TABLE ticket_types ADD COLUMN step_numbers smallint[] NOT NULL DEFAULT '{}';
-- Discounts of a group, and whether prices include their taxes.
ALTER TABLE events ADD COLUMN discount_rules jsonb NOT NULL DEFAULT '[]';
ALTER TABLE events ADD COLUMN tax_mode text NOT NULL DEFAULT 'configured' CHECK (tax_mode IN ('configured', 'inclusive'));

-- migrate:down
ALTER TABLE events DROP COLUMN tax_mode, DROP COLUMN discount_rules;
ALTER TABLE ticket_types DROP COLUMN step_numbers, DROP COLUMN price_steps;
