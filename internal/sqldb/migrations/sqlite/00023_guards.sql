-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER api_token_fixed BEFORE UPDATE OF
    id, hash, prefix, login, name, scopes, created_at, created_by, expires_at
ON api_token
BEGIN SELECT RAISE(ABORT, 'this column of api_token is never changed'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER api_token_revoked BEFORE UPDATE OF revoked_at, revoked_by ON api_token
WHEN OLD.revoked_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a token is revoked for good'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER api_token_no_delete BEFORE DELETE ON api_token
BEGIN SELECT RAISE(ABORT, 'rows of api_token are never deleted'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER webhook_fixed BEFORE UPDATE OF
    id, url, office, events, kid, since, created_at, created_by
ON webhook
BEGIN SELECT RAISE(ABORT, 'this column of webhook is never changed'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER webhook_delivery_fixed BEFORE UPDATE OF
    id, webhook_id, kind, subject, body, created_at
ON webhook_delivery
BEGIN SELECT RAISE(ABORT, 'this column of webhook_delivery is never changed'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER follower_up BEFORE UPDATE ON follower
WHEN NEW.seq < OLD.seq
BEGIN SELECT RAISE(ABORT, 'the follower never goes back'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_index_no_update BEFORE UPDATE ON audit_index
BEGIN SELECT RAISE(ABORT, 'audit_index is append-only'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_index_no_delete BEFORE DELETE ON audit_index
BEGIN SELECT RAISE(ABORT, 'audit_index is append-only'); END;
-- +goose StatementEnd
