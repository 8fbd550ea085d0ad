-- +goose Up
-- What may not be changed, whoever asks. REPLACE fires the triggers on DELETE
-- only with PRAGMA recursive_triggers, which every connection of docsvc sets.

-- +goose StatementBegin
CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event
BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event
BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_link_no_update BEFORE UPDATE ON audit_link
BEGIN SELECT RAISE(ABORT, 'audit_link is append-only'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_link_no_delete BEFORE DELETE ON audit_link
BEGIN SELECT RAISE(ABORT, 'audit_link is append-only'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER ledger_position_no_update BEFORE UPDATE ON ledger_position
BEGIN SELECT RAISE(ABORT, 'ledger_position is append-only'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER ledger_position_no_delete BEFORE DELETE ON ledger_position
BEGIN SELECT RAISE(ABORT, 'ledger_position is append-only'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER ledger_hash_no_update BEFORE UPDATE ON ledger_hash
BEGIN SELECT RAISE(ABORT, 'ledger_hash is append-only'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER ledger_hash_no_delete BEFORE DELETE ON ledger_hash
BEGIN SELECT RAISE(ABORT, 'ledger_hash is append-only'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER enforcement_case_no_delete BEFORE DELETE ON enforcement_case
BEGIN SELECT RAISE(ABORT, 'rows of enforcement_case are never deleted'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER act_no_delete BEFORE DELETE ON act
BEGIN SELECT RAISE(ABORT, 'rows of act are never deleted'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER sign_intent_no_delete BEFORE DELETE ON sign_intent
BEGIN SELECT RAISE(ABORT, 'rows of sign_intent are never deleted'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER counter_no_delete BEFORE DELETE ON counter
BEGIN SELECT RAISE(ABORT, 'rows of counter are never deleted'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER ledger_head_no_delete BEFORE DELETE ON ledger_head
BEGIN SELECT RAISE(ABORT, 'rows of ledger_head are never deleted'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER act_fixed BEFORE UPDATE OF
    id, case_id, case_number, number, idx, office, officer, date, template, version,
    level, evaluation, code, request_key, issued_at, retain_until,
    search_key, signers, data_sha256, summary, data
ON act
BEGIN SELECT RAISE(ABORT, 'this column of act is never changed'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER enforcement_case_fixed BEFORE UPDATE OF
    id, number, document_kind, document_number, document_date,
    document_issuer, registered_at, registered_by, data
ON enforcement_case
BEGIN SELECT RAISE(ABORT, 'this column of enforcement_case is never changed'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER sign_intent_fixed BEFORE UPDATE OF
    id, act_id, round, attempt, login, key_id, at, document_digest, digest,
    certificate
ON sign_intent
BEGIN SELECT RAISE(ABORT, 'this column of sign_intent is never changed'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER act_seal_once BEFORE UPDATE OF seal ON act
WHEN OLD.seal IS NOT NULL AND OLD.seal IS DISTINCT FROM NEW.seal
BEGIN SELECT RAISE(ABORT, 'a seal is made once'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER counter_up BEFORE UPDATE ON counter
WHEN NEW.series <> OLD.series OR NEW.value < OLD.value OR NEW.high < OLD.high
BEGIN SELECT RAISE(ABORT, 'a counter never goes back'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER ledger_head_up BEFORE UPDATE ON ledger_head
WHEN NEW.size < OLD.size OR NEW.published < OLD.published OR NEW.audit_seq < OLD.audit_seq
    OR NEW.published_audit < OLD.published_audit
BEGIN SELECT RAISE(ABORT, 'the ledger never shrinks'); END;
-- +goose StatementEnd
