-- +goose Up
-- Logins begun at the identity provider, and who is logged in. Of the secrets
-- that browsers hold there are hashes only.
CREATE TABLE login_attempt (
    state_hash      bytea NOT NULL PRIMARY KEY,
    verifier        text NOT NULL,
    nonce           text NOT NULL,
    purpose         text NOT NULL,
    fresh           boolean NOT NULL,
    authorisation   text NOT NULL,
    login           text NOT NULL,
    return_to       text NOT NULL,
    browser_binding bytea, -- NULL for the command line
    begun           timestamptz NOT NULL,
    expires         timestamptz NOT NULL
);
CREATE INDEX login_attempt_expires ON login_attempt (expires);

CREATE TABLE session (
    id_hash          bytea NOT NULL PRIMARY KEY,
    login            text NOT NULL,
    subject          text NOT NULL,
    provider_session text NOT NULL,
    acr              text NOT NULL,
    auth_time        timestamptz,
    begun            timestamptz NOT NULL,
    last_seen        timestamptz NOT NULL,
    expires          timestamptz NOT NULL,
    user_agent       text NOT NULL
);
CREATE INDEX session_login ON session (login, begun DESC, id_hash);
CREATE INDEX session_expires ON session (expires);
CREATE INDEX session_last_seen ON session (last_seen);
