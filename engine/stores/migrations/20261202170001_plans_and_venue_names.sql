-- migrate:up
-- A picture to trace a seating chart from: one a venue, drawn under its seats in the chart builder alone. Its files stand with
-- those of the other pictures, under the name of their digest; no buyer is shown it.
CREATE TABLE chart_plans (
    venue_id text PRIMARY KEY REFERENCES venues ON DELETE CASCADE,
    digest text NOT NULL CHECK (digest ~ '^[0-9a-f]{32}$'),
    width integer NOT NULL CHECK (width > 0),
    height integer NOT NULL CHECK (height > 0),
    widths integer[] NOT NULL CHECK (cardinality(widths) BETWEEN 1 AND 8),
    x double precision NOT NULL,                 -- its middle, in units of the chart
    y double precision NOT NULL,
    span double precision NOT NULL CHECK (span > 0),  -- how wide it is, in units of the chart
    opacity double precision NOT NULL CHECK (opacity BETWEEN 0 AND 1),
    locked boolean NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX chart_plans_digest ON chart_plans (digest);

-- A venue's name in addresses: given when it is made, and kept when it is renamed, so that no link breaks.
CREATE FUNCTION venue_slug(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(nullif(trim('-' FROM left(regexp_replace(place_slug(name), '[^a-z0-9]+', '-', 'g'), 80)), ''), 'venue')
$$;
ALTER TABLE venues ADD COLUMN slug text;
UPDATE venues v
   SET slug = named.slug || CASE WHEN named.n > 1 THEN '-' || lower(replace(right(v.id, 8), '_', '-')) ELSE '' END
  FROM (SELECT id, venue_slug(name) AS slug, row_number() OVER (PARTITION BY venue_slug(name) ORDER BY id) AS n FROM venues) named
 WHERE named.id = v.id;
ALTER TABLE venues ALTER COLUMN slug SET NOT NULL;
CREATE UNIQUE INDEX venues_slug ON venues (slug);

-- Two that make venues of one name at once wait for each other.
CREATE FUNCTION venue_named() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.slug := venue_slug(NEW.name);
    PERFORM pg_advisory_xact_lock(hashtextextended('venue_slug ' || NEW.slug, 0));
    IF EXISTS (SELECT 1 FROM venues WHERE slug = NEW.slug) THEN
        NEW.slug := NEW.slug || '-' || lower(replace(right(NEW.id, 8), '_', '-'));
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER named_when_made BEFORE INSERT ON venues FOR EACH ROW EXECUTE FUNCTION venue_named();

-- migrate:down
DROP TRIGGER named_when_made ON venues;
DROP FUNCTION venue_named();
ALTER TABLE venues DROP COLUMN slug;
DROP FUNCTION venue_slug(text);
DROP TABLE chart_plans;
