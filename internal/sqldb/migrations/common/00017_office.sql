-- +goose Up
-- How an act was given up, and by whom: before this only the archive tells.
ALTER TABLE act ADD COLUMN void_kind text NOT NULL DEFAULT '' CHECK (void_kind IN ('', 'returned'));
ALTER TABLE act ADD COLUMN voided_by text NOT NULL DEFAULT '';
CREATE INDEX act_returned ON act (officer, changed_at) WHERE void_kind = 'returned';
