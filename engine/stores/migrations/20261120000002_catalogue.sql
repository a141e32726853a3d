-- Venues, events, what they sell and when.
-- migrate:up
-- Text as people search for it: without accents and case, whatever the database's own locale (needs Postgres 17).
CREATE FUNCTION folded(given text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT lower(regexp_replace(normalize(given, NFKD), U&'[\0300-\036f]', '', 'g') COLLATE pg_c_utf8)
$$;

CREATE TABLE venues (
    id text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES organizations,
    name text NOT NULL,
    address text NOT NULL DEFAULT '',
    city text NOT NULL DEFAULT '',
    region text NOT NULL DEFAULT '',
    country text NOT NULL DEFAULT '',
    lat double precision,
    lng double precision,
    timezone text NOT NULL,
    accessibility text NOT NULL DEFAULT '',
    chart bytea,                                 -- seating chart JSON as given
    chart_etag text,
    chart_units integer,                         -- what the chart holds, read once when it was put
    chart_categories text[],
    version integer NOT NULL DEFAULT 1,          -- the ETag of the row
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX venues_organization ON venues (organization_id, id);

CREATE TABLE events (
    id text PRIMARY KEY,
    slug text NOT NULL UNIQUE,
    organization_id text NOT NULL REFERENCES organizations,
    venue_id text NOT NULL REFERENCES venues,
    title text NOT NULL,
    summary text NOT NULL DEFAULT '',
    description text NOT NULL DEFAULT '',
    category text NOT NULL DEFAULT 'other',
    tags text[] NOT NULL DEFAULT '{}',
    terms text NOT NULL DEFAULT '',
    cover_url text,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
    timezone text NOT NULL,
    currency char(3) NOT NULL,
    hold_ttl_s integer NOT NULL DEFAULT 600 CHECK (hold_ttl_s BETWEEN 300 AND 900),
    orphan_policy text NOT NULL DEFAULT 'auto' CHECK (orphan_policy IN ('auto', 'strict', 'lenient', 'off')),
    taxes jsonb NOT NULL DEFAULT '[]',           -- [{"name", "rate_bp"}]
    fee jsonb NOT NULL DEFAULT '{"rate_bp": 0, "fixed_cents": 0, "paid_by": "buyer"}',
    max_tickets_per_buyer integer CHECK (max_tickets_per_buyer > 0),
    allow_refunds_until timestamptz,
    entry_rules jsonb NOT NULL DEFAULT '{}',     -- {"allow_reentry", "max_entries", ...}
    status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'published', 'cancelled', 'completed')),
    chart bytea,                                 -- the venue's chart frozen when the event was first published
    chart_etag text,
    chart_categories text[],
    units integer,                               -- inventory size, set with the chart
    ticket_types_made smallint NOT NULL DEFAULT 0,   -- numbers given so far: a number is never given twice
    price_from_cents bigint,                     -- all-in prices of the public ticket types, kept with each change
    price_to_cents bigint,
    version integer NOT NULL DEFAULT 1,
    published_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    search tsvector GENERATED ALWAYS AS (
        to_tsvector('simple', folded(title || ' ' || summary || ' ' || description || ' ' || category))
    ) STORED
);
CREATE INDEX events_listing ON events (status, starts_at, id);
CREATE INDEX events_organization ON events (organization_id, id);
CREATE INDEX events_search ON events USING gin (search);

CREATE TABLE ticket_types (
    id text PRIMARY KEY,
    event_id text NOT NULL REFERENCES events ON DELETE CASCADE,
    number smallint NOT NULL CHECK (number BETWEEN 0 AND 254),   -- its byte in Redis, never reused
    name text NOT NULL,
    price_cents bigint NOT NULL CHECK (price_cents >= 0),
    categories text[] NOT NULL,
    capacity integer CHECK (capacity >= 0),
    max_per_order integer NOT NULL DEFAULT 10 CHECK (max_per_order BETWEEN 1 AND 50),
    sales_start_at timestamptz,
    sales_end_at timestamptz,
    visibility text NOT NULL DEFAULT 'public' CHECK (visibility IN ('public', 'hidden')),
    taxable boolean NOT NULL DEFAULT true,
    sort integer NOT NULL DEFAULT 0,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (event_id, number)
);

CREATE TABLE allotments (
    id text PRIMARY KEY,
    event_id text NOT NULL REFERENCES events ON DELETE CASCADE,
    number smallint NOT NULL CHECK (number BETWEEN 1 AND 95),    -- its lot in the inventory map
    name text NOT NULL,
    units integer[] NOT NULL,
    open_to text[] NOT NULL DEFAULT '{}',        -- channels and presale codes
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (event_id, number)
);

CREATE TABLE promo_codes (
    id text PRIMARY KEY,
    event_id text NOT NULL REFERENCES events ON DELETE CASCADE,
    code text NOT NULL CHECK (code = upper(code)),
    kind text NOT NULL CHECK (kind IN ('percent', 'fixed')),
    value integer NOT NULL CHECK (value > 0),    -- basis points, or cents
    max_uses integer CHECK (max_uses > 0),
    valid_from timestamptz,
    valid_until timestamptz,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (event_id, code)
);

-- The waiting room reads this table and nothing else of the engine's.
CREATE TABLE on_sales (
    event_id text PRIMARY KEY REFERENCES events ON DELETE CASCADE,
    organization_id text NOT NULL REFERENCES organizations,
    prequeue_opens_at timestamptz,
    opens_at timestamptz NOT NULL,
    closes_at timestamptz,
    room_enabled boolean NOT NULL DEFAULT false,
    room jsonb NOT NULL DEFAULT '{}',            -- {capacity, rate_per_min, claim_ttl_s, session_ttl_s, identity, challenge, codes}
    card jsonb NOT NULL DEFAULT '{}',            -- what the queue page shows: {title, slug, venue, city, starts_at, timezone, shop_url}
    live boolean NOT NULL DEFAULT false,         -- the event is published
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- Written by the waiting room only: what must survive the loss of Redis.
CREATE TABLE rooms (
    event_id text PRIMARY KEY REFERENCES on_sales ON DELETE CASCADE,
    epoch bigint NOT NULL DEFAULT 1,
    high_water bigint NOT NULL DEFAULT 0,        -- every number below it may have been issued
    serving bigint NOT NULL DEFAULT 0,           -- as last published
    draw_secret bytea NOT NULL,
    draw jsonb NOT NULL DEFAULT '{}',            -- {commit, cohort_size, merkle_root, seed, beacon} once drawn
    cohort bytea,                                -- identity digests of the draw, 8 bytes each, in index order
    controls jsonb NOT NULL DEFAULT '{}',        -- the operator's {version, rate_per_min, capacity, paused, message, beacon, opened_at_ms}
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- migrate:down
DROP TABLE rooms, on_sales, promo_codes, allotments, ticket_types, events, venues;
DROP FUNCTION folded(text);
