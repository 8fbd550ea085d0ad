-- +goose Up
-- An officer's consent to sign exactly these digests.
CREATE TABLE authorisation (
    id         text NOT NULL PRIMARY KEY CHECK (id <> ''),
    login      text NOT NULL CHECK (login <> ''),
    nonce      text NOT NULL CHECK (nonce <> ''),
    items      bigint NOT NULL CHECK (items > 0),
    begun      timestamptz NOT NULL,
    expires    timestamptz NOT NULL,
    request_id text NOT NULL,

    -- These move once; everything else is fixed.
    state      text NOT NULL CHECK (state IN ('open', 'used', 'abandoned')),
    used_at    timestamptz,
    token_id   text NOT NULL,
    key_id     text NOT NULL,
    evidence   bytea, -- encrypted
    CHECK ((state = 'used') = (token_id <> '')),
    UNIQUE (id, items)
);
-- One authentication is consent to one batch.
CREATE UNIQUE INDEX authorisation_token ON authorisation (token_id) WHERE token_id <> '';
CREATE INDEX authorisation_login ON authorisation (login, begun, id);

-- Nothing can be added to a consent afterwards: n stays below the number of
-- items that its authorisation was stored with, and all are stored with it. The
-- act may be gone: a rebuild restores consents to acts that were never archived.
CREATE TABLE authorisation_item (
    authorisation_id text NOT NULL,
    n                bigint NOT NULL,
    items            bigint NOT NULL,
    act_id           text NOT NULL,
    round            bigint NOT NULL CHECK (round >= 0),
    digest           bytea NOT NULL,
    PRIMARY KEY (authorisation_id, n),
    FOREIGN KEY (authorisation_id, items) REFERENCES authorisation (id, items),
    CHECK (0 <= n AND n < items)
);
