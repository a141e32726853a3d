-- Links that sign in, sessions that can be listed, and second accounts of one address.
-- migrate:up
ALTER TABLE mailed_links DROP CONSTRAINT mailed_links_purpose_check;
ALTER TABLE mailed_links ADD CONSTRAINT mailed_links_purpose_check
    CHECK (purpose IN ('verify_email', 'reset_password', 'invitation', 'magic_link'));

-- Somebody registered with an address that another account has: the account is never proven, and forgotten soon.
ALTER TABLE users ADD COLUMN is_second boolean NOT NULL DEFAULT false;
DROP INDEX users_email;
CREATE UNIQUE INDEX users_email ON users (email) WHERE NOT is_second;
CREATE INDEX users_second ON users (email, created_at) WHERE is_second;

-- The sign-in that a family of refresh tokens stands for, as its person sees it.
CREATE TABLE sessions (
    id text PRIMARY KEY,                         -- refresh_tokens.family
    user_id text NOT NULL REFERENCES users ON DELETE CASCADE,
    device text NOT NULL,                        -- a browser and a system by name, never the whole User-Agent
    place text NOT NULL,                         -- the address block
    begun_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sessions_user ON sessions (user_id, id);
INSERT INTO sessions (id, user_id, device, place, begun_at, used_at)
SELECT family, user_id, '', '', min(created_at), max(created_at) FROM refresh_tokens
 WHERE revoked_at IS NULL AND expires_at > now() GROUP BY family, user_id;

-- migrate:down
DROP TABLE sessions;
DELETE FROM users WHERE is_second;
DROP INDEX users_second;
DROP INDEX users_email;
CREATE UNIQUE INDEX users_email ON users (email);
ALTER TABLE users DROP COLUMN is_second;
DELETE FROM mailed_links WHERE purpose = 'magic_link';
ALTER TABLE mailed_links DROP CONSTRAINT mailed_links_purpose_check;
ALTER TABLE mailed_links ADD CONSTRAINT mailed_links_purpose_check
    CHECK (purpose IN ('verify_email', 'reset_password', 'invitation'));
