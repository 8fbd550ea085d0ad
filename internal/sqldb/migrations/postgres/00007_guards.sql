-- +goose Up
-- What may not be changed, whoever asks. In production the service's role also
-- has no more than SELECT and INSERT on the append-only tables.

-- +goose StatementBegin
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd

CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION refuse('the table is append-only');
CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('the table is append-only');

CREATE TRIGGER audit_link_append_only BEFORE UPDATE OR DELETE ON audit_link
    FOR EACH ROW EXECUTE FUNCTION refuse('the table is append-only');
CREATE TRIGGER audit_link_no_truncate BEFORE TRUNCATE ON audit_link
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('the table is append-only');

CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION refuse('the table is append-only');
CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('the table is append-only');

CREATE TRIGGER ledger_position_append_only BEFORE UPDATE OR DELETE ON ledger_position
    FOR EACH ROW EXECUTE FUNCTION refuse('the table is append-only');
CREATE TRIGGER ledger_position_no_truncate BEFORE TRUNCATE ON ledger_position
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('the table is append-only');

CREATE TRIGGER ledger_hash_append_only BEFORE UPDATE OR DELETE ON ledger_hash
    FOR EACH ROW EXECUTE FUNCTION refuse('the table is append-only');
CREATE TRIGGER ledger_hash_no_truncate BEFORE TRUNCATE ON ledger_hash
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('the table is append-only');

CREATE TRIGGER enforcement_case_no_delete BEFORE DELETE ON enforcement_case
    FOR EACH ROW EXECUTE FUNCTION refuse('rows are never deleted');
CREATE TRIGGER enforcement_case_no_truncate BEFORE TRUNCATE ON enforcement_case
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('rows are never deleted');

CREATE TRIGGER act_no_delete BEFORE DELETE ON act
    FOR EACH ROW EXECUTE FUNCTION refuse('rows are never deleted');
CREATE TRIGGER act_no_truncate BEFORE TRUNCATE ON act
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('rows are never deleted');

CREATE TRIGGER sign_intent_no_delete BEFORE DELETE ON sign_intent
    FOR EACH ROW EXECUTE FUNCTION refuse('rows are never deleted');
CREATE TRIGGER sign_intent_no_truncate BEFORE TRUNCATE ON sign_intent
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('rows are never deleted');

CREATE TRIGGER counter_no_delete BEFORE DELETE ON counter
    FOR EACH ROW EXECUTE FUNCTION refuse('rows are never deleted');
CREATE TRIGGER counter_no_truncate BEFORE TRUNCATE ON counter
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('rows are never deleted');

CREATE TRIGGER ledger_head_no_delete BEFORE DELETE ON ledger_head
    FOR EACH ROW EXECUTE FUNCTION refuse('rows are never deleted');
CREATE TRIGGER ledger_head_no_truncate BEFORE TRUNCATE ON ledger_head
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('rows are never deleted');

CREATE TRIGGER act_fixed BEFORE UPDATE OF
    id, case_id, case_number, number, idx, office, officer, date, template, version,
    level, evaluation, code, request_key, issued_at, retain_until,
    search_key, signers, data_sha256, summary, data
ON act FOR EACH ROW EXECUTE FUNCTION refuse('this column is never changed');

CREATE TRIGGER enforcement_case_fixed BEFORE UPDATE OF
    id, number, document_kind, document_number, document_date,
    document_issuer, registered_at, registered_by, data
ON enforcement_case FOR EACH ROW EXECUTE FUNCTION refuse('this column is never changed');

CREATE TRIGGER sign_intent_fixed BEFORE UPDATE OF
    id, act_id, round, attempt, login, key_id, at, document_digest, digest,
    certificate
ON sign_intent FOR EACH ROW EXECUTE FUNCTION refuse('this column is never changed');

CREATE TRIGGER act_seal_once BEFORE UPDATE OF seal ON act FOR EACH ROW
    WHEN (OLD.seal IS NOT NULL AND OLD.seal IS DISTINCT FROM NEW.seal)
    EXECUTE FUNCTION refuse('a seal is made once');

CREATE TRIGGER counter_up BEFORE UPDATE ON counter FOR EACH ROW
    WHEN (NEW.series <> OLD.series OR NEW.value < OLD.value OR NEW.high < OLD.high)
    EXECUTE FUNCTION refuse('a counter never goes back');

CREATE TRIGGER ledger_head_up BEFORE UPDATE ON ledger_head FOR EACH ROW
    WHEN (NEW.size < OLD.size OR NEW.published < OLD.published OR NEW.audit_seq < OLD.audit_seq
        OR NEW.published_audit < OLD.published_audit)
    EXECUTE FUNCTION refuse('the ledger never shrinks');
