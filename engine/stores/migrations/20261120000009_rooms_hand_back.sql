-- A room hands the unused part of its last block of numbers back: that lowers the mark, and only the version tells a mark
-- that was raised again to the same value from one that was not.

-- migrate:up
ALTER TABLE rooms ADD COLUMN high_water_version bigint NOT NULL DEFAULT 0;  -- counts raises and hand-backs

-- migrate:down
ALTER TABLE rooms DROP COLUMN high_water_version;
