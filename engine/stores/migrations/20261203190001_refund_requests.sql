-- What buyers may give back by themselves, and what they asked to give back.
-- migrate:up
ALTER TABLE events ADD COLUMN refund_policy jsonb NOT NULL DEFAULT '{}';  -- its time is allow_refunds_until

CREATE TABLE refund_requests (
    id           text PRIMARY KEY,
    order_id     text NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    event_id     text NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    ticket_ids   text[] NOT NULL,
    worth_cents  bigint NOT NULL CHECK (worth_cents >= 0),   -- of the tickets, before the organizer's part
    amount_cents bigint NOT NULL CHECK (amount_cents BETWEEN 0 AND worth_cents),
    reason       text NOT NULL,                              -- the buyer's words
    status       text NOT NULL CHECK (status IN ('requested', 'refunded', 'declined')),
    refund_id    text REFERENCES refunds (id),
    message      text,                                       -- the organizer's answer
    created_at   timestamptz NOT NULL DEFAULT now(),
    decided_at   timestamptz,
    decided_by   text,
    CHECK ((status = 'refunded') = (refund_id IS NOT NULL)),
    CHECK ((status = 'requested') = (decided_at IS NULL))
);
CREATE INDEX refund_requests_of_order ON refund_requests (order_id, created_at);
CREATE INDEX refund_requests_waiting ON refund_requests (event_id, created_at) WHERE status = 'requested';

-- migrate:down
DROP TABLE refund_requests;
ALTER TABLE events DROP COLUMN refund_policy;
