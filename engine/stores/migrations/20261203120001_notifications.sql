-- What people were told, one row a message: what became of it, and which addresses take nothing any more.
-- migrate:up
CREATE TABLE notifications (
    id text PRIMARY KEY,                         -- msg_...: stands in the return path, so nobody can guess it
    cause text NOT NULL UNIQUE,                  -- what it tells of and to whom: one message, however often it is tried
    kind text NOT NULL,                          -- one of engine/domain/messages/notifications.py
    channel text NOT NULL CHECK (channel IN ('email', 'sms', 'whatsapp')),
    recipient text NOT NULL,                     -- a folded address, or a telephone number in E.164
    locale text NOT NULL CHECK (length(locale) BETWEEN 2 AND 3),
    subject text NOT NULL DEFAULT '',
    content_hash bytea NOT NULL,                 -- SHA-256 of what left; the words themselves are not kept
    attachments text[] NOT NULL DEFAULT '{}',
    provider_id text NOT NULL DEFAULT '',        -- Message-ID, or the provider's own
    status text NOT NULL CHECK (status IN ('queued', 'sent', 'delivered', 'bounced', 'failed', 'suppressed')),
    said text NOT NULL DEFAULT '',               -- what the other side last said
    attempts integer NOT NULL DEFAULT 0,
    order_id text,
    ticket_id text,
    event_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,                         -- when the other side took it
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX notifications_order ON notifications (order_id, id) WHERE order_id IS NOT NULL;
CREATE INDEX notifications_event ON notifications (event_id, id) WHERE event_id IS NOT NULL;
CREATE INDEX notifications_recipient ON notifications (recipient);
CREATE INDEX notifications_provider ON notifications (provider_id) WHERE channel <> 'email';
CREATE INDEX notifications_undelivered ON notifications (event_id, updated_at)
    WHERE status IN ('bounced', 'failed');
CREATE INDEX notifications_created ON notifications (created_at);

-- An address whose server said for good that nobody reads it: nothing that can be left out goes there.
CREATE TABLE suppressed_addresses (
    address_hash bytea PRIMARY KEY,              -- SHA-256 of the folded address
    said text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Reminders that were ordered: an event that moves is reminded of again, for its new time.
CREATE TABLE event_reminders (
    event_id text NOT NULL REFERENCES events ON DELETE CASCADE,
    kind text NOT NULL,
    starts_at_ms bigint NOT NULL,
    told_to text NOT NULL DEFAULT '',            -- the last order for which one was ordered
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, kind, starts_at_ms)
);
ALTER TABLE events ADD COLUMN reminders boolean NOT NULL DEFAULT true;
CREATE INDEX events_starting ON events (starts_at) WHERE status = 'published' AND reminders;

-- What can wait goes by a lane of its own: twenty thousand reminders never stand in front of a ticket.
ALTER TABLE outbox ADD COLUMN lane smallint NOT NULL DEFAULT 0;
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (lane, available_at, id) WHERE done_at IS NULL AND dead_at IS NULL;

-- migrate:down
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (available_at, id) WHERE done_at IS NULL AND dead_at IS NULL;
ALTER TABLE outbox DROP COLUMN lane;
DROP INDEX events_starting;
ALTER TABLE events DROP COLUMN reminders;
DROP TABLE event_reminders, suppressed_addresses, notifications;
