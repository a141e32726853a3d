-- migrate:up
ALTER TABLE promo_codes ADD COLUMN min_amount_cents bigint CHECK (min_amount_cents > 0);
ALTER TABLE promo_codes ADD COLUMN min_quantity integer CHECK (min_quantity > 0);
ALTER TABLE promo_codes ADD COLUMN ticket_type_ids text[] NOT NULL DEFAULT '{}';
ALTER TABLE promo_codes ADD COLUMN unlocks text[] NOT NULL DEFAULT '{}';
ALTER TABLE promo_codes ADD COLUMN per_buyer_max integer CHECK (per_buyer_max > 0);
ALTER TABLE promo_codes DROP CONSTRAINT promo_codes_value_check;
ALTER TABLE promo_codes ADD CHECK (value > 0 OR (value = 0 AND cardinality(unlocks) > 0));

-- How often one address uses a code: the ledger counts after it wrote, one order of an address after another.
CREATE FUNCTION order_within_promo_limit() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER orders_promo_limit AFTER INSERT ON orders
FOR EACH ROW WHEN (NEW.promo_code_id IS NOT NULL) EXECUTE FUNCTION order_within_promo_limit();

-- migrate:down
DROP TRIGGER orders_promo_limit ON orders;
DROP FUNCTION order_within_promo_limit();
ALTER TABLE promo_codes DROP CONSTRAINT promo_codes_check;
DELETE FROM promo_codes WHERE value = 0;
ALTER TABLE promo_codes ADD CONSTRAINT promo_codes_value_check CHECK (value > 0);
ALTER TABLE promo_codes DROP COLUMN per_buyer_max, DROP COLUMN unlocks, DROP COLUMN ticket_type_ids,
    DROP COLUMN min_quantity, DROP COLUMN min_amount_cents;
