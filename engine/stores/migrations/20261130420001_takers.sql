-- Whom an order's units count for, one open order an admission, an address told apart however it is typed, links that
-- can be ended, and one mail an event to an address that did not pay.

-- migrate:up
ALTER TABLE orders
    ADD COLUMN counted_for bytea,                   -- a buyer, then an address block, as Redis counts them; null: nobody
    ADD COLUMN buyer_folded text,                   -- buyer_email as one person's; null in orders older than this
    ADD COLUMN link_generation smallint NOT NULL DEFAULT 0 CHECK (link_generation >= 0);  -- links of another are over

-- Orders older than this may be open side by side: they have no counted_for.
CREATE UNIQUE INDEX orders_one_open_per_lease ON orders (event_id, lease_id)
 WHERE lease_id IS NOT NULL AND counted_for IS NOT NULL AND status IN ('pending', 'processing');

DROP INDEX orders_email;
CREATE INDEX orders_buyer ON orders (event_id, coalesce(buyer_folded, lower(buyer_email)));

CREATE OR REPLACE FUNCTION order_within_buyer_limit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    buyer text := coalesce(NEW.buyer_folded, lower(NEW.buyer_email));
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('buyer_limit'), hashtext(NEW.event_id || buyer));
    IF NEW.buyer_units_max < (
        SELECT sum((SELECT count(*) FILTER (WHERE u.live) FROM order_units u WHERE u.order_id = o.id))
          FROM orders o WHERE o.event_id = NEW.event_id AND coalesce(o.buyer_folded, lower(o.buyer_email)) = buyer)
    THEN
        RAISE EXCEPTION 'more units than one buyer may own'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_buyer_limit', TABLE = 'orders';
    END IF;
    RETURN NULL;
END $$;

CREATE TABLE unpaid_mails (
    event_id text NOT NULL REFERENCES events ON DELETE CASCADE,
    address_hash bytea NOT NULL,                    -- SHA-256 of the folded address
    order_id text NOT NULL,
    told_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, address_hash)
);

-- migrate:down
DROP TABLE unpaid_mails;
CREATE OR REPLACE FUNCTION order_within_buyer_limit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('buyer_limit'), hashtext(NEW.event_id || lower(NEW.buyer_email)));
    IF NEW.buyer_units_max < (
        SELECT sum((SELECT count(*) FILTER (WHERE u.live) FROM order_units u WHERE u.order_id = o.id))
          FROM orders o WHERE o.event_id = NEW.event_id AND lower(o.buyer_email) = lower(NEW.buyer_email))
    THEN
        RAISE EXCEPTION 'more units than one buyer may own'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_buyer_limit', TABLE = 'orders';
    END IF;
    RETURN NULL;
END $$;
DROP INDEX orders_buyer, orders_one_open_per_lease;
CREATE INDEX orders_email ON orders (event_id, lower(buyer_email));
ALTER TABLE orders DROP COLUMN link_generation, DROP COLUMN buyer_folded, DROP COLUMN counted_for;
