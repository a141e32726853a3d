-- What the mail server finally said to a mail for the buyer: told on the order's page, to the organizer, and in the log.

-- migrate:up
ALTER TABLE orders ADD COLUMN mail_refused text;

-- migrate:down
ALTER TABLE orders DROP COLUMN mail_refused;
