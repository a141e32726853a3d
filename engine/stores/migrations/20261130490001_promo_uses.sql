-- migrate:up
-- The uses of a code are read newest first, a page at a time.
CREATE INDEX orders_promo_uses ON orders (promo_code_id, id) WHERE promo_code_id IS NOT NULL;
DROP INDEX orders_promo;

-- migrate:down
CREATE INDEX orders_promo ON orders (promo_code_id) WHERE promo_code_id IS NOT NULL;
DROP INDEX orders_promo_uses;
