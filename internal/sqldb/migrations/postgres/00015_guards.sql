-- +goose Up
CREATE TRIGGER rendition_append_only BEFORE UPDATE OR DELETE ON rendition
    FOR EACH ROW EXECUTE FUNCTION refuse('the table is append-only');
CREATE TRIGGER rendition_no_truncate BEFORE TRUNCATE ON rendition
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('the table is append-only');

CREATE TRIGGER act_certify_fixed BEFORE UPDATE OF certify
ON act FOR EACH ROW EXECUTE FUNCTION refuse('this column is never changed');
CREATE TRIGGER act_rendition_up BEFORE UPDATE OF rendition ON act FOR EACH ROW
    WHEN (NEW.rendition < OLD.rendition) EXECUTE FUNCTION refuse('renditions never go back');
