-- +goose Up
-- Forms that are being filled in. Nothing here has a legal meaning, or is
-- archived.
CREATE TABLE saved_form (
    id         text NOT NULL PRIMARY KEY CHECK (id <> ''),
    login      text NOT NULL CHECK (login <> ''),
    case_number text NOT NULL, -- empty: the registration of a case
    template   text NOT NULL,
    office     text NOT NULL,
    officer    text NOT NULL,
    input      bytea NOT NULL, -- JSON, unchecked
    version    bigint NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX saved_form_login ON saved_form (login, updated_at DESC, id DESC);

-- What was typed into the forms of issued acts, to make others from it. It is
-- not archived: after a rebuild these acts have none.
CREATE TABLE act_input (
    act_id text NOT NULL PRIMARY KEY REFERENCES act (id),
    input  bytea NOT NULL
);
