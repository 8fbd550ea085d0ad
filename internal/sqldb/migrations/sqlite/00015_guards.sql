-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER rendition_no_update BEFORE UPDATE ON rendition
BEGIN SELECT RAISE(ABORT, 'rendition is append-only'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rendition_no_delete BEFORE DELETE ON rendition
BEGIN SELECT RAISE(ABORT, 'rendition is append-only'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER act_certify_fixed BEFORE UPDATE OF certify ON act
BEGIN SELECT RAISE(ABORT, 'this column of act is never changed'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER act_rendition_up BEFORE UPDATE OF rendition ON act
WHEN NEW.rendition < OLD.rendition
BEGIN SELECT RAISE(ABORT, 'renditions never go back'); END;
-- +goose StatementEnd
