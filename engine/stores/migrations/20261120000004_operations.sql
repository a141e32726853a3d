-- What keeps promises: webhooks received, work to be done, answers to repeat, who did what.
-- migrate:up
CREATE TABLE webhook_events (
    provider text NOT NULL,
    id text NOT NULL,                            -- the provider's event id: one effect, for ever
    kind text NOT NULL,
    object_id text,                              -- pi_..., ch_..., re_...
    payload jsonb NOT NULL,
    status text NOT NULL DEFAULT 'received' CHECK (status IN ('received', 'processed', 'parked', 'dead', 'ignored')),
    attempts integer NOT NULL DEFAULT 0,
    error text,
    correlation_id text NOT NULL DEFAULT '',
    received_at timestamptz NOT NULL DEFAULT now(),
    available_at timestamptz NOT NULL DEFAULT now(),
    processed_at timestamptz,
    PRIMARY KEY (provider, id)
);
CREATE INDEX webhook_events_due ON webhook_events (available_at) WHERE status IN ('received', 'parked');

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,                         -- inventory.sold, inventory.free, mail.tickets, lease.release, ...
    key text NOT NULL DEFAULT '',
    payload jsonb NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    available_at timestamptz NOT NULL DEFAULT now(),
    locked_until timestamptz,
    done_at timestamptz,
    dead_at timestamptz,
    error text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_due ON outbox (available_at, id) WHERE done_at IS NULL AND dead_at IS NULL;

CREATE TABLE idempotency_keys (
    scope bytea PRIMARY KEY,                     -- SHA-256 of principal, method, path, key
    body_hash bytea NOT NULL,
    status integer,                              -- null while the first request is in flight
    content_type text,
    body bytea,
    locked_until timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

CREATE TABLE audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor_kind text NOT NULL CHECK (actor_kind IN ('user', 'organizer', 'admin', 'device', 'system')),
    actor_id text NOT NULL DEFAULT '',
    action text NOT NULL,
    target text NOT NULL DEFAULT '',
    facts jsonb NOT NULL DEFAULT '{}',
    correlation_id text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_log_target ON audit_log (target, id);
CREATE INDEX audit_log_event ON audit_log ((facts->>'event_id'), id) WHERE facts ? 'event_id';

-- migrate:down
DROP TABLE audit_log, idempotency_keys, outbox, webhook_events;
