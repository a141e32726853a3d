-- Organizations' own accounts at the payment provider. organizations.stripe_account_id is where the money of new orders
-- goes: the account while it may take charges, else null.
-- migrate:up
ALTER TABLE organizations ADD COLUMN payouts text NOT NULL DEFAULT 'platform' CHECK (payouts IN ('platform', 'own'));

CREATE TABLE connected_accounts (
    organization_id  text PRIMARY KEY REFERENCES organizations (id) ON DELETE CASCADE,
    account_id       text NOT NULL UNIQUE,
    charges_enabled  boolean NOT NULL DEFAULT false,
    payouts_enabled  boolean NOT NULL DEFAULT false,
    submitted        boolean NOT NULL DEFAULT false,
    requirements     text[] NOT NULL DEFAULT '{}',
    disabled_reason  text,
    country          text,
    default_currency text,
    read_at          timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now()
);

-- migrate:down
DROP TABLE connected_accounts;
ALTER TABLE organizations DROP COLUMN payouts;
