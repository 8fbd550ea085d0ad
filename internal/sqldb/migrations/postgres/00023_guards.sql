-- +goose Up
CREATE TRIGGER api_token_fixed BEFORE UPDATE OF
    id, hash, prefix, login, name, scopes, created_at, created_by, expires_at
ON api_token FOR EACH ROW EXECUTE FUNCTION refuse('this column is never changed');
CREATE TRIGGER api_token_revoked BEFORE UPDATE OF revoked_at, revoked_by ON api_token FOR EACH ROW
    WHEN (OLD.revoked_at IS NOT NULL) EXECUTE FUNCTION refuse('a token is revoked for good');
CREATE TRIGGER api_token_no_delete BEFORE DELETE ON api_token
    FOR EACH ROW EXECUTE FUNCTION refuse('rows are never deleted');
CREATE TRIGGER api_token_no_truncate BEFORE TRUNCATE ON api_token
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('rows are never deleted');

CREATE TRIGGER webhook_fixed BEFORE UPDATE OF
    id, url, office, events, kid, since, created_at, created_by
ON webhook FOR EACH ROW EXECUTE FUNCTION refuse('this column is never changed');
CREATE TRIGGER webhook_delivery_fixed BEFORE UPDATE OF
    id, webhook_id, kind, subject, body, created_at
ON webhook_delivery FOR EACH ROW EXECUTE FUNCTION refuse('this column is never changed');

CREATE TRIGGER follower_up BEFORE UPDATE ON follower FOR EACH ROW
    WHEN (NEW.seq < OLD.seq) EXECUTE FUNCTION refuse('the follower never goes back');

CREATE TRIGGER audit_index_append_only BEFORE UPDATE OR DELETE ON audit_index
    FOR EACH ROW EXECUTE FUNCTION refuse('the table is append-only');
CREATE TRIGGER audit_index_no_truncate BEFORE TRUNCATE ON audit_index
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('the table is append-only');
