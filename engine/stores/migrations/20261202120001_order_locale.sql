-- The language in which an order's buyer is written to: one of engine/foundation/world/languages.py.
-- migrate:up
ALTER TABLE orders ADD COLUMN locale text NOT NULL DEFAULT 'en' CHECK (length(locale) BETWEEN 2 AND 3);

-- migrate:down
ALTER TABLE orders DROP COLUMN locale;
