-- migrate:up
-- Whether an order of the event takes somebody who is signed in.
ALTER TABLE on_sales ADD COLUMN account text NOT NULL DEFAULT 'optional' CHECK (account IN ('optional', 'required'));

-- migrate:down
ALTER TABLE on_sales DROP COLUMN account;
