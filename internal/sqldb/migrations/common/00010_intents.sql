-- +goose Up
-- The consent under which the key was used, and what its holder calls the use.
ALTER TABLE sign_intent ADD COLUMN authorisation_id text REFERENCES authorisation (id);
ALTER TABLE sign_intent ADD COLUMN key_request text NOT NULL DEFAULT '';
