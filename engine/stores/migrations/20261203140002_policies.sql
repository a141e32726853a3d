-- Terms and privacy policies of the platform and of organizations, every version, and which ones somebody accepted.
-- migrate:up
CREATE TABLE policies (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id text REFERENCES organizations ON DELETE CASCADE,   -- null: the platform's
    kind text NOT NULL CHECK (kind IN ('privacy', 'terms')),
    version integer NOT NULL CHECK (version > 0),
    text text NOT NULL,                          -- as it was typed: a part of CommonMark
    published_at timestamptz NOT NULL DEFAULT now(),
    published_by text NOT NULL
);
CREATE UNIQUE INDEX policies_version ON policies (organization_id, kind, version) NULLS NOT DISTINCT;

-- The newest of each owner, for the statement that opens an order: it reads two rows by their key.
CREATE TABLE policy_versions (
    owner text PRIMARY KEY,                      -- an organization's id; '': the platform
    versions jsonb NOT NULL                      -- {"terms": 3, "privacy": 1}
);
ALTER TABLE orders ADD COLUMN accepted jsonb;    -- {"platform": {"terms": 3}, "organizer": {"privacy": 1}}
ALTER TABLE users ADD COLUMN accepted jsonb;     -- {"terms": 3, "privacy": 1} of the platform

CREATE FUNCTION policy_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO policy_versions AS v (owner, versions)
    VALUES (coalesce(NEW.organization_id, ''), jsonb_build_object(NEW.kind, NEW.version))
    ON CONFLICT (owner) DO UPDATE SET versions = v.versions || excluded.versions;
    RETURN NULL;
END $$;
CREATE TRIGGER policies_published AFTER INSERT ON policies FOR EACH ROW EXECUTE FUNCTION policy_published();

-- migrate:down
ALTER TABLE users DROP COLUMN accepted;
ALTER TABLE orders DROP COLUMN accepted;
DROP TABLE policy_versions, policies;
DROP FUNCTION policy_published();
