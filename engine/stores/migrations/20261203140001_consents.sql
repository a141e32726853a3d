-- Who may be written to about what, asked in which words, when, and until when.
-- migrate:up
CREATE TABLE consents (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    address text NOT NULL CHECK (address = lower(address)),   -- folded
    purpose text NOT NULL CHECK (purpose IN ('organizer_marketing', 'platform_marketing', 'sms_reminders')),
    organization_id text REFERENCES organizations ON DELETE CASCADE,
    wording text NOT NULL,                       -- which sentence was read, and in which language: checkout-1/fr
    source text NOT NULL CHECK (source IN ('checkout', 'account', 'import')),
    given_at timestamptz NOT NULL DEFAULT now(),
    withdrawn_at timestamptz,
    CHECK ((purpose = 'organizer_marketing') = (organization_id IS NOT NULL))
);
-- One lives at a time; what was withdrawn stays as evidence.
CREATE UNIQUE INDEX consents_live ON consents (address, purpose, organization_id) NULLS NOT DISTINCT
 WHERE withdrawn_at IS NULL;
CREATE INDEX consents_address ON consents (address, id);
CREATE INDEX consents_organization ON consents (organization_id, id) WHERE organization_id IS NOT NULL;

-- What was agreed to in orders before: in the words of that checkout, withdrawn by nobody yet.
INSERT INTO consents (address, purpose, organization_id, wording, source, given_at)
SELECT lower(o.buyer_email), 'organizer_marketing', e.organization_id, 'checkout-0/' || o.locale, 'checkout',
       min(o.created_at)
  FROM orders o JOIN events e ON e.id = o.event_id
 WHERE o.consents @> '{"marketing": true}' AND o.buyer_email NOT LIKE '%@erased.invalid'
 GROUP BY lower(o.buyer_email), e.organization_id, o.locale
ON CONFLICT DO NOTHING;

-- migrate:down
DROP TABLE consents;
