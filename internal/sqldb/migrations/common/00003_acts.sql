-- +goose Up
CREATE TABLE act (
    id           text NOT NULL PRIMARY KEY CHECK (id <> ''),
    case_id      text NOT NULL REFERENCES enforcement_case (id),
    case_number  text NOT NULL,
    number       text NOT NULL UNIQUE CHECK (number <> ''),
    idx          bigint NOT NULL CHECK (idx > 0),
    office       text NOT NULL,
    officer      text NOT NULL,
    date         text NOT NULL,
    template     text NOT NULL,
    version      text NOT NULL,
    level        text NOT NULL,
    evaluation   boolean NOT NULL,
    code         text NOT NULL UNIQUE CHECK (code <> ''),
    request_key  text NOT NULL,
    issued_at    timestamptz,
    retain_until timestamptz,

    -- These move on; everything else is fixed when the act is issued.
    state        text NOT NULL
        CHECK (state IN ('issued', 'prepared', 'signing', 'signed', 'archived', 'voided')),
    round        bigint NOT NULL CHECK (round >= 0),
    epoch        bigint NOT NULL CHECK (epoch >= 0),
    waits_for    text NOT NULL, -- login of the signer in this round; derived from signers
    signed_at    timestamptz,
    sha256       bytea,
    path         text NOT NULL,
    archived_at  timestamptz,
    void_reason  text NOT NULL,
    standing     text NOT NULL CHECK (standing IN ('', 'in_force', 'superseded', 'annulled')),
    changed_by   text NOT NULL,
    changed_at   timestamptz,
    reason       text NOT NULL,

    -- Last, because they are long.
    search_key   text NOT NULL,
    signers      bytea NOT NULL, -- JSON
    seal         bytea, -- once set, fixed
    data_sha256  bytea,
    summary      bytea,
    data         bytea,
    UNIQUE (case_id, idx)
);

CREATE UNIQUE INDEX act_request ON act (officer, request_key) WHERE request_key <> '';
CREATE INDEX act_waiting ON act (waits_for, issued_at, id) WHERE state = 'prepared';
CREATE INDEX act_state ON act (state);
