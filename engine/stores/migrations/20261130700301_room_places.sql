-- Places of a queue that a mailed link was asked for, or that such a link moved: what of them must survive Redis.
-- migrate:up
CREATE TABLE room_places (
    event_id text NOT NULL REFERENCES rooms (event_id) ON DELETE CASCADE,
    identity bytea NOT NULL,                     -- 8 bytes: the address' digest in this event
    address bytea NOT NULL,                      -- its digest in all events: mails to one address are counted by it
    asked_at timestamptz NOT NULL DEFAULT '-infinity',
    generation integer NOT NULL DEFAULT 0,       -- how often the place was moved: older tickets of it have ended
    move bigint NOT NULL DEFAULT 0,              -- its last move among the event's, as rooms.moves counts them
    PRIMARY KEY (event_id, identity)
);
CREATE INDEX room_places_asked ON room_places (address, asked_at);
CREATE INDEX room_places_moved ON room_places (event_id, move) WHERE move > 0;
ALTER TABLE rooms ADD COLUMN moves bigint NOT NULL DEFAULT 0;

-- migrate:down
ALTER TABLE rooms DROP COLUMN moves;
DROP TABLE room_places;
