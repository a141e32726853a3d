-- The box office: orders paid at a counter, and the cash drawers there.
-- migrate:up
CREATE TABLE cash_drawers (
    id text PRIMARY KEY,
    event_id text NOT NULL REFERENCES events ON DELETE CASCADE,
    opened_by text NOT NULL,                     -- who answers for it: somebody's id, or that of a key
    float_cents bigint NOT NULL CHECK (float_cents >= 0),
    opened_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    cash_cents bigint,                           -- as the ledger said when it was closed
    returned_cents bigint,
    counted_cents bigint CHECK (counted_cents >= 0),
    CHECK ((closed_at IS NULL) = (counted_cents IS NULL))
);
CREATE UNIQUE INDEX cash_drawers_one_open ON cash_drawers (event_id, opened_by) WHERE closed_at IS NULL;
CREATE INDEX cash_drawers_event ON cash_drawers (event_id, id);

-- How an order was paid that no payment provider knows of.
CREATE TABLE counter_payments (
    order_id text PRIMARY KEY REFERENCES orders ON DELETE CASCADE,
    event_id text NOT NULL REFERENCES events,
    kind text NOT NULL CHECK (kind IN ('cash', 'terminal', 'invoice', 'comp')),
    amount_cents bigint NOT NULL CHECK (amount_cents >= 0),
    received_cents bigint CHECK (received_cents >= amount_cents),  -- cash as it was handed over
    reference text,                              -- the terminal's slip, the invoice's number
    note text NOT NULL DEFAULT '',               -- why it was given away, for staff only
    taken_by text NOT NULL,                      -- who sold it
    drawer_id text REFERENCES cash_drawers,      -- where the cash went
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (kind <> 'comp' OR (amount_cents = 0 AND note <> '')),
    CHECK (kind = 'cash' OR (received_cents IS NULL AND drawer_id IS NULL))
);
CREATE INDEX counter_payments_event ON counter_payments (event_id, order_id);
CREATE INDEX counter_payments_drawer ON counter_payments (drawer_id) WHERE drawer_id IS NOT NULL;

-- migrate:down
DROP TABLE counter_payments, cash_drawers;
