-- Whoever claimed an idempotency key can be told from others: a statement whose answer was lost may be sent again, and
-- a key is freed by the one who claimed it, however late that one comes.

-- migrate:up
ALTER TABLE idempotency_keys ADD COLUMN claim bytea;

-- migrate:down
ALTER TABLE idempotency_keys DROP COLUMN claim;
