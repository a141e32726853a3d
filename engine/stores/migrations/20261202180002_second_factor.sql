-- A second factor of signing in.
-- migrate:up
CREATE TABLE second_factors (
    user_id text PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    secret bytea NOT NULL,                       -- sealed with a key that is derived from the master keys
    confirmed_at timestamptz,                    -- asked for at sign-ins from then on
    last_step bigint NOT NULL DEFAULT 0,         -- of 30 s since 1970: a code of this step or an older one was used
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE recovery_codes (
    user_id text NOT NULL REFERENCES second_factors ON DELETE CASCADE,
    code_hash bytea NOT NULL,                    -- SHA-256: each is shown once
    used_at timestamptz,
    PRIMARY KEY (user_id, code_hash)
);

-- migrate:down
DROP TABLE recovery_codes, second_factors;
