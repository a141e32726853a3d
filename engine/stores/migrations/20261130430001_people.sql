-- Addresses proven by mail, invitations, sessions that end at once, and names that look alike.
-- migrate:up
CREATE INDEX refresh_tokens_revoked ON refresh_tokens (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE invitations (
    id text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES organizations ON DELETE CASCADE,
    email text NOT NULL CHECK (email = lower(email)),
    role text NOT NULL CHECK (role IN ('owner', 'manager', 'finance', 'box_office')),
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'accepted', 'revoked')),
    language text NOT NULL DEFAULT 'en',
    invited_by text REFERENCES users ON DELETE SET NULL,
    mailed_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX invitations_pending ON invitations (organization_id, email) WHERE status = 'pending';
CREATE INDEX invitations_organization ON invitations (organization_id, id);
CREATE INDEX invitations_by ON invitations (invited_by);

CREATE TABLE mailed_links (
    token_hash bytea PRIMARY KEY,                -- SHA-256: the token itself stands in the mail alone
    purpose text NOT NULL CHECK (purpose IN ('verify_email', 'reset_password', 'invitation')),
    email text NOT NULL,                         -- the address that it was mailed to, and proves
    user_id text REFERENCES users ON DELETE CASCADE,
    invitation_id text REFERENCES invitations ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((purpose = 'invitation') = (invitation_id IS NOT NULL) AND (purpose = 'invitation') = (user_id IS NULL))
);
CREATE INDEX mailed_links_user ON mailed_links (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX mailed_links_invitation ON mailed_links (invitation_id) WHERE invitation_id IS NOT NULL;
CREATE INDEX mailed_links_expires ON mailed_links (expires_at);

CREATE INDEX orders_guest ON orders (lower(buyer_email)) WHERE user_id IS NULL;

-- How a name looks, whatever letters it is written with: two that look alike and are not the same are an impostor's.
ALTER TABLE organizations ADD COLUMN look text NOT NULL DEFAULT '';
UPDATE organizations SET look = lower(normalize(name, NFKC));
CREATE INDEX organizations_look ON organizations (look);

-- migrate:down
DROP INDEX organizations_look;
ALTER TABLE organizations DROP COLUMN look;
DROP INDEX orders_guest;
DROP TABLE mailed_links, invitations;
DROP INDEX refresh_tokens_revoked;
