-- +goose Up
CREATE TABLE enforcement_case (
    id              text NOT NULL PRIMARY KEY CHECK (id <> ''),
    number          text NOT NULL UNIQUE CHECK (number <> ''),
    office          text NOT NULL,
    officer         text NOT NULL,
    document_kind   text NOT NULL,
    document_number text NOT NULL,
    document_date   text NOT NULL,
    document_issuer text NOT NULL,
    registered_at   timestamptz,
    registered_by   text NOT NULL,
    search_key      text NOT NULL,
    data            bytea NOT NULL,
    UNIQUE (document_issuer, document_number, document_date)
);
