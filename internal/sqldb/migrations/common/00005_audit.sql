-- +goose Up
CREATE TABLE audit_event (
    id   text NOT NULL PRIMARY KEY CHECK (id <> ''),
    data bytea NOT NULL
);

CREATE TABLE audit_link (
    seq  bigint NOT NULL PRIMARY KEY CHECK (seq > 0),
    id   text NOT NULL UNIQUE REFERENCES audit_event (id),
    hash bytea NOT NULL
);

-- The events without a link: looking for them costs the same however long the
-- trail is.
CREATE TABLE audit_unchained (
    id text NOT NULL PRIMARY KEY REFERENCES audit_event (id)
);
