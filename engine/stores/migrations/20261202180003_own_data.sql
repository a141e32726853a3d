-- What people say of themselves, and what is left of those who asked to be forgotten.
-- migrate:up
ALTER TABLE users
    ADD COLUMN first_name text,
    ADD COLUMN last_name text,
    ADD COLUMN phone text,                       -- E.164
    ADD COLUMN locale text NOT NULL DEFAULT 'en',
    ADD COLUMN preferences jsonb NOT NULL DEFAULT '{}';

CREATE TABLE erasures (
    user_id text PRIMARY KEY,                    -- the row of users may go later
    address_hash bytea NOT NULL,                 -- SHA-256 of the address: what is read in later does not bring it back
    asked_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL,
    done_at timestamptz
);
CREATE INDEX erasures_address ON erasures (address_hash);

-- migrate:down
DROP TABLE erasures;
ALTER TABLE users DROP COLUMN first_name, DROP COLUMN last_name, DROP COLUMN phone, DROP COLUMN locale,
    DROP COLUMN preferences;
