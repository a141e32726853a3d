-- migrate:up
-- The open order of an admission is looked for by the admission alone: while the tables were small, the index of the
-- event's orders looked as good as one that begins with the event too, and a plan that reads all of them was kept.
DROP INDEX orders_one_open_per_lease;
CREATE UNIQUE INDEX orders_one_open_per_lease ON orders (lease_id, event_id)
 WHERE lease_id IS NOT NULL AND counted_for IS NOT NULL AND status IN ('pending', 'processing');

-- migrate:down
DROP INDEX orders_one_open_per_lease;
CREATE UNIQUE INDEX orders_one_open_per_lease ON orders (event_id, lease_id)
 WHERE lease_id IS NOT NULL AND counted_for IS NOT NULL AND status IN ('pending', 'processing');
