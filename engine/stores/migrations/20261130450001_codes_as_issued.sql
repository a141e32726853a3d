-- A ticket's code stays as it was issued, whatever becomes of its event's times: the two times inside the code are kept
-- with the ticket, so that the very same code can be made again for its owner and listed for gates without a network.
-- migrate:up
ALTER TABLE tickets
    ADD COLUMN code_not_before_s bigint,         -- first second of the code, Unix time: just before it was paid
    ADD COLUMN code_expires_s bigint;            -- first second after it, by the event as it was then: a hint
UPDATE tickets t
   SET code_not_before_s = floor(extract(epoch FROM coalesce(o.paid_at, o.created_at))) - 60,
       code_expires_s = least(4294967295, greatest(floor(extract(epoch FROM e.ends_at)) + 12 * 3600,
                              floor(extract(epoch FROM coalesce(o.paid_at, o.created_at))) - 59))
  FROM orders o, events e WHERE o.id = t.order_id AND e.id = t.event_id;
ALTER TABLE tickets ALTER COLUMN code_not_before_s SET NOT NULL, ALTER COLUMN code_expires_s SET NOT NULL;

-- The ledger writes them itself, so no caller can forget: when a ticket is issued, and again with each new version.
CREATE FUNCTION ticket_code_times() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    issued_s bigint := floor(extract(epoch FROM now()));
    ends_s bigint := (SELECT floor(extract(epoch FROM e.ends_at)) FROM events e WHERE e.id = NEW.event_id);
BEGIN
    IF TG_OP = 'INSERT' THEN
        issued_s := coalesce((SELECT floor(extract(epoch FROM o.paid_at)) FROM orders o WHERE o.id = NEW.order_id),
                             issued_s);
    END IF;
    NEW.code_not_before_s := issued_s - 60;
    NEW.code_expires_s := least(4294967295, greatest(ends_s + 12 * 3600, NEW.code_not_before_s + 1));
    RETURN NEW;
END $$;
CREATE TRIGGER tickets_code_times BEFORE INSERT ON tickets FOR EACH ROW EXECUTE FUNCTION ticket_code_times();
CREATE TRIGGER tickets_code_times_again BEFORE UPDATE OF version ON tickets
FOR EACH ROW WHEN (NEW.version IS DISTINCT FROM OLD.version) EXECUTE FUNCTION ticket_code_times();

-- What else gates read of a ticket is news to them as well: the mark of their list moves with it.
CREATE FUNCTION ticket_reads_otherwise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ticket_changes'), hashtext(NEW.event_id));
    INSERT INTO ticket_changes (event_id, unit, min_version, reason)
    VALUES (NEW.event_id, NEW.unit, NEW.version, 'valid');
    RETURN NULL;
END $$;
CREATE TRIGGER tickets_read_otherwise AFTER UPDATE OF holder_name, section, seat, ticket_type_id ON tickets
FOR EACH ROW WHEN (NEW.status IN ('valid', 'used') AND NEW.version = OLD.version AND NEW.status = OLD.status
    AND (NEW.holder_name, NEW.section, NEW.seat, NEW.ticket_type_id)
        IS DISTINCT FROM (OLD.holder_name, OLD.section, OLD.seat, OLD.ticket_type_id))
EXECUTE FUNCTION ticket_reads_otherwise();

-- migrate:down
DROP TRIGGER tickets_read_otherwise ON tickets;
DROP FUNCTION ticket_reads_otherwise;
DROP TRIGGER tickets_code_times_again ON tickets;
DROP TRIGGER tickets_code_times ON tickets;
DROP FUNCTION ticket_code_times;
ALTER TABLE tickets DROP COLUMN code_not_before_s, DROP COLUMN code_expires_s;
