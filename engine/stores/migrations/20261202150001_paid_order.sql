-- What a paid order writes into, and how the open order of an admission is found.

-- migrate:up
-- By the admission alone: while the tables were small, the index of the event's orders looked as good as one that begins with
-- the event too, and a plan that reads all of them was kept into the rush.
DROP INDEX orders_one_open_per_lease;
CREATE UNIQUE INDEX orders_one_open_per_lease ON orders (lease_id, event_id)
 WHERE lease_id IS NOT NULL AND counted_for IS NOT NULL AND status IN ('pending', 'processing');

-- The words of an order are indexed once, when it is paid or closed, and not at each of its three writes. Those of open
-- orders, which are few, are compared one by one.
DROP INDEX orders_search;
CREATE INDEX orders_search ON orders USING gin (search) WHERE status NOT IN ('pending', 'processing');

-- migrate:down
DROP INDEX orders_search;
CREATE INDEX orders_search ON orders USING gin (search);
DROP INDEX orders_one_open_per_lease;
CREATE UNIQUE INDEX orders_one_open_per_lease ON orders (event_id, lease_id)
 WHERE lease_id IS NOT NULL AND counted_for IS NOT NULL AND status IN ('pending', 'processing');
