-- +goose Up
-- An author's acts in a state that is not "archived", in the order of a list.
DROP INDEX act_open_officer;
CREATE INDEX act_open_officer ON act (officer, state, date, id) WHERE state <> 'archived';
