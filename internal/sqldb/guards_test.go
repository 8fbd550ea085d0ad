package sqldb

import (
	"database/sql"
	"fmt"
	"testing"

	"docsvc/internal/document"
)

// testGuards tries, beside the register, what nobody may do.
func testGuards(t *testing.T, r *Register, db *sql.DB) {
	fill(t, r)
	before := dump(t, r)
	var forbidden []string
	for table, column := range map[string]string{
		"audit_event": "data", "audit_link": "hash", "ledger_entry": "leaf",
		"ledger_position": "position", "ledger_hash": "hash", "authorisation_item": "digest", "rendition": "sha256", "delivery": "proof",
		"audit_index": "kind",
	} {
		forbidden = append(forbidden,
			fmt.Sprintf("UPDATE %s SET %s = %s", table, column, column), "DELETE FROM "+table)
	}
	for _, table := range []string{"enforcement_case", "act", "sign_intent", "counter", "ledger_head", "authorisation", "substitution", "standing_proposal", "api_token"} {
		forbidden = append(forbidden, "DELETE FROM "+table)
	}
	for table, columns := range map[string][]string{
		"act": {"id", "case_id", "case_number", "number", "idx", "office", "officer", "date", "template", "version",
			"level", "evaluation", "code", "request_key", "issued_at", "retain_until", "search_key", "signers",
			"data_sha256", "summary", "data", "certify", "corrects"},
		"enforcement_case": {"id", "number", "document_kind", "document_number", "document_date", "document_issuer",
			"registered_at", "registered_by", "data"},
		"sign_intent": {"id", "act_id", "round", "attempt", "login", "key_id", "at", "document_digest", "digest", "certificate",
			"authorisation_id"},
		"authorisation":     {"id", "login", "nonce", "items", "begun", "expires", "request_id"},
		"substitution":      {"id", "absent", "deputy", "role", "office", "from_date", "until_date", "reason", "appointed_by", "appointed_at"},
		"standing_proposal": {"id", "act_id", "standing", "by_number", "reason", "proposed_by", "proposed_at"},
		"api_token": {"id", "hash", "prefix", "login", "name", "scopes", "created_at", "created_by", "expires_at", "revoked_at",
			"revoked_by"},
		"webhook":          {"id", "url", "office", "events", "kid", "since", "created_at", "created_by"},
		"webhook_delivery": {"id", "webhook_id", "kind", "subject", "body", "created_at"},
	} {
		for _, c := range columns {
			forbidden = append(forbidden, fmt.Sprintf("UPDATE %s SET %s = %s", table, c, c))
		}
	}
	forbidden = append(forbidden,
		"UPDATE act SET seal = data",
		"UPDATE act SET seal = NULL",
		"UPDATE act SET state = 'lost'",
		"UPDATE act SET standing = 'doubtful'",
		"UPDATE act SET epoch = -1",
		"UPDATE act SET rendition = rendition - 1",
		"UPDATE sign_intent SET outcome = 'maybe' WHERE id = 'i1'",
		"UPDATE sign_intent SET outcome = 'open' WHERE id = 'i0'",
		"UPDATE sign_intent SET signature = digest WHERE id = 'i0'",
		"UPDATE authorisation SET state = 'maybe' WHERE id = 'u1'",
		"UPDATE authorisation SET state = 'used' WHERE id = 'u1'",
		"UPDATE authorisation SET state = 'used', token_id = 'token' WHERE id = 'u1'",
		"UPDATE authorisation SET state = 'open', token_id = '' WHERE id = 'u2'",
		"UPDATE authorisation SET evidence = nonce WHERE id = 'u2'",
		"UPDATE authorisation SET token_id = 'another' WHERE id = 'u2'",
		// To widen a consent, as one of its items or as one more.
		"INSERT INTO authorisation_item (authorisation_id, n, items, act_id, round, digest) SELECT 'u1', 1, 1, act_id, 1, digest FROM authorisation_item WHERE authorisation_id = 'u1'",
		"INSERT INTO authorisation_item (authorisation_id, n, items, act_id, round, digest) SELECT 'u1', 1, 2, act_id, 1, digest FROM authorisation_item WHERE authorisation_id = 'u1'",
		"UPDATE substitution SET ended_at = NULL, ended_by = '' WHERE id = 's2'",
		"UPDATE standing_proposal SET state = 'confirmed' WHERE id = 'p1'",
		"UPDATE standing_proposal SET state = 'confirmed', decided_by = proposed_by WHERE id = 'p1'",
		"UPDATE standing_proposal SET state = 'open', decided_by = '' WHERE id = 'p2'",
		"UPDATE standing_proposal SET remark = 'another' WHERE id = 'p2'",
		"UPDATE counter SET value = value - 1",
		"UPDATE counter SET high = high - 1",
		"UPDATE counter SET value = high + 1",
		"UPDATE counter SET series = 'another'",
		"UPDATE follower SET seq = seq - 1",
		"UPDATE ledger_head SET size = size - 1",
		"UPDATE ledger_head SET audit_seq = 0",
		"UPDATE ledger_head SET published = size + 1",
		"INSERT INTO ledger_head (one, size, audit_seq, published, published_audit, owner) VALUES (2, 0, 0, 0, 0, '')",
	)
	for _, statement := range forbidden {
		if _, err := db.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("allowed: %s", statement)
		}
	}
	if string(dump(t, r)) != string(before) {
		t.Error("the register was changed")
	}
}

// TestReplace: REPLACE is SQLite's other way to delete.
func TestReplace(t *testing.T) {
	r, o := newSQLite(t)
	fill(t, r)
	for _, statement := range []string{
		"REPLACE INTO audit_event (id, data) VALUES ('e2', x'00')",
		"INSERT OR REPLACE INTO ledger_hash (idx, hash) VALUES (0, x'00')",
		"UPDATE OR REPLACE audit_link SET seq = 1",
	} {
		if _, err := rawDB(t, o).ExecContext(t.Context(), statement); err == nil {
			t.Errorf("allowed: %s", statement)
		}
	}
}

func testTruncate(t *testing.T, r *Register, db *sql.DB) {
	fill(t, r)
	for _, table := range []string{
		"audit_event", "audit_link", "ledger_entry", "ledger_position", "ledger_hash",
		"enforcement_case", "act", "sign_intent", "counter", "ledger_head", "authorisation", "authorisation_item", "rendition",
		"substitution", "standing_proposal", "delivery",
		"api_token", "audit_index",
	} {
		if _, err := db.ExecContext(t.Context(), "TRUNCATE "+table+" CASCADE"); err == nil {
			t.Errorf("%s was emptied", table)
		}
	}
}

func TestDump(t *testing.T) {
	r, _ := newSQLite(t)
	fill(t, r)
	all := dump(t, r)
	if string(all) != string(dump(t, r)) {
		t.Error("two dumps of one register differ")
	}
	other, _ := newSQLite(t)
	fill(t, other)
	if string(all) != string(dump(t, other)) {
		t.Error("the same content dumps differently")
	}
	if err := other.Update(t.Context(), func(tx document.Tx) error {
		_, err := tx.NextNumber(t.Context(), "s")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if string(all) == string(dump(t, other)) {
		t.Error("another number does not show")
	}
	if string(dump(t, r, "act")) != string(dump(t, other, "act")) {
		t.Error("another table shows")
	}
	want := `counter series="s" value=4 high=10` + "\n"
	if got := string(dump(t, r, "counter")); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := r.Dump(t.Context(), t.Output(), "staging"); err == nil {
		t.Error("a table that is not durable was dumped")
	}
}
