-- +goose Up
-- By what people with an account of docsvc's own prove who they are. It is
-- secret, so the archive never has it, and a rebuild does not restore it.
CREATE TABLE factor (
    login      text NOT NULL CHECK (login <> ''),
    kind       text NOT NULL CHECK (kind IN ('password', 'totp', 'recovery', 'passkey')),
    id         text NOT NULL, -- of a passkey or a recovery code
    name       text NOT NULL, -- that its owner gave a passkey
    secret     bytea NOT NULL, -- a hash, what is sealed, or a public key
    counter    bigint NOT NULL CHECK (counter >= 0),
    created_at timestamptz NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (login, kind, id)
);
-- A passkey is one person's.
CREATE UNIQUE INDEX factor_passkey ON factor (id) WHERE kind = 'passkey';

-- What people are shown of their own logins. The audit trail keeps them for good.
CREATE TABLE sign_in (
    id      text NOT NULL PRIMARY KEY CHECK (id <> ''),
    login   text NOT NULL CHECK (login <> ''),
    at      timestamptz NOT NULL,
    way     text NOT NULL,
    refused text NOT NULL -- why; empty for who was let in
);
CREATE INDEX sign_in_login ON sign_in (login, at, id);
CREATE INDEX sign_in_at ON sign_in (at);
CREATE INDEX auth_failure_last_at ON auth_failure (last_at);

-- How a consent was given: by a login at the provider (the empty word: so were
-- all before), or by the passphrase of the key.
ALTER TABLE authorisation ADD COLUMN way text NOT NULL DEFAULT '' CHECK (way IN ('', 'passphrase'));
