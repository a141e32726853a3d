-- What is looked up by a key has an index for it: a refunded unit's last change, a code's uses, what nobody could do.

-- migrate:up
CREATE INDEX ticket_changes_unit ON ticket_changes (event_id, unit, seq);
CREATE INDEX orders_promo ON orders (promo_code_id) WHERE promo_code_id IS NOT NULL;
CREATE INDEX outbox_dead ON outbox (id) WHERE dead_at IS NOT NULL;
CREATE INDEX webhook_events_dead ON webhook_events (received_at) WHERE status = 'dead';

-- migrate:down
DROP INDEX webhook_events_dead, outbox_dead, orders_promo, ticket_changes_unit;
