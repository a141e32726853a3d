-- What the platform's people switched off at run time. A flag without a row is on.
-- migrate:up
CREATE TABLE platform_flags (
    name text PRIMARY KEY CHECK (name IN ('checkout', 'refunds', 'scanning', 'payouts', 'ticketing')),
    is_on boolean NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);

-- migrate:down
DROP TABLE platform_flags;
