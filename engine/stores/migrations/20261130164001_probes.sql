-- A ledger is ready if it takes a write: a standby, a full disk and a lost replica answer every question all the same.

-- migrate:up
CREATE TABLE probes (
    process text PRIMARY KEY,
    written_at timestamptz NOT NULL
);

-- migrate:down
DROP TABLE probes;
