-- +goose Up
-- How often something was done within a window of time.
CREATE TABLE rate_window (
    key  bytea NOT NULL PRIMARY KEY,
    n    bigint NOT NULL,
    ends timestamptz NOT NULL
);
CREATE INDEX rate_window_ends ON rate_window (ends);
