-- What ticket holders must hear of an event: that its time or place changed, or that it is cancelled.
-- migrate:up
CREATE TABLE event_news (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id text NOT NULL REFERENCES events ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('changed', 'cancelled')),
    before jsonb NOT NULL,                       -- time and place as they were
    after jsonb NOT NULL,                        -- and as they are from now on
    message text NOT NULL DEFAULT '',            -- from the organizer to ticket holders
    told_to text NOT NULL DEFAULT '',            -- the last address for which a mail was ordered
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX event_news_event ON event_news (event_id, id);

-- Who is to hear it: everybody who had a ticket at that moment, each address once.
CREATE TABLE event_news_recipients (
    event_id text NOT NULL REFERENCES events ON DELETE CASCADE,
    email text NOT NULL,                         -- in small letters
    news_id bigint NOT NULL REFERENCES event_news ON DELETE CASCADE,
    told_at timestamptz,                         -- when its mail left; several untold news leave in one mail
    PRIMARY KEY (event_id, email, news_id)
);
CREATE INDEX event_news_recipients_news ON event_news_recipients (news_id, email);

-- migrate:down
DROP TABLE event_news_recipients, event_news;
