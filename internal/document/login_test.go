package document_test

import (
	"encoding/json"
	"errors"
	"testing"

	"docsvc/internal/audit"
	"docsvc/internal/document"
)

// TestRecordLogin: the trail tells who came in and who was refused, and of a
// stranger nothing but the token by which the provider knows them.
func TestRecordLogin(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	refused := &document.Error{Kind: document.Forbidden, Key: "error.login.unknown", Err: errors.New("FIN 5VBK5VR")}
	for _, c := range []struct {
		login document.Login
		want  audit.Event
		told  map[string]string
	}{
		{
			document.Login{Account: "nigar", TokenID: "t-1", Level: "high", RequestID: "r-1"},
			audit.Event{Kind: audit.LoginDone, Actor: "nigar", Subject: "nigar", RequestID: "r-1"},
			map[string]string{"token_id": "t-1", "level": "high"},
		},
		{
			document.Login{TokenID: "t-2", RequestID: "r-2", Refused: refused},
			audit.Event{Kind: audit.LoginRefused, Actor: "unknown", Subject: "unknown", RequestID: "r-2"},
			map[string]string{"token_id": "t-2", "reason": "error.login.unknown"},
		},
		{
			document.Login{Account: "nigar", TokenID: "t-3", Refused: errors.New("5VBK5VR")},
			audit.Event{Kind: audit.LoginRefused, Actor: "nigar", Subject: "nigar"},
			map[string]string{"token_id": "t-3", "reason": "internal"},
		},
	} {
		if err := s.RecordLogin(t.Context(), c.login); err != nil {
			t.Fatal(err)
		}
		var rows []document.AuditRow
		if err := w.register.View(t.Context(), func(tx document.Tx) (err error) {
			rows, err = tx.UnchainedAudit(t.Context(), 100)
			return err
		}); err != nil || len(rows) == 0 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		got, err := audit.Decode(rows[len(rows)-1].Data)
		if err != nil {
			t.Fatal(err)
		}
		told := map[string]string{}
		if err := json.Unmarshal(got.Detail, &told); err != nil {
			t.Fatal(err)
		}
		if got.Kind != c.want.Kind || got.Actor != c.want.Actor || got.Subject != c.want.Subject || got.RequestID != c.want.RequestID {
			t.Errorf("%+v", got)
		}
		for name, value := range c.told {
			if told[name] != value {
				t.Errorf("%s is %q, want %q", name, told[name], value)
			}
		}
		if len(told) != len(c.told) {
			t.Errorf("details %v", told)
		}
	}
	w.store.arm(1, false)
	if err := s.RecordLogin(t.Context(), document.Login{Account: "nigar"}); err == nil {
		t.Error("a login that was not recorded")
	}
}
