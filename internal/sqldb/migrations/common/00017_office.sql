-- +goose Up
-- How an act was given up, and by whom: before this only the archive tells. An
-- act may correct a clerical mistake of another one, whose number it names.
ALTER TABLE act ADD COLUMN void_kind text NOT NULL DEFAULT '' CHECK (void_kind IN ('', 'returned'));
ALTER TABLE act ADD COLUMN voided_by text NOT NULL DEFAULT '';
ALTER TABLE act ADD COLUMN corrects text NOT NULL DEFAULT '';
CREATE INDEX act_returned ON act (officer, changed_at) WHERE void_kind = 'returned';
CREATE INDEX act_corrects ON act (corrects, idx) WHERE corrects <> '';

-- Who acts in whose place, from one civil date to another.
CREATE TABLE substitution (
    id           text NOT NULL PRIMARY KEY CHECK (id <> ''),
    absent       text NOT NULL CHECK (absent <> ''),
    deputy       text NOT NULL CHECK (deputy <> '' AND deputy <> absent),
    role         text NOT NULL CHECK (role <> ''),
    office       text NOT NULL CHECK (office <> ''),
    from_date    text NOT NULL,
    until_date   text NOT NULL CHECK (until_date >= from_date),
    reason       text NOT NULL,
    appointed_by text NOT NULL,
    appointed_at timestamptz NOT NULL,

    -- These move once; everything else is fixed.
    ended_by     text NOT NULL DEFAULT '',
    ended_at     timestamptz
);
CREATE INDEX substitution_until ON substitution (until_date, id);

-- A change of standing that waits for a second person, or waited.
CREATE TABLE standing_proposal (
    id          text NOT NULL PRIMARY KEY CHECK (id <> ''),
    act_id      text NOT NULL REFERENCES act (id),
    standing    text NOT NULL CHECK (standing IN ('superseded', 'annulled')),
    by_number   text NOT NULL CHECK (by_number <> ''),
    reason      text NOT NULL,
    proposed_by text NOT NULL CHECK (proposed_by <> ''),
    proposed_at timestamptz NOT NULL,

    -- These move once; everything else is fixed.
    state       text NOT NULL CHECK (state IN ('open', 'confirmed', 'rejected')),
    decided_by  text NOT NULL DEFAULT '',
    decided_at  timestamptz,
    remark      text NOT NULL DEFAULT '',
    CHECK ((state = 'open') = (decided_by = '')),
    CHECK (state <> 'confirmed' OR decided_by <> proposed_by)
);
CREATE UNIQUE INDEX standing_proposal_open ON standing_proposal (act_id) WHERE state = 'open';
CREATE INDEX standing_proposal_waiting ON standing_proposal (proposed_at, id) WHERE state = 'open';

-- An act was served on somebody. A mistake is mended by a further row.
CREATE TABLE delivery (
    id          text NOT NULL PRIMARY KEY CHECK (id <> ''),
    act_id      text NOT NULL REFERENCES act (id),
    party       text NOT NULL,
    recipient   text NOT NULL CHECK (recipient <> ''),
    way         text NOT NULL CHECK (way <> ''),
    on_date     text NOT NULL,
    proof       text NOT NULL,
    file_name   text NOT NULL,
    file_type   text NOT NULL,
    file_size   bigint NOT NULL CHECK (file_size >= 0), -- 0: there is no file
    file_sha256 bytea,
    corrects    text NOT NULL, -- id of the row that this one replaces
    recorded_by text NOT NULL CHECK (recorded_by <> ''),
    recorded_at timestamptz NOT NULL
);
CREATE INDEX delivery_act ON delivery (act_id, id);
CREATE UNIQUE INDEX delivery_corrects ON delivery (corrects) WHERE corrects <> '';
