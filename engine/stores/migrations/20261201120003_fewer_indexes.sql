-- An order is written three times until it is paid, and each time into all its indexes, for its state stands in some.

-- migrate:up
-- One by address for both that were: the event's, and those of all events that a guest bought.
DROP INDEX orders_email, orders_guest;
CREATE INDEX orders_email ON orders (lower(buyer_email), event_id);
-- Nobody looks for a holder's address but by its words; an event's tickets are found by their units.
DROP INDEX tickets_holder;

-- migrate:down
CREATE INDEX tickets_holder ON tickets (event_id, holder_email);
DROP INDEX orders_email;
CREATE INDEX orders_email ON orders (event_id, lower(buyer_email));
CREATE INDEX orders_guest ON orders (lower(buyer_email)) WHERE user_id IS NULL;
