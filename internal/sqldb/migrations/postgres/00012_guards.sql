-- +goose Up
CREATE TRIGGER authorisation_fixed BEFORE UPDATE OF
    id, login, nonce, items, begun, expires, request_id
ON authorisation FOR EACH ROW EXECUTE FUNCTION refuse('this column is never changed');
CREATE TRIGGER authorisation_once BEFORE UPDATE ON authorisation FOR EACH ROW
    WHEN (OLD.state <> 'open') EXECUTE FUNCTION refuse('a consent is used once');
CREATE TRIGGER authorisation_no_delete BEFORE DELETE ON authorisation
    FOR EACH ROW EXECUTE FUNCTION refuse('rows are never deleted');
CREATE TRIGGER authorisation_no_truncate BEFORE TRUNCATE ON authorisation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('rows are never deleted');

CREATE TRIGGER authorisation_item_append_only BEFORE UPDATE OR DELETE ON authorisation_item
    FOR EACH ROW EXECUTE FUNCTION refuse('the table is append-only');
CREATE TRIGGER authorisation_item_no_truncate BEFORE TRUNCATE ON authorisation_item
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('the table is append-only');

CREATE TRIGGER sign_intent_authorisation_fixed BEFORE UPDATE OF authorisation_id
ON sign_intent FOR EACH ROW EXECUTE FUNCTION refuse('this column is never changed');
CREATE TRIGGER sign_intent_once BEFORE UPDATE ON sign_intent FOR EACH ROW
    WHEN (OLD.outcome <> 'open') EXECUTE FUNCTION refuse('an intent is closed once');
