-- +goose Up
-- What the line needs while an act is on its way.
CREATE TABLE staging (
    act_id          text NOT NULL PRIMARY KEY REFERENCES act (id),
    round           bigint NOT NULL,
    base_size       bigint NOT NULL,
    document_digest bytea,
    digest          bytea,
    prepared_at     timestamptz,
    manifest        bytea,
    prepared        bytea,
    pdf             bytea
);

-- One row before each use of a signer's key.
CREATE TABLE sign_intent (
    id              text NOT NULL PRIMARY KEY CHECK (id <> ''),
    act_id          text NOT NULL REFERENCES act (id),
    round           bigint NOT NULL,
    attempt         bigint NOT NULL,
    login           text NOT NULL,
    key_id          text NOT NULL,
    outcome         text NOT NULL CHECK (outcome IN ('open', 'signed', 'unknown', 'refused')),
    at              timestamptz,
    document_digest bytea,
    digest          bytea,
    signature       bytea,
    certificate     bytea,
    UNIQUE (act_id, round, attempt)
);
-- A second key call while the first is open would be a second signature.
CREATE UNIQUE INDEX sign_intent_open ON sign_intent (act_id) WHERE outcome = 'open';

-- 1970 stands for "at once" and for "no lease", so that both can be compared.
CREATE TABLE job (
    act_id     text NOT NULL PRIMARY KEY REFERENCES act (id),
    run_after  timestamptz NOT NULL,
    lease_ends timestamptz NOT NULL,
    owner      text NOT NULL,
    attempts   bigint NOT NULL,
    last_error text NOT NULL
);
CREATE INDEX job_due ON job (run_after, lease_ends);

CREATE TABLE counter (
    series text NOT NULL PRIMARY KEY,
    value  bigint NOT NULL,
    high   bigint NOT NULL,
    CHECK (0 <= value AND value <= high)
);

CREATE TABLE outbox (
    id   text NOT NULL PRIMARY KEY CHECK (id <> ''),
    data bytea NOT NULL
);
