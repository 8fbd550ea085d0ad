-- +goose Up
-- Tokens of programs. Of the secret there is a hash only.
CREATE TABLE api_token (
    id         text NOT NULL PRIMARY KEY CHECK (id <> ''),
    hash       bytea NOT NULL UNIQUE,
    prefix     text NOT NULL,
    login      text NOT NULL,
    name       text NOT NULL,
    scopes     text NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    expires_at timestamptz NOT NULL,
    last_used  timestamptz,
    revoked_at timestamptz,
    revoked_by text NOT NULL
);
CREATE INDEX api_token_created ON api_token (created_at, id);

-- Requests that may be sent again, with the answer that was given: kept for a
-- day. While status is 0 the first one is being worked on, until lease_ends.
CREATE TABLE api_request (
    key          bytea NOT NULL PRIMARY KEY,
    request      bytea NOT NULL,
    status       bigint NOT NULL CHECK (status >= 0),
    content_type text NOT NULL,
    location     text NOT NULL,
    body         bytea,
    lease_ends   timestamptz NOT NULL,
    expires      timestamptz NOT NULL
);
CREATE INDEX api_request_expires ON api_request (expires);

-- Who is told what happens. The secret is not here: it is derived from a key of
-- the service, which kid names.
CREATE TABLE webhook (
    id         text NOT NULL PRIMARY KEY CHECK (id <> ''),
    url        text NOT NULL,
    office     text NOT NULL,
    events     text NOT NULL,
    kid        text NOT NULL,
    since      bigint NOT NULL, -- last audit link before it
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    disabled   boolean NOT NULL
);
CREATE INDEX webhook_created ON webhook (created_at, id);

CREATE TABLE webhook_delivery (
    id         text NOT NULL PRIMARY KEY CHECK (id <> ''),
    webhook_id text NOT NULL REFERENCES webhook (id),
    kind       text NOT NULL,
    subject    text NOT NULL,
    body       bytea NOT NULL,
    created_at timestamptz NOT NULL,
    state      text NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
    attempts   bigint NOT NULL CHECK (attempts >= 0),
    next_at    timestamptz NOT NULL,
    status     bigint NOT NULL,
    error      text NOT NULL,
    done_at    timestamptz
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (next_at, id) WHERE state = 'waiting';
CREATE INDEX webhook_delivery_list ON webhook_delivery (webhook_id, id);
CREATE INDEX webhook_delivery_done ON webhook_delivery (done_at) WHERE done_at IS NOT NULL;

-- What follows the audit trail: the last link that was taken over into the
-- tables below and into webhook_delivery.
CREATE TABLE follower (
    one bigint NOT NULL PRIMARY KEY CHECK (one = 1),
    seq bigint NOT NULL CHECK (seq >= 0)
);
INSERT INTO follower (one, seq) VALUES (1, 0);

-- The trail by what people look for.
CREATE TABLE audit_index (
    seq     bigint NOT NULL PRIMARY KEY,
    at      timestamptz NOT NULL,
    actor   text NOT NULL,
    kind    text NOT NULL,
    subject text NOT NULL,
    office  text NOT NULL
);
CREATE INDEX audit_index_at ON audit_index (at, seq);
CREATE INDEX audit_index_actor ON audit_index (actor, at, seq);
CREATE INDEX audit_index_kind ON audit_index (kind, at, seq);
CREATE INDEX audit_index_subject ON audit_index (subject, at, seq);
CREATE INDEX audit_index_office ON audit_index (office, at, seq);

-- Acts archived on a day, and how long they took from number to archive, by
-- steps of a quarter of an octave.
CREATE TABLE act_day (
    day      text NOT NULL,
    office   text NOT NULL,
    template text NOT NULL,
    n        bigint NOT NULL,
    PRIMARY KEY (day, office, template)
);
CREATE TABLE act_day_time (
    day    text NOT NULL,
    step   bigint NOT NULL,
    office text NOT NULL,
    n      bigint NOT NULL,
    PRIMARY KEY (day, step, office)
);
