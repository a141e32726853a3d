-- migrate:up
-- When the account's own person was seen to read the mail of its address: signed in, or by a link that let them in or set the
-- password anew. A click on "confirm" alone proves that somebody reads the mail, who may be another than who registered.
ALTER TABLE users ADD COLUMN address_claimed_at timestamptz;
UPDATE users SET address_claimed_at = email_verified_at;

-- migrate:down
ALTER TABLE users DROP COLUMN address_claimed_at;
