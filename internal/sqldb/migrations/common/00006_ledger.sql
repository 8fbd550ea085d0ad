-- +goose Up
CREATE TABLE ledger_entry (
    id     text NOT NULL PRIMARY KEY CHECK (id <> ''),
    act_id text NOT NULL,
    leaf   bytea NOT NULL
);
CREATE INDEX ledger_entry_act ON ledger_entry (act_id, id) WHERE act_id <> '';

CREATE TABLE ledger_position (
    position bigint NOT NULL PRIMARY KEY CHECK (position >= 0),
    id       text NOT NULL UNIQUE REFERENCES ledger_entry (id)
);

-- The entries without a position.
CREATE TABLE ledger_unsequenced (
    id text NOT NULL PRIMARY KEY REFERENCES ledger_entry (id)
);

CREATE TABLE ledger_hash (
    idx  bigint NOT NULL PRIMARY KEY CHECK (idx >= 0),
    hash bytea NOT NULL
);

CREATE TABLE ledger_head (
    one             bigint NOT NULL PRIMARY KEY CHECK (one = 1),
    size            bigint NOT NULL,
    root            bytea,
    audit_seq       bigint NOT NULL,
    published       bigint NOT NULL,
    published_audit bigint NOT NULL,
    checkpoint      bytea,
    owner           text NOT NULL,
    lease_ends      timestamptz,
    CHECK (0 <= published AND published <= size),
    CHECK (0 <= published_audit AND published_audit <= audit_seq)
);
INSERT INTO ledger_head (one, size, audit_seq, published, published_audit, owner)
VALUES (1, 0, 0, 0, 0, '');
