-- migrate:up
-- What the listing shows, searches and counts: one narrow row for each published event, kept by triggers, so that a search
-- never reads the wide rows of events, and words of event, venue and organizer together stand in one index.
CREATE EXTENSION IF NOT EXISTS fuzzystrmatch;

-- A city as one key, which is its address too: 'Saint-Denis' and 'saint denis' are 'saint-denis'.
CREATE FUNCTION place_slug(given text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_to_string(search_parted(given), '-')
$$;

-- The words of a text as search_words has them, all of one weight: A counts most, D least.
CREATE FUNCTION search_weighed(given text, weight text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(string_agg('''' || replace(replace(left(word, 100), '\', '\\'), '''', '''''') || ''':1' || weight, ' '), '')
           ::tsvector
      FROM unnest(search_words(given)) AS u(word)
$$;

-- The calendar day of a moment at a place. A zone that this server does not know counts as UTC.
CREATE FUNCTION day_at(moment timestamptz, zone text) RETURNS date LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
    RETURN (moment AT TIME ZONE zone)::date;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN (moment AT TIME ZONE 'UTC')::date;
END
$$;

-- Whether a seating chart marks accessible seats: single ones, or a row's by their numbers.
CREATE FUNCTION chart_has_accessible_seats(chart bytea) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RETURN jsonb_path_exists(convert_from(chart, 'UTF8')::jsonb,
        '$.sections[*].rows[*] ? (exists(@.accessible[*]) || exists(@.seats[*].accessible ? (@ == true)))');
EXCEPTION WHEN data_exception THEN
    RETURN false;
END
$$;

-- Worked out when what they are made of changes, and never again for a price, a status or an organizer's new name.
DROP INDEX events_search;
ALTER TABLE events DROP COLUMN search;
ALTER TABLE events ADD COLUMN has_accessible_seats boolean
    GENERATED ALWAYS AS (coalesce(chart_has_accessible_seats(chart), false)) STORED;
ALTER TABLE events ADD COLUMN words tsvector
    GENERATED ALWAYS AS (search_weighed(title, 'A') || search_weighed(search_listed(tags), 'B')
                         || search_weighed(category, 'C') || search_weighed(summary || ' ' || left(description, 4000), 'D')) STORED;

-- In which of the bands of prices an amount lies: 0 costs nothing, then 1, 2 to 4, 5 to 9, 10 to 19 and on, in minor units
-- (engine/foundation/world/price_bands.py).
CREATE FUNCTION price_band(cents bigint) RETURNS smallint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT width_bucket(cents, ARRAY[
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000, 1000000, 2000000,
        5000000, 10000000, 20000000, 50000000, 100000000, 200000000, 500000000, 1000000000, 2000000000, 5000000000, 10000000000,
        20000000000, 50000000000, 100000000000, 200000000000, 500000000000]::bigint[])::smallint
$$;

CREATE TABLE listed_events (
    event_id text PRIMARY KEY REFERENCES events ON DELETE CASCADE,
    organization_id text NOT NULL,
    venue_id text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    day date NOT NULL,                           -- on the calendar of its place
    month date NOT NULL GENERATED ALWAYS AS (make_date(extract(year FROM day)::integer, extract(month FROM day)::integer, 1)) STORED,
    city text NOT NULL,
    city_slug text NOT NULL,
    category text NOT NULL,
    currency char(3) NOT NULL,
    price_from_cents bigint,
    price_to_cents bigint,
    band_from smallint GENERATED ALWAYS AS (price_band(price_from_cents)) STORED,
    band_to smallint GENERATED ALWAYS AS (price_band(price_to_cents)) STORED,
    accessible_seats boolean NOT NULL,
    access_described boolean NOT NULL,
    lat double precision,
    lng double precision,
    title text NOT NULL,
    title_words tsvector NOT NULL,
    words tsvector NOT NULL                      -- A title, B organizer, venue, city and tags, C category, D the texts
);
CREATE INDEX listed_events_start ON listed_events (starts_at, event_id);
CREATE INDEX listed_events_words ON listed_events USING gin (words);
CREATE INDEX listed_events_title_words ON listed_events USING gin (title_words);
CREATE INDEX listed_events_city ON listed_events (city_slug text_pattern_ops, starts_at);
CREATE INDEX listed_events_venue ON listed_events (venue_id, starts_at);
CREATE INDEX listed_events_organization ON listed_events (organization_id, starts_at);

-- Venues and cities at which something was listed, by their names alone; one at which nothing is to come is not shown.
CREATE TABLE listed_venues (
    venue_id text PRIMARY KEY REFERENCES venues ON DELETE CASCADE,
    name text NOT NULL,
    city_slug text NOT NULL,
    words tsvector NOT NULL
);
CREATE INDEX listed_venues_words ON listed_venues USING gin (words);
CREATE TABLE listed_cities (slug text PRIMARY KEY, name text NOT NULL, words tsvector NOT NULL);
CREATE INDEX listed_cities_words ON listed_cities USING gin (words);

-- What the platform shows first, in its order.
CREATE TABLE featured_events (
    event_id text PRIMARY KEY REFERENCES events ON DELETE CASCADE,
    place smallint NOT NULL
);

-- The letters of a word by threes, with its beginning and its end. Our own: pg_trgm reads letters by the database's locale,
-- which may know Latin ones alone.
CREATE FUNCTION search_triples(word text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(substr('  ' || word || ' ', at, 3)) FROM generate_series(1, length(word) + 1) AS at
$$;

-- Words under which something was ever listed: what a word that finds nothing may have been meant as. Never shown.
CREATE TABLE search_vocabulary (
    word text PRIMARY KEY,
    triples text[] NOT NULL GENERATED ALWAYS AS (search_triples(word)) STORED
);
CREATE INDEX search_vocabulary_beginning ON search_vocabulary (word text_pattern_ops);
CREATE INDEX search_vocabulary_triples ON search_vocabulary USING gin (triples);

-- By keys, whatever the tables hold: the plan is kept from when they were empty.
CREATE FUNCTION events_listed(given text[]) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    DELETE FROM listed_events l USING events e
     WHERE l.event_id = ANY (given) AND e.id = l.event_id AND e.status <> 'published';
    INSERT INTO listed_events AS l
        (event_id, organization_id, venue_id, starts_at, ends_at, day, city, city_slug, category, currency, price_from_cents,
         price_to_cents, accessible_seats, access_described, lat, lng, title, title_words, words)
    SELECT e.id, e.organization_id, e.venue_id, e.starts_at, e.ends_at, day_at(e.starts_at, e.timezone), v.city,
           place_slug(v.city), trim(folded(e.category)), e.currency, e.price_from_cents, e.price_to_cents,
           e.has_accessible_seats, v.accessibility <> '', v.lat, v.lng, e.title, ts_filter(e.words, '{a}'),
           e.words || search_weighed(concat_ws(' ', o.name, v.name, v.city), 'B')
      FROM events e JOIN venues v ON v.id = e.venue_id JOIN organizations o ON o.id = e.organization_id
     WHERE e.id = ANY (given) AND e.status = 'published'
     ORDER BY e.id
    ON CONFLICT (event_id) DO UPDATE
       SET (organization_id, venue_id, starts_at, ends_at, day, city, city_slug, category, currency, price_from_cents,
            price_to_cents, accessible_seats, access_described, lat, lng, title, title_words, words)
         = (excluded.organization_id, excluded.venue_id, excluded.starts_at, excluded.ends_at, excluded.day, excluded.city,
            excluded.city_slug, excluded.category, excluded.currency, excluded.price_from_cents, excluded.price_to_cents,
            excluded.accessible_seats, excluded.access_described, excluded.lat, excluded.lng, excluded.title, excluded.title_words, excluded.words);
    INSERT INTO listed_venues AS known (venue_id, name, city_slug, words)
    SELECT DISTINCT ON (v.id) v.id, v.name, place_slug(v.city), search_weighed(v.name, 'A')
      FROM listed_events l JOIN venues v ON v.id = l.venue_id WHERE l.event_id = ANY (given) ORDER BY v.id
    ON CONFLICT (venue_id) DO UPDATE SET (name, city_slug, words) = (excluded.name, excluded.city_slug, excluded.words)
     WHERE (known.name, known.city_slug) IS DISTINCT FROM (excluded.name, excluded.city_slug);
    INSERT INTO listed_cities (slug, name, words)
    SELECT DISTINCT ON (l.city_slug) l.city_slug, l.city, search_weighed(l.city, 'A')
      FROM listed_events l WHERE l.event_id = ANY (given) AND l.city_slug <> '' ORDER BY l.city_slug, l.event_id
    ON CONFLICT DO NOTHING;
    -- In one order, so that two who list at once wait for each other and never in a circle.
    INSERT INTO search_vocabulary (word)
    SELECT DISTINCT t.lexeme
      FROM listed_events l CROSS JOIN unnest(ts_filter(l.words, '{a,b}')) AS t
     WHERE l.event_id = ANY (given) AND length(t.lexeme) BETWEEN 4 AND 40 AND t.lexeme COLLATE pg_c_utf8 ~ '^[[:alpha:]]+$'
     ORDER BY 1
    ON CONFLICT DO NOTHING;
END
$$;

CREATE FUNCTION event_listed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM events_listed(ARRAY[NEW.id]);
    RETURN NULL;
END
$$;
CREATE TRIGGER listed_when_made AFTER INSERT ON events
    FOR EACH ROW WHEN (NEW.status = 'published') EXECUTE FUNCTION event_listed();
CREATE TRIGGER listed_when_changed
    AFTER UPDATE OF status, title, summary, description, category, tags, starts_at, ends_at, timezone, currency, venue_id, chart,
                    price_from_cents, price_to_cents ON events
    FOR EACH ROW WHEN ('published' IN (OLD.status, NEW.status)) EXECUTE FUNCTION event_listed();

-- A venue's or an organization's name stands in the words of its events. The events are locked before they are read, so that
-- one which is being changed is read as it becomes.
CREATE FUNCTION venue_listed() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    PERFORM events_listed(ARRAY(
        SELECT id FROM events WHERE venue_id = NEW.id AND status = 'published' ORDER BY id FOR NO KEY UPDATE));
    RETURN NULL;
END
$$;
CREATE TRIGGER listed_when_changed AFTER UPDATE OF name, city, lat, lng, accessibility ON venues
    FOR EACH ROW
    WHEN ((OLD.name, OLD.city, OLD.lat, OLD.lng, OLD.accessibility)
          IS DISTINCT FROM (NEW.name, NEW.city, NEW.lat, NEW.lng, NEW.accessibility))
    EXECUTE FUNCTION venue_listed();

CREATE FUNCTION organization_listed() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    PERFORM events_listed(ARRAY(
        SELECT id FROM events WHERE organization_id = NEW.id AND status = 'published' ORDER BY id FOR NO KEY UPDATE));
    RETURN NULL;
END
$$;
CREATE TRIGGER listed_when_changed AFTER UPDATE OF name ON organizations
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION organization_listed();

-- The words that one which nothing listed begins with may have been meant as, likeliest first. A word of four or five
-- letters may have one mistake, up to nine two, above three; two letters that changed places are one. The typed word may
-- be the beginning of the meant one.
CREATE FUNCTION search_meant(typed text) RETURNS text[] LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET enable_seqscan = off AS $$
DECLARE
    size CONSTANT integer := length(typed);
    most CONSTANT integer := CASE WHEN size <= 5 THEN 1 WHEN size <= 9 THEN 2 ELSE 3 END;
    swapped text[];
BEGIN
    IF size NOT BETWEEN 4 AND 40 OR typed COLLATE pg_c_utf8 !~ '^[[:alpha:]]+$' THEN
        RETURN '{}';
    END IF;
    swapped := ARRAY(SELECT left(typed, at - 1) || substr(typed, at + 1, 1) || substr(typed, at, 1) || substr(typed, at + 2)
                       FROM generate_series(1, size - 1) AS at);
    RETURN ARRAY(
        SELECT word
          FROM (SELECT word, apart, min(apart) OVER () AS nearest FROM (
                SELECT word, least(levenshtein_less_equal(typed, word, most),
                                   levenshtein_less_equal(typed, left(word, size), most) + 0.4,
                                   levenshtein_less_equal(typed, left(word, size + 1), most) + 0.4,
                                   levenshtein_less_equal(typed, left(word, size - 1), most) + 0.4,
                                   CASE WHEN word = ANY (swapped) THEN 1.0 WHEN left(word, size) = ANY (swapped) THEN 1.4 END
                               ) AS apart
                  FROM search_vocabulary
                 WHERE triples && search_triples(typed) AND length(word) >= size - most
                   AND levenshtein_less_equal(typed, left(word, size), most + 1) <= most + 1) AS alike) AS near
         WHERE apart < most + 0.5 AND apart < nearest + 0.5
         ORDER BY apart, left(word, 1) <> left(typed, 1), word
         LIMIT 5);
END
$$;

-- As search_query, for what is listed: a word that nothing listed begins with stands for those it may have been meant as.
-- ``begun`` and ``whole`` have every word by itself, as a beginning and as it is: what a find is ranked by. All NULL: there
-- is no word.
CREATE FUNCTION search_listing(given text, OUT matched tsquery, OUT begun tsquery, OUT whole tsquery, OUT meant text)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE AS $$
DECLARE
    typed text;
    quoted text;
    others text[];
    each_found text[] := '{}';
    each_begun text[] := '{}';
    each_whole text[] := '{}';
    each_meant text[] := '{}';
BEGIN
    FOREACH typed IN ARRAY (search_parted(given))[1:10] LOOP
        quoted := '''' || replace(replace(left(typed, 100), '\', '\\'), '''', '''''') || '''';
        others := '{}';
        IF NOT EXISTS (SELECT 1 FROM search_vocabulary WHERE word ~>=~ typed AND word ~<~ (typed || U&'\+10ffff'))
           OR NOT EXISTS (SELECT 1 FROM listed_events WHERE words @@ (quoted || ':*')::tsquery) THEN
            others := search_meant(typed);  -- of letters alone: they need no quotes
        END IF;
        each_meant := each_meant || coalesce(others[1], typed);
        each_found := each_found || ('(' || array_to_string(ARRAY[quoted || ':*'] || others, ' | ') || ')');
        each_begun := each_begun || ARRAY[quoted || ':*'] || others;
        each_whole := each_whole || ARRAY[quoted] || others;
    END LOOP;
    IF each_found = '{}' THEN
        matched := search_query(given);
        begun := matched;
        whole := matched;
        meant := given;
        RETURN;
    END IF;
    matched := array_to_string(each_found, ' & ')::tsquery;
    begun := array_to_string(each_begun, ' | ')::tsquery;
    whole := array_to_string(each_whole, ' | ')::tsquery;
    meant := array_to_string(each_meant, ' ');
END
$$;

SELECT events_listed(ARRAY(SELECT id FROM events WHERE status = 'published'));
ANALYZE listed_events, listed_venues, listed_cities, search_vocabulary;

DROP INDEX venues_search;
ALTER TABLE venues DROP COLUMN search;
DROP FUNCTION search_any(text);

-- migrate:down
CREATE FUNCTION search_any(given text) RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT replace(search_query(given)::text, ' & ', ' | ')::tsquery
$$;
ALTER TABLE venues ADD COLUMN search tsvector
    GENERATED ALWAYS AS (array_to_tsvector(search_words(name || ' ' || city))) STORED;
ALTER TABLE events ADD COLUMN search tsvector
    GENERATED ALWAYS AS (array_to_tsvector(search_words(
        title || ' ' || summary || ' ' || category || ' ' || left(description, 4000) || ' ' || search_listed(tags)))) STORED;
CREATE INDEX events_search ON events USING gin (search);
CREATE INDEX venues_search ON venues USING gin (search);
DROP TRIGGER listed_when_changed ON organizations;
DROP TRIGGER listed_when_changed ON venues;
DROP TRIGGER listed_when_changed ON events;
DROP TRIGGER listed_when_made ON events;
DROP FUNCTION search_listing(text), search_meant(text), organization_listed(), venue_listed(),
              event_listed(), events_listed(text[]);
DROP TABLE search_vocabulary, featured_events, listed_cities, listed_venues, listed_events;
ALTER TABLE events DROP COLUMN words, DROP COLUMN has_accessible_seats;
DROP FUNCTION search_triples(text), chart_has_accessible_seats(bytea), day_at(timestamptz, text), search_weighed(text, text), place_slug(text), price_band(bigint);
DROP EXTENSION fuzzystrmatch;
