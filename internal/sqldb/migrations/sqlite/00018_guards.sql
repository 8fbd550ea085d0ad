-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER substitution_fixed BEFORE UPDATE OF
    id, absent, deputy, role, office, from_date, until_date, reason, appointed_by, appointed_at
ON substitution
BEGIN SELECT RAISE(ABORT, 'this column of substitution is never changed'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER substitution_once BEFORE UPDATE ON substitution
WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a substitution ends once'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER substitution_no_delete BEFORE DELETE ON substitution
BEGIN SELECT RAISE(ABORT, 'rows of substitution are never deleted'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER standing_proposal_fixed BEFORE UPDATE OF
    id, act_id, standing, by_number, reason, proposed_by, proposed_at
ON standing_proposal
BEGIN SELECT RAISE(ABORT, 'this column of standing_proposal is never changed'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER standing_proposal_once BEFORE UPDATE ON standing_proposal
WHEN OLD.state <> 'open'
BEGIN SELECT RAISE(ABORT, 'a proposal is decided once'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER standing_proposal_no_delete BEFORE DELETE ON standing_proposal
BEGIN SELECT RAISE(ABORT, 'rows of standing_proposal are never deleted'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER delivery_no_update BEFORE UPDATE ON delivery
BEGIN SELECT RAISE(ABORT, 'delivery is append-only'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER delivery_no_delete BEFORE DELETE ON delivery
BEGIN SELECT RAISE(ABORT, 'delivery is append-only'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER act_corrects_fixed BEFORE UPDATE OF corrects ON act
BEGIN SELECT RAISE(ABORT, 'this column of act is never changed'); END;
-- +goose StatementEnd
