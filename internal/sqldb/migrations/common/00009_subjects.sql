-- +goose Up
-- Who the account is at the identity provider.
ALTER TABLE account ADD COLUMN subject text NOT NULL DEFAULT '';
CREATE UNIQUE INDEX account_subject ON account (subject) WHERE subject <> '';
