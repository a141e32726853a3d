-- The ledger: orders, the units they own, money in and out, tickets and their scans.
-- migrate:up
CREATE TABLE orders (
    id text PRIMARY KEY,
    order_number text NOT NULL UNIQUE,
    event_id text NOT NULL REFERENCES events,
    hold_id text NOT NULL UNIQUE,                -- a hold becomes one order, ever
    user_id text REFERENCES users,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN
        ('pending', 'processing', 'paid', 'expired', 'cancelled', 'partially_refunded', 'refunded')),
    buyer_name text NOT NULL,
    buyer_email text NOT NULL,
    consents jsonb NOT NULL DEFAULT '{}',
    currency char(3) NOT NULL,
    amount_cents bigint NOT NULL CHECK (amount_cents >= 0),
    refunded_cents bigint NOT NULL DEFAULT 0 CHECK (refunded_cents BETWEEN 0 AND amount_cents),
    price jsonb NOT NULL,                        -- frozen: face, discount, fees, tax, total, lines
    promo_code_id text REFERENCES promo_codes,
    payment_method_id text,                      -- chosen before the payment was created, if at all
    destination_account text,                    -- the organizer's connected account when the order was opened
    payment_intent_id text UNIQUE,
    client_secret text,
    payment_error text,                          -- the provider's last refusal, shown to the buyer
    lease_id bytea,                              -- the admission it came in on; given back when it ends
    closing_note text,                           -- why it ended: expired, paid_after_expiry_refunded, ...
    correlation_id text NOT NULL DEFAULT '',
    ip_address inet,
    user_agent text,
    expires_at timestamptz NOT NULL,
    reconcile_at timestamptz NOT NULL,           -- when the provider is asked (again) what became of it
    created_at timestamptz NOT NULL DEFAULT now(),
    paid_at timestamptz,
    closed_at timestamptz
);
CREATE INDEX orders_unsettled ON orders (reconcile_at) WHERE status IN ('pending', 'processing');
CREATE INDEX orders_event ON orders (event_id, id);
CREATE INDEX orders_user ON orders (user_id, created_at) WHERE user_id IS NOT NULL;
CREATE INDEX orders_email ON orders (event_id, lower(buyer_email));

-- One row per admission sold or being paid for. Overselling is impossible here.
CREATE TABLE order_units (
    order_id text NOT NULL REFERENCES orders ON DELETE CASCADE,
    line smallint NOT NULL,                      -- 0-based position in the order
    event_id text NOT NULL,
    unit integer NOT NULL CHECK (unit >= 0),
    ticket_type_id text NOT NULL REFERENCES ticket_types,
    section text NOT NULL,
    seat text,                                   -- Section/Row/Seat, null in general admission
    face_cents bigint NOT NULL,
    discount_cents bigint NOT NULL DEFAULT 0,
    fee_cents bigint NOT NULL DEFAULT 0,
    taxes jsonb NOT NULL DEFAULT '{}',           -- {"GST": 51}
    total_cents bigint NOT NULL,
    live boolean NOT NULL DEFAULT true,          -- owns its unit: pending, paid; not after expiry or refund
    PRIMARY KEY (order_id, line)
);
CREATE UNIQUE INDEX order_units_one_live_owner ON order_units (event_id, unit) WHERE live;

CREATE TABLE tickets (
    id text PRIMARY KEY,
    event_id text NOT NULL REFERENCES events,
    order_id text NOT NULL REFERENCES orders,
    line smallint NOT NULL,
    unit integer NOT NULL,
    ticket_type_id text NOT NULL REFERENCES ticket_types,
    section text NOT NULL,
    seat text,
    holder_name text NOT NULL,
    holder_email text NOT NULL,
    version integer NOT NULL DEFAULT 1 CHECK (version BETWEEN 1 AND 65535),
    status text NOT NULL DEFAULT 'valid' CHECK (status IN
        ('valid', 'used', 'transfer_pending', 'refunded', 'cancelled', 'blocked')),
    checked_in_at timestamptz,                   -- the canonical entry: the earliest accepted one
    checked_in_gate text,
    checked_in_device text,
    inside boolean NOT NULL DEFAULT false,
    entries integer NOT NULL DEFAULT 0,
    entries_on date,                             -- the event's local day that entries_today counts
    entries_today integer NOT NULL DEFAULT 0,
    last_entry_at timestamptz,
    last_entry_gate text,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (order_id, line),
    UNIQUE (event_id, unit, version)             -- a resold unit's ticket is a newer version: the old code stays dead
);
CREATE UNIQUE INDEX tickets_one_live_per_unit ON tickets (event_id, unit) WHERE status NOT IN ('refunded', 'cancelled');
CREATE INDEX tickets_holder ON tickets (event_id, holder_email);

CREATE TABLE refunds (
    id text PRIMARY KEY,
    order_id text NOT NULL REFERENCES orders,
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    net_cents bigint NOT NULL,
    taxes jsonb NOT NULL DEFAULT '{}',
    ticket_ids text[] NOT NULL DEFAULT '{}',
    reason text NOT NULL DEFAULT '',
    provider_refund_id text UNIQUE,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'succeeded', 'failed')),
    error text,
    attempts integer NOT NULL DEFAULT 0,
    push_at timestamptz NOT NULL DEFAULT now(),  -- when a pending one is put to the provider (again)
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz
);
CREATE INDEX refunds_order ON refunds (order_id);
CREATE INDEX refunds_pending ON refunds (push_at) WHERE status = 'pending';

CREATE TABLE devices (
    id text PRIMARY KEY,
    event_id text NOT NULL REFERENCES events ON DELETE CASCADE,
    name text NOT NULL,
    gates text[] NOT NULL DEFAULT '{}',          -- empty: every gate
    secret_hash bytea NOT NULL,                  -- SHA-256 of the secret shown once
    bundle_at timestamptz,                       -- when it last fetched a bundle: no offline scan is older
    cursor_seq bigint NOT NULL DEFAULT 0,        -- the revocations it has been told of
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX devices_event ON devices (event_id);

CREATE TABLE scans (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id text NOT NULL,
    ticket_id text,
    unit integer,
    device_id text NOT NULL,
    gate text,
    nonce text,                                  -- repeats the first verdict
    direction text NOT NULL DEFAULT 'entry' CHECK (direction IN ('entry', 'exit')),
    result text NOT NULL CHECK (result IN ('admit', 'duplicate', 'reject', 'exit_ok')),
    reason text NOT NULL,
    verdict jsonb NOT NULL DEFAULT '{}',         -- the answer as given
    scanned_at timestamptz NOT NULL,             -- by the device's clock
    counted_at timestamptz NOT NULL,             -- when it counts as read: receipt, or the corrected offline time
    received_at timestamptz NOT NULL DEFAULT now(),
    clock_offset_ms integer NOT NULL DEFAULT 0,
    online boolean NOT NULL DEFAULT true,
    manual boolean NOT NULL DEFAULT false,       -- found by name, not read from a code
    facts jsonb,                                 -- what the device told of itself: location, model
    correlation_id text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX scans_nonce ON scans (device_id, nonce) WHERE nonce IS NOT NULL;
CREATE INDEX scans_event ON scans (event_id, id);
CREATE INDEX scans_ticket ON scans (ticket_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX scans_conflicts ON scans (event_id, id) WHERE reason IN ('duplicate_offline_conflict', 'offline_earlier');

-- migrate:down
DROP TABLE scans, devices, refunds, tickets, order_units, orders;
