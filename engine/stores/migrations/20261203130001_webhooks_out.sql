-- Webhooks out: where organizations are told what happened, what they are told, and what became of each try.
-- Nothing here is written by an order: a job derives messages from the lines that the ledger writes anyway.
-- migrate:up
CREATE TABLE webhook_endpoints (
    id text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES organizations ON DELETE CASCADE,
    url text NOT NULL,
    events text[] NOT NULL,
    secret bytea NOT NULL,                       -- sealed; shown once
    older_secret bytea,                          -- the one before, sealed: it signs too until then
    older_secret_until timestamptz,
    enabled boolean NOT NULL DEFAULT true,
    disabled_reason text CHECK (disabled_reason IN ('failing', 'gone')),  -- null: it is on, or its people switched it off
    failing_since timestamptz,                   -- nothing was delivered since
    version integer NOT NULL DEFAULT 1,
    made_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhook_endpoints_organization ON webhook_endpoints (organization_id, id);

CREATE TABLE webhook_messages (
    id text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES organizations ON DELETE CASCADE,
    kind text NOT NULL,
    object_id text NOT NULL,                     -- what it tells of: an order, a ticket, an event
    subject text NOT NULL,                       -- and of it: a scan's number, a dispute's id
    sequence integer NOT NULL,                   -- of its object, from 1
    cause text NOT NULL UNIQUE,                  -- the line of the ledger that it was derived from: once
    body text,                                   -- the bytes that are sent; null: its buyer was erased, it is written again
    happened_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()  -- of those written together each its own
);
CREATE INDEX webhook_messages_organization ON webhook_messages (organization_id, created_at, id);
CREATE INDEX webhook_messages_object ON webhook_messages (object_id);
CREATE INDEX webhook_messages_created ON webhook_messages (created_at);

-- The last number that an object's messages had: it outlives them.
CREATE TABLE webhook_sequences (
    organization_id text NOT NULL REFERENCES organizations ON DELETE CASCADE,
    object_id text NOT NULL,
    last integer NOT NULL,
    PRIMARY KEY (organization_id, object_id)
);

CREATE TABLE webhook_deliveries (
    endpoint_id text NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
    message_id text NOT NULL REFERENCES webhook_messages ON DELETE CASCADE,
    object_id text NOT NULL,
    sequence integer NOT NULL,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    locked_until timestamptz,                    -- somebody sends it right now
    PRIMARY KEY (endpoint_id, message_id)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, due_at) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_object ON webhook_deliveries (endpoint_id, object_id, sequence) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_message ON webhook_deliveries (message_id);

CREATE TABLE webhook_attempts (
    id text PRIMARY KEY,
    endpoint_id text NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
    message_id text NOT NULL REFERENCES webhook_messages ON DELETE CASCADE,
    number integer NOT NULL,
    status integer,                              -- null: no answer
    error text NOT NULL DEFAULT '',
    response text NOT NULL DEFAULT '',           -- its first kilobyte
    took_ms integer NOT NULL,
    attempted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhook_attempts_endpoint ON webhook_attempts (endpoint_id, id);
CREATE INDEX webhook_attempts_message ON webhook_attempts (message_id);

-- How far each of the ledger's logs was read. Numbers are given before they are committed, so lines may appear below
-- `seen`: everything up to `fence` is read once more as soon as no transaction from before it is left.
CREATE TABLE webhook_feeds (
    feed text PRIMARY KEY,
    seen bigint NOT NULL,                        -- read up to here
    sure bigint NOT NULL,                        -- nothing is missing up to here
    fence bigint NOT NULL,                       -- what `seen` was at the fence
    fence_xid bigint NOT NULL DEFAULT 0,         -- transactions from here on began after it
    fenced_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO webhook_feeds (feed, seen, sure, fence)
SELECT 'deeds', n, n, n FROM (SELECT coalesce(max(id), 0) AS n FROM audit_log) a
UNION ALL SELECT 'tickets', n, n, n FROM (SELECT coalesce(max(seq), 0) AS n FROM ticket_changes) c
UNION ALL SELECT 'scans', n, n, n FROM (SELECT coalesce(max(id), 0) AS n FROM scans) s;

-- migrate:down
DROP TABLE webhook_feeds, webhook_attempts, webhook_deliveries, webhook_sequences, webhook_messages, webhook_endpoints;
