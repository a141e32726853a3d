-- How far each rule of keeping has come: rows are visited once, in the order in which they were written.
-- migrate:up
CREATE TABLE retention_marks (
    rule text PRIMARY KEY,
    mark text NOT NULL,                          -- the last row that was visited
    moved_at timestamptz NOT NULL DEFAULT now()
);

-- migrate:down
DROP TABLE retention_marks;
