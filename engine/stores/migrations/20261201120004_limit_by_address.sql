-- migrate:up
-- The limit of a buyer looks for the orders of an address, and of these for the event's. Asked for both at once while the
-- tables were empty, both indexes looked alike, and the plan that read all orders of the event was kept into the rush.
CREATE OR REPLACE FUNCTION order_within_buyer_limit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('buyer_limit'), hashtext(NEW.event_id || lower(NEW.buyer_email)));
    IF NEW.buyer_units_max < (
        SELECT sum((SELECT count(*) FILTER (WHERE u.live) FROM order_units u WHERE u.order_id = o.id))
          FROM (SELECT b.id, b.event_id FROM orders b WHERE lower(b.buyer_email) = lower(NEW.buyer_email) OFFSET 0) o
         WHERE o.event_id = NEW.event_id)
    THEN
        RAISE EXCEPTION 'more units than one buyer may own'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_buyer_limit', TABLE = 'orders';
    END IF;
    RETURN NULL;
END $$;

-- migrate:down
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
