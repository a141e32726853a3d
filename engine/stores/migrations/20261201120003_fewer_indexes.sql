-- An order is written three times until it is paid, and each time into all its indexes, for its state stands in some.

-- migrate:up
-- One by address for both that were: the event's, and those of all events that a guest bought.
DROP INDEX orders_email, orders_guest;
CREATE INDEX orders_email ON orders (lower(buyer_email), event_id);
-- Nobody looks for a holder's address but by its words; an event's tickets are found by their units.
DROP INDEX tickets_holder;

-- For those alone who ask what is due, and say so by this condition, which is always true. While few orders are open it looked
-- best to a statement that asks for open ones by their ids too: plans are kept, and each then read all that were open.
DROP INDEX orders_unsettled;
CREATE INDEX orders_unsettled ON orders (reconcile_at)
 WHERE status IN ('pending', 'processing') AND reconcile_at > '-infinity';

-- migrate:down
DROP INDEX orders_unsettled;
CREATE INDEX orders_unsettled ON orders (reconcile_at) WHERE status IN ('pending', 'processing');
CREATE INDEX tickets_holder ON tickets (event_id, holder_email);
DROP INDEX orders_email;
CREATE INDEX orders_email ON orders (event_id, lower(buyer_email));
CREATE INDEX orders_guest ON orders (lower(buyer_email)) WHERE user_id IS NULL;
