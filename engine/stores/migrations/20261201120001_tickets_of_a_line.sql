-- Issuing a ticket asks the ledger less: two triggers with three queries, and three rows locked for foreign keys, were a
-- quarter of the statement that settles an order.

-- migrate:up
-- A ticket is of a line of an order, and the line is of the order and of its type: one key instead of three. Those of
-- event and type also made everybody who bought at once lock the same two rows.
ALTER TABLE tickets
    DROP CONSTRAINT tickets_event_id_fkey,
    DROP CONSTRAINT tickets_order_id_fkey,
    DROP CONSTRAINT tickets_ticket_type_id_fkey,
    ADD CONSTRAINT tickets_line_fkey FOREIGN KEY (order_id, line) REFERENCES order_units;

CREATE FUNCTION ticket_code_begins_s(issued_at timestamptz) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
RETURN floor(extract(epoch FROM issued_at))::bigint - 60;
CREATE FUNCTION ticket_code_ends_s(issued_at timestamptz, event_ends_at timestamptz) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
RETURN least(4294967295, greatest(floor(extract(epoch FROM event_ends_at))::bigint + 12 * 3600,
                                  ticket_code_begins_s(issued_at) + 1));

-- What settles orders writes version and times for all tickets at once; who gives none has them found here. A unit that was
-- sold before has a newer version either way: the one it had is taken (UNIQUE).
DROP TRIGGER tickets_code_times ON tickets;
DROP TRIGGER tickets_issued ON tickets;
ALTER TABLE tickets ALTER COLUMN version DROP DEFAULT;
CREATE OR REPLACE FUNCTION ticket_issued() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    issued_at timestamptz := coalesce((SELECT o.paid_at FROM orders o WHERE o.id = NEW.order_id), now());
    ends_at timestamptz := (SELECT e.ends_at FROM events e WHERE e.id = NEW.event_id);
BEGIN
    NEW.version := coalesce(NEW.version, 1 + coalesce(
        (SELECT max(version) FROM tickets WHERE event_id = NEW.event_id AND unit = NEW.unit), 0));
    NEW.code_not_before_s := coalesce(NEW.code_not_before_s, ticket_code_begins_s(issued_at));
    NEW.code_expires_s := coalesce(NEW.code_expires_s, ticket_code_ends_s(issued_at, ends_at));
    RETURN NEW;
END $$;
CREATE TRIGGER tickets_issued BEFORE INSERT ON tickets FOR EACH ROW
    WHEN (NEW.version IS NULL OR NEW.code_not_before_s IS NULL OR NEW.code_expires_s IS NULL)
    EXECUTE FUNCTION ticket_issued();
DROP FUNCTION ticket_code_times();

CREATE OR REPLACE FUNCTION ticket_code_times_again() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ends_at timestamptz := (SELECT e.ends_at FROM events e WHERE e.id = NEW.event_id);
BEGIN
    UPDATE tickets
       SET code_not_before_s = ticket_code_begins_s(now()), code_expires_s = ticket_code_ends_s(now(), ends_at)
     WHERE id = NEW.id;
    RETURN NULL;
END $$;

-- migrate:down
CREATE OR REPLACE FUNCTION ticket_code_times_again() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    issued_s bigint := floor(extract(epoch FROM now()));
    ends_s bigint := (SELECT floor(extract(epoch FROM e.ends_at)) FROM events e WHERE e.id = NEW.event_id);
BEGIN
    UPDATE tickets
       SET code_not_before_s = issued_s - 60,
           code_expires_s = least(4294967295, greatest(ends_s + 12 * 3600, issued_s - 59))
     WHERE id = NEW.id;
    RETURN NULL;
END $$;
DROP TRIGGER tickets_issued ON tickets;
CREATE OR REPLACE FUNCTION ticket_issued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := greatest(NEW.version, 1 + coalesce(
        (SELECT max(version) FROM tickets WHERE event_id = NEW.event_id AND unit = NEW.unit), 0));
    RETURN NEW;
END $$;
CREATE TRIGGER tickets_issued BEFORE INSERT ON tickets FOR EACH ROW EXECUTE FUNCTION ticket_issued();
CREATE FUNCTION ticket_code_times() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    issued_s bigint := coalesce((SELECT floor(extract(epoch FROM o.paid_at)) FROM orders o WHERE o.id = NEW.order_id),
                                floor(extract(epoch FROM now())));
    ends_s bigint := (SELECT floor(extract(epoch FROM e.ends_at)) FROM events e WHERE e.id = NEW.event_id);
BEGIN
    NEW.code_not_before_s := issued_s - 60;
    NEW.code_expires_s := least(4294967295, greatest(ends_s + 12 * 3600, NEW.code_not_before_s + 1));
    RETURN NEW;
END $$;
CREATE TRIGGER tickets_code_times BEFORE INSERT ON tickets FOR EACH ROW EXECUTE FUNCTION ticket_code_times();
DROP FUNCTION ticket_code_ends_s, ticket_code_begins_s;
ALTER TABLE tickets ALTER COLUMN version SET DEFAULT 1;
ALTER TABLE tickets
    DROP CONSTRAINT tickets_line_fkey,
    ADD CONSTRAINT tickets_event_id_fkey FOREIGN KEY (event_id) REFERENCES events,
    ADD CONSTRAINT tickets_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders,
    ADD CONSTRAINT tickets_ticket_type_id_fkey FOREIGN KEY (ticket_type_id) REFERENCES ticket_types;
