-- migrate:up
-- The public listing looks for words that stand in the event or in its venue: each has an index, and an event's tags are
-- words of its own.
CREATE FUNCTION search_listed(given text[]) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_to_string(given, ' ')
$$;

-- As search_query, for what has any of the words.
CREATE FUNCTION search_any(given text) RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT replace(search_query(given)::text, ' & ', ' | ')::tsquery
$$;

ALTER TABLE events DROP COLUMN search;
ALTER TABLE events ADD COLUMN search tsvector
    GENERATED ALWAYS AS (array_to_tsvector(search_words(
        title || ' ' || summary || ' ' || category || ' ' || left(description, 4000) || ' ' || search_listed(tags)))) STORED;
CREATE INDEX events_search ON events USING gin (search);
CREATE INDEX venues_search ON venues USING gin (search);
CREATE INDEX events_venue ON events (venue_id);

-- migrate:down
DROP INDEX events_venue;
DROP INDEX venues_search;
ALTER TABLE events DROP COLUMN search;
ALTER TABLE events ADD COLUMN search tsvector
    GENERATED ALWAYS AS (array_to_tsvector(search_words(
        title || ' ' || summary || ' ' || category || ' ' || left(description, 4000)))) STORED;
CREATE INDEX events_search ON events USING gin (search);
DROP FUNCTION search_any(text), search_listed(text[]);
