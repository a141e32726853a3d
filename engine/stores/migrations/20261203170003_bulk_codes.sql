-- migrate:up
-- Codes made by the thousand: none is stored; an order remembers which of them it used.
ALTER TABLE promo_codes ADD COLUMN count integer CHECK (count BETWEEN 1 AND 10000);
ALTER TABLE orders ADD COLUMN promo_slip integer;

CREATE OR REPLACE FUNCTION order_within_promo_limit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE promo promo_codes%ROWTYPE;
BEGIN
    SELECT * INTO promo FROM promo_codes WHERE id = NEW.promo_code_id;
    IF promo.per_buyer_max IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(hashtext('promo_limit'), hashtext(promo.id || lower(NEW.buyer_email)));
        IF promo.per_buyer_max < (
            SELECT count(*) FROM (SELECT * FROM orders b WHERE lower(b.buyer_email) = lower(NEW.buyer_email) OFFSET 0) o
             WHERE o.promo_code_id = promo.id AND o.status NOT IN ('expired', 'cancelled'))
        THEN
            RAISE EXCEPTION 'more uses of a promo code than one buyer may have'
                  USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_promo_limit', TABLE = 'orders';
        END IF;
    END IF;
    IF promo.count IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(hashtext('promo_slip'), hashtext(promo.id || NEW.promo_slip));
        IF NEW.promo_slip IS NULL OR coalesce(promo.max_uses, 1) < (
            SELECT count(*) FROM orders o
             WHERE o.promo_code_id = promo.id AND o.promo_slip = NEW.promo_slip
               AND o.status NOT IN ('expired', 'cancelled'))
        THEN
            RAISE EXCEPTION 'more uses of one of many promo codes than it has'
                  USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_promo_slip', TABLE = 'orders';
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE INDEX orders_promo_slips ON orders (promo_code_id, promo_slip) WHERE promo_slip IS NOT NULL;

-- migrate:down
DROP INDEX orders_promo_slips;
CREATE OR REPLACE FUNCTION order_within_promo_limit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE most integer;
BEGIN
    SELECT per_buyer_max INTO most FROM promo_codes WHERE id = NEW.promo_code_id;
    IF most IS NULL THEN RETURN NULL; END IF;
    PERFORM pg_advisory_xact_lock(hashtext('promo_limit'), hashtext(NEW.promo_code_id || lower(NEW.buyer_email)));
    IF most < (
        SELECT count(*) FROM (SELECT * FROM orders b WHERE lower(b.buyer_email) = lower(NEW.buyer_email) OFFSET 0) o
         WHERE o.promo_code_id = NEW.promo_code_id AND o.status NOT IN ('expired', 'cancelled'))
    THEN
        RAISE EXCEPTION 'more uses of a promo code than one buyer may have'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_promo_limit', TABLE = 'orders';
    END IF;
    RETURN NULL;
END $$;
ALTER TABLE orders DROP COLUMN promo_slip;
ALTER TABLE promo_codes DROP COLUMN count;
