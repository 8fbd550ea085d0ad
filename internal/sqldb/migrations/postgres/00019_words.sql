-- +goose Up
-- What acts and cases are found by: folded words, and marks, which begin with a
-- colon. They are derived from the rows by document.Act.Words and
-- document.Case.Words; docsvc migrate writes them for the rows that have none.
-- Bytes compare the same under every collation. The date leads the id, so that
-- the newest are found first and a range of dates is one range of the index.
CREATE TABLE act_word (
    word   bytea NOT NULL,
    date   text NOT NULL,
    act_id text NOT NULL,
    PRIMARY KEY (word, date, act_id)
);
CREATE TABLE case_word (
    word    bytea NOT NULL,
    date    text NOT NULL,
    case_id text NOT NULL,
    PRIMARY KEY (word, date, case_id)
);

-- The few acts that are not, or no longer, simply archived and in force.
CREATE INDEX act_open ON act (state, date, id) WHERE state <> 'archived';
CREATE INDEX act_open_officer ON act (officer, state) WHERE state <> 'archived';
CREATE INDEX act_open_office ON act (office, state) WHERE state <> 'archived';
CREATE INDEX act_changed ON act (standing, date, id) WHERE standing IN ('superseded', 'annulled');

-- What the trail says of an act, a case or a person, without reading all of it.
-- A copy of an act that leaves docsvc has a number, given once. Derived from
-- the events; docsvc migrate writes it for those that are there.
CREATE TABLE audit_subject (
    subject text NOT NULL,
    id      text NOT NULL,
    copy    bigint NOT NULL, -- 0: the event is about no copy
    PRIMARY KEY (subject, id)
);
CREATE UNIQUE INDEX audit_copy ON audit_subject (subject, copy) WHERE copy > 0;
