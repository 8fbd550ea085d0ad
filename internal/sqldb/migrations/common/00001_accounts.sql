-- +goose Up
CREATE TABLE account (
    login       text NOT NULL PRIMARY KEY CHECK (login <> ''),
    name        text NOT NULL,
    post        text NOT NULL,
    office      text NOT NULL,
    profile     text NOT NULL CHECK (profile IN ('', 'state', 'private')),
    tax_id      text NOT NULL,
    grants      bytea NOT NULL, -- JSON
    certificate bytea NOT NULL, -- JSON: list of DER in base64, leaf first
    key_id      text NOT NULL,
    created_at  timestamptz,
    disabled    boolean NOT NULL
);

-- Outlives processes, so that the delay after a wrong passphrase does.
CREATE TABLE auth_failure (
    login   text NOT NULL PRIMARY KEY,
    n       bigint NOT NULL CHECK (n > 0),
    last_at timestamptz
);
