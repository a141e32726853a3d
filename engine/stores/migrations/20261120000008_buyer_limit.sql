-- An event's tickets per buyer hold for an e-mail address too, and between processes: the ledger counts after it wrote.

-- migrate:up
ALTER TABLE orders ADD COLUMN buyer_units_max integer;  -- the event's limit when the order was opened; null: none

-- Waiting for the lock comes before counting, and each query of the function sees what is committed by then.
CREATE FUNCTION order_within_buyer_limit() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER orders_buyer_limit AFTER INSERT ON orders
FOR EACH ROW WHEN (NEW.buyer_units_max IS NOT NULL) EXECUTE FUNCTION order_within_buyer_limit();

-- migrate:down
DROP TRIGGER orders_buyer_limit ON orders;
DROP FUNCTION order_within_buyer_limit();
ALTER TABLE orders DROP COLUMN buyer_units_max;
