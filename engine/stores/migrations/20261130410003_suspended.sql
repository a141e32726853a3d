-- Every process asks twice a second which organizations may not sell: few are ever suspended.

-- migrate:up
CREATE INDEX organizations_suspended ON organizations (id) WHERE status <> 'active';

-- migrate:down
DROP INDEX organizations_suspended;
