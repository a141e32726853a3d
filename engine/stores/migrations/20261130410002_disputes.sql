-- Money that a buyer's bank takes back: what each dispute takes of its order and which tickets it ends. Refunds of what
-- cost nothing, and the words to the buyer that go with a refund; its reason is the staff's own.

-- migrate:up
CREATE TABLE disputes (
    id text PRIMARY KEY,
    provider_dispute_id text NOT NULL UNIQUE,
    order_id text NOT NULL REFERENCES orders,
    event_id text NOT NULL REFERENCES events,
    organization_id text NOT NULL REFERENCES organizations,
    amount_cents bigint NOT NULL CHECK (amount_cents >= 0),    -- what the bank asks for
    claimed_cents bigint NOT NULL DEFAULT 0 CHECK (claimed_cents BETWEEN 0 AND amount_cents),  -- of it, this order's money
    net_cents bigint NOT NULL DEFAULT 0,                       -- of what is claimed: tickets and fees
    taxes jsonb NOT NULL DEFAULT '{}',                         -- and each tax
    ticket_ids text[] NOT NULL DEFAULT '{}',                   -- blocked while it is open, ended once it is lost
    reason text NOT NULL DEFAULT '',                           -- the bank's; for staff only
    status text NOT NULL,                                      -- the provider's word
    standing text NOT NULL CHECK (standing IN ('inquiry', 'open', 'won', 'lost')),
    due_at timestamptz,                                        -- until when evidence is taken
    evidence_url text NOT NULL DEFAULT '',                     -- where it is handed in
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    released_at timestamptz,                                   -- when its units were put on sale again
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX disputes_order ON disputes (order_id);
CREATE INDEX disputes_organization ON disputes (organization_id, id);

ALTER TABLE orders DROP CONSTRAINT orders_status_check;
ALTER TABLE orders ADD CONSTRAINT orders_status_check CHECK (status IN
    ('pending', 'processing', 'paid', 'expired', 'cancelled', 'partially_refunded', 'refunded', 'disputed',
     'charged_back'));
ALTER TABLE orders ADD COLUMN charged_back_cents bigint NOT NULL DEFAULT 0;  -- by disputes that were lost
ALTER TABLE orders ADD CONSTRAINT orders_gone_once
    CHECK (0 <= charged_back_cents AND refunded_cents + charged_back_cents <= amount_cents);
ALTER TABLE order_units ADD COLUMN charged_back boolean NOT NULL DEFAULT false;  -- its ticket was lost in a dispute

ALTER TABLE refunds DROP CONSTRAINT refunds_amount_cents_check;
ALTER TABLE refunds ADD CONSTRAINT refunds_amount_cents_check CHECK (amount_cents >= 0);  -- 0: tickets that cost nothing
ALTER TABLE refunds ADD COLUMN message text;                   -- to the buyer, mailed and shown

-- migrate:down
ALTER TABLE refunds DROP COLUMN message;
ALTER TABLE refunds DROP CONSTRAINT refunds_amount_cents_check;
ALTER TABLE refunds ADD CONSTRAINT refunds_amount_cents_check CHECK (amount_cents > 0);
ALTER TABLE order_units DROP COLUMN charged_back;
ALTER TABLE orders DROP CONSTRAINT orders_gone_once;
ALTER TABLE orders DROP COLUMN charged_back_cents;
ALTER TABLE orders DROP CONSTRAINT orders_status_check;
ALTER TABLE orders ADD CONSTRAINT orders_status_check CHECK (status IN
    ('pending', 'processing', 'paid', 'expired', 'cancelled', 'partially_refunded', 'refunded'));
DROP TABLE disputes;
