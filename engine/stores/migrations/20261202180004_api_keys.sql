-- Keys that programs of an organization show instead of somebody's sign-in.
-- migrate:up
CREATE TABLE api_keys (
    id text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES organizations ON DELETE CASCADE,
    name text NOT NULL,
    scopes text[] NOT NULL,
    secret_hash bytea NOT NULL,                  -- SHA-256 of the secret that was shown once
    made_by text NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,                    -- to the minute
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX api_keys_organization ON api_keys (organization_id, id);

-- migrate:down
DROP TABLE api_keys;
