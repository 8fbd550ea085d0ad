-- +goose Up
-- Which signature certifies an act is fixed when it is issued. The newest
-- rendition and until when its time-stamp proves it move on. renew_spread is
-- renew_by less a share of the spread that is the act's own, so that the acts
-- stamped under one certificate do not all fall due on one day: 1970 where
-- renew_by is not known yet, NULL where there is nothing to renew.
ALTER TABLE act ADD COLUMN certify boolean NOT NULL DEFAULT false;
ALTER TABLE act ADD COLUMN rendition bigint NOT NULL DEFAULT 0;
ALTER TABLE act ADD COLUMN renew_by timestamptz;
ALTER TABLE act ADD COLUMN renew_spread timestamptz;

-- The files of a record.
CREATE TABLE rendition (
    act_id     text NOT NULL REFERENCES act (id),
    sequence   bigint NOT NULL CHECK (sequence > 0),
    sha256     bytea NOT NULL,
    size       bigint NOT NULL CHECK (size >= 0), -- 0: archived before sizes were kept
    path       text NOT NULL CHECK (path <> ''),
    level      text NOT NULL,
    created_at timestamptz NOT NULL,
    renew_by   timestamptz, -- as known when it was made
    PRIMARY KEY (act_id, sequence)
);
INSERT INTO rendition (act_id, sequence, sha256, size, path, level, created_at)
SELECT id, 1, sha256, 0, path, level, archived_at FROM act WHERE state = 'archived';
UPDATE act SET rendition = 1 WHERE state = 'archived';
UPDATE act SET renew_spread = '1970-01-01T00:00:00.000000Z' WHERE state = 'archived' AND level <> 'B-B';
CREATE INDEX act_renewal ON act (renew_spread, id) WHERE renew_spread IS NOT NULL;

-- Why a job that failed waits, and since when.
ALTER TABLE job ADD COLUMN reason text NOT NULL DEFAULT '';
ALTER TABLE job ADD COLUMN since timestamptz NOT NULL DEFAULT '1970-01-01T00:00:00.000000Z';
UPDATE job SET reason = 'other', since = run_after WHERE attempts > 0;
CREATE INDEX job_waiting ON job (since, act_id) WHERE attempts > 0;
CREATE INDEX job_reason ON job (reason, since, act_id) WHERE attempts > 0;

-- The time-stamp that was obtained for the intent token_for.
ALTER TABLE staging ADD COLUMN token_for text NOT NULL DEFAULT '';
ALTER TABLE staging ADD COLUMN token bytea;
