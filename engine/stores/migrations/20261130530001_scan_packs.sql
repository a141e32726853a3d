-- What gates upload by the thousand: judged, its tickets moved and answered, not yet a row a scan. One row is a chunk of an
-- upload, packed by hotpath_rs/src/gates/pack.rs; the job scan_unpack and every reader of the log make scans of it.

-- migrate:up
CREATE TABLE scan_packs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id text NOT NULL,
    device_id text NOT NULL,
    received_at timestamptz NOT NULL,
    correlation_id text NOT NULL DEFAULT '',
    facts jsonb,
    lines integer NOT NULL CHECK (lines > 0),
    unpacked integer NOT NULL DEFAULT 0 CHECK (unpacked BETWEEN 0 AND lines),  -- lines that are scans already
    body bytea NOT NULL
);
CREATE INDEX scan_packs_event ON scan_packs (event_id, id);
CREATE INDEX scan_packs_device ON scan_packs (device_id);
-- It lives for seconds: not worth compressing.
ALTER TABLE scan_packs ALTER COLUMN body SET STORAGE EXTERNAL;

-- migrate:down
DROP TABLE scan_packs;
