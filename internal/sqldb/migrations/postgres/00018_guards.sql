-- +goose Up
CREATE TRIGGER substitution_fixed BEFORE UPDATE OF
    id, absent, deputy, role, office, from_date, until_date, reason, appointed_by, appointed_at
ON substitution FOR EACH ROW EXECUTE FUNCTION refuse('this column is never changed');
CREATE TRIGGER substitution_once BEFORE UPDATE ON substitution FOR EACH ROW
    WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION refuse('a substitution ends once');
CREATE TRIGGER substitution_no_delete BEFORE DELETE ON substitution
    FOR EACH ROW EXECUTE FUNCTION refuse('rows are never deleted');
CREATE TRIGGER substitution_no_truncate BEFORE TRUNCATE ON substitution
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('rows are never deleted');

CREATE TRIGGER standing_proposal_fixed BEFORE UPDATE OF
    id, act_id, standing, by_number, reason, proposed_by, proposed_at
ON standing_proposal FOR EACH ROW EXECUTE FUNCTION refuse('this column is never changed');
CREATE TRIGGER standing_proposal_once BEFORE UPDATE ON standing_proposal FOR EACH ROW
    WHEN (OLD.state <> 'open') EXECUTE FUNCTION refuse('a proposal is decided once');
CREATE TRIGGER standing_proposal_no_delete BEFORE DELETE ON standing_proposal
    FOR EACH ROW EXECUTE FUNCTION refuse('rows are never deleted');
CREATE TRIGGER standing_proposal_no_truncate BEFORE TRUNCATE ON standing_proposal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('rows are never deleted');

CREATE TRIGGER delivery_append_only BEFORE UPDATE OR DELETE ON delivery
    FOR EACH ROW EXECUTE FUNCTION refuse('the table is append-only');
CREATE TRIGGER delivery_no_truncate BEFORE TRUNCATE ON delivery
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('the table is append-only');

CREATE TRIGGER act_corrects_fixed BEFORE UPDATE OF corrects
ON act FOR EACH ROW EXECUTE FUNCTION refuse('this column is never changed');
