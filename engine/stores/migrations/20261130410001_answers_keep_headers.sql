-- An answer that is repeated says what the first one said: where the new thing is, its version, who may cache it.

-- migrate:up
ALTER TABLE idempotency_keys ADD COLUMN headers jsonb;

-- migrate:down
ALTER TABLE idempotency_keys DROP COLUMN headers;
