-- Places of a published event that are kept from sale, one by one.
-- migrate:up
CREATE TABLE blocked_units (
    event_id text NOT NULL REFERENCES events ON DELETE CASCADE,
    unit integer NOT NULL CHECK (unit >= 0),
    reason text NOT NULL,                        -- for staff only
    blocked_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, unit)
);

-- migrate:down
DROP TABLE blocked_units;
