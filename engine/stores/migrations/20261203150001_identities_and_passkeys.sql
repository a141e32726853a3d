-- Accounts elsewhere, and keys in somebody's devices, that sign in here.
-- migrate:up
CREATE TABLE identities (
    id text PRIMARY KEY,
    user_id text NOT NULL REFERENCES users ON DELETE CASCADE,
    provider text NOT NULL,                      -- as the settings name it
    issuer text NOT NULL,
    subject text NOT NULL,                       -- who it is there; an address may change hands, this does not
    email text NOT NULL,                         -- as the provider said it when the two were connected; '' if it did not
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz,
    UNIQUE (issuer, subject)
);
CREATE INDEX identities_user ON identities (user_id, id);

CREATE TABLE passkeys (
    id text PRIMARY KEY,
    user_id text NOT NULL REFERENCES users ON DELETE CASCADE,
    credential_id bytea NOT NULL UNIQUE,
    public_key bytea NOT NULL,                   -- COSE
    sign_count bigint NOT NULL DEFAULT 0,        -- as the device counts; one that goes back was copied
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz
);
CREATE INDEX passkeys_user ON passkeys (user_id, id);

-- migrate:down
DROP TABLE passkeys, identities;
