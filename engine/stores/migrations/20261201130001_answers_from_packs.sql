-- A packed row stays for a day after it was unpacked: the upload's answer, megabytes of it, is not kept for its key but
-- made again from the lines that say it. Queries for what waits find it in indexes of what waits alone.

-- migrate:up
ALTER TABLE scan_packs ADD COLUMN unpacked_at timestamptz;
DROP INDEX scan_packs_event;
DROP INDEX scan_packs_device;
CREATE INDEX scan_packs_event ON scan_packs (event_id, id) WHERE unpacked_at IS NULL;
CREATE INDEX scan_packs_device ON scan_packs (device_id, id) WHERE unpacked_at IS NULL;
CREATE INDEX scan_packs_waiting ON scan_packs (id) WHERE unpacked_at IS NULL;
CREATE INDEX scan_packs_unpacked ON scan_packs (unpacked_at) WHERE unpacked_at IS NOT NULL;

-- migrate:down
DROP INDEX scan_packs_unpacked;
DROP INDEX scan_packs_waiting;
DROP INDEX scan_packs_device;
DROP INDEX scan_packs_event;
DELETE FROM scan_packs WHERE unpacked_at IS NOT NULL;
CREATE INDEX scan_packs_event ON scan_packs (event_id, id);
CREATE INDEX scan_packs_device ON scan_packs (device_id);
ALTER TABLE scan_packs DROP COLUMN unpacked_at;
