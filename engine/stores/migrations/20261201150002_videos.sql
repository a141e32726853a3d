-- The address of a film at one of the hosts that engine/domain/catalogue/media/videos.py knows, in one spelling.

-- migrate:up
ALTER TABLE events ADD COLUMN video_url text;

-- migrate:down
ALTER TABLE events DROP COLUMN video_url;
