-- A ticket on its way to another person, and codes that prove who reads an address. One ticket, one transfer at a time.
-- migrate:up
ALTER TABLE events
    ADD COLUMN allow_transfers boolean NOT NULL DEFAULT true,
    ADD COLUMN max_transfers integer NOT NULL DEFAULT 3 CHECK (max_transfers BETWEEN 0 AND 100),  -- of one ticket
    ADD COLUMN transfer_fee_cents bigint NOT NULL DEFAULT 0 CHECK (transfer_fee_cents >= 0);
-- How often it was handed on. Above 0 the order's token opens its code no longer: its holder's does.
ALTER TABLE tickets ADD COLUMN handed_on smallint NOT NULL DEFAULT 0 CHECK (handed_on >= 0);

CREATE INDEX tickets_handed_on ON tickets (holder_email) WHERE handed_on > 0;

CREATE TABLE ticket_transfers (
    id text PRIMARY KEY,
    ticket_id text NOT NULL REFERENCES tickets,
    event_id text NOT NULL REFERENCES events,
    order_id text NOT NULL REFERENCES orders,
    from_name text NOT NULL,
    from_email text NOT NULL,
    to_name text NOT NULL DEFAULT '',            -- as the sender typed it, then as the recipient did
    to_email text NOT NULL,
    from_locale text NOT NULL,                   -- in which the sender is written to
    to_locale text NOT NULL,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN
        ('pending', 'completed', 'cancelled', 'expired', 'ended')),  -- ended: the ticket went another way
    fee_cents bigint NOT NULL DEFAULT 0 CHECK (fee_cents >= 0),
    old_version integer NOT NULL,
    new_version integer,                         -- of the code that the recipient got
    made_holder smallint,                        -- tickets.handed_on as this transfer left it
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz,                    -- by the sender's code
    accepted_at timestamptz,                     -- by the recipient's
    closed_at timestamptz,
    told_at timestamptz,                         -- when the mails about its end were ordered
    CHECK ((status = 'completed') = (new_version IS NOT NULL)),
    CHECK ((status = 'pending') = (closed_at IS NULL)),
    CHECK (status <> 'completed' OR (confirmed_at IS NOT NULL AND accepted_at IS NOT NULL
                                     AND new_version = old_version + 1))
);
CREATE UNIQUE INDEX ticket_transfers_one_pending ON ticket_transfers (ticket_id) WHERE status = 'pending';
CREATE INDEX ticket_transfers_ticket ON ticket_transfers (ticket_id, id);
CREATE INDEX ticket_transfers_order ON ticket_transfers (order_id, id);
CREATE INDEX ticket_transfers_due ON ticket_transfers (expires_at) WHERE status = 'pending';
CREATE INDEX ticket_transfers_untold ON ticket_transfers (id) WHERE status = 'ended' AND told_at IS NULL;
CREATE INDEX ticket_transfers_to ON ticket_transfers (to_email, created_at);
CREATE INDEX ticket_transfers_from ON ticket_transfers (from_email);

-- Six digits that were mailed; about a transfer or an order, for one of those who have a part in it.
CREATE TABLE one_time_codes (
    subject text NOT NULL,                       -- trf_... or ord_...
    part text NOT NULL CHECK (part IN ('sender', 'recipient', 'buyer')),
    code_hash bytea,                             -- null until its mail goes out
    expires_at timestamptz,
    tries smallint NOT NULL DEFAULT 0,           -- of this code, right ones too
    mails smallint NOT NULL DEFAULT 1,           -- asked for
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subject, part)
);
CREATE INDEX one_time_codes_old ON one_time_codes (created_at);

-- Whatever else becomes of a ticket ends its transfer in the same transaction, so that no caller can forget.
CREATE FUNCTION ticket_left_its_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ticket_transfers SET status = 'ended', closed_at = now() WHERE ticket_id = NEW.id AND status = 'pending';
    RETURN NULL;
END $$;
CREATE TRIGGER tickets_left_their_transfer AFTER UPDATE OF status ON tickets
FOR EACH ROW WHEN (OLD.status = 'transfer_pending' AND NEW.status <> 'transfer_pending')
EXECUTE FUNCTION ticket_left_its_transfer();

-- migrate:down
DROP TRIGGER tickets_left_their_transfer ON tickets;
DROP FUNCTION ticket_left_its_transfer;
DROP TABLE one_time_codes, ticket_transfers;
DROP INDEX tickets_handed_on;
ALTER TABLE tickets DROP COLUMN handed_on;
ALTER TABLE events DROP COLUMN transfer_fee_cents, DROP COLUMN max_transfers, DROP COLUMN allow_transfers;
