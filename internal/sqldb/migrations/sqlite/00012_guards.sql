-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER authorisation_fixed BEFORE UPDATE OF
    id, login, nonce, items, begun, expires, request_id
ON authorisation
BEGIN SELECT RAISE(ABORT, 'this column of authorisation is never changed'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER authorisation_once BEFORE UPDATE ON authorisation
WHEN OLD.state <> 'open'
BEGIN SELECT RAISE(ABORT, 'a consent is used once'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER authorisation_no_delete BEFORE DELETE ON authorisation
BEGIN SELECT RAISE(ABORT, 'rows of authorisation are never deleted'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER authorisation_item_no_update BEFORE UPDATE ON authorisation_item
BEGIN SELECT RAISE(ABORT, 'authorisation_item is append-only'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER authorisation_item_no_delete BEFORE DELETE ON authorisation_item
BEGIN SELECT RAISE(ABORT, 'authorisation_item is append-only'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER sign_intent_authorisation_fixed BEFORE UPDATE OF authorisation_id
ON sign_intent
BEGIN SELECT RAISE(ABORT, 'this column of sign_intent is never changed'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER sign_intent_once BEFORE UPDATE ON sign_intent
WHEN OLD.outcome <> 'open'
BEGIN SELECT RAISE(ABORT, 'an intent is closed once'); END;
-- +goose StatementEnd
