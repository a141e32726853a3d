-- Whom an order's units count for, one open order an admission, links that can be ended, and one mail an event to an
-- address that did not pay.

-- migrate:up
ALTER TABLE orders
    ADD COLUMN counted_for bytea,                   -- a buyer, then an address block, as Redis counts them; null: nobody
    ADD COLUMN link_generation smallint NOT NULL DEFAULT 0 CHECK (link_generation >= 0);  -- links of another are over

-- Orders older than this may be open side by side: they have no counted_for.
CREATE UNIQUE INDEX orders_one_open_per_lease ON orders (event_id, lease_id)
 WHERE lease_id IS NOT NULL AND counted_for IS NOT NULL AND status IN ('pending', 'processing');

CREATE TABLE unpaid_mails (
    event_id text NOT NULL REFERENCES events ON DELETE CASCADE,
    address_hash bytea NOT NULL,                    -- SHA-256 of the address, in small letters
    order_id text NOT NULL,
    told_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, address_hash)
);

-- migrate:down
DROP TABLE unpaid_mails;
DROP INDEX orders_one_open_per_lease;
ALTER TABLE orders DROP COLUMN link_generation, DROP COLUMN counted_for;
