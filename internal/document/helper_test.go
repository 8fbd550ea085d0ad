package document_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"docsvc/internal/audit"
	"docsvc/internal/document"
)

var operator = document.Actor{Login: "operator", Grants: []document.Grant{{Role: document.RoleOperator, Office: "*"}}}

// writNumber is the registration form of the n-th enforcement document.
func writNumber(n int) json.RawMessage {
	return fmt.Appendf(nil, `{"kind":"writ","number":"2(199)-%d/2026","date":"2026-06-15","issuer":"Court"}`, n)
}

func draftOf(kase, key string) document.Draft {
	return document.Draft{Case: kase, Template: "decision", Input: json.RawMessage(`{"facts":"true"}`), RequestKey: key}
}

func (w *world) mustRegister(s *document.Service, n int) document.Case {
	w.t.Helper()
	c, _, err := s.RegisterCase(w.t.Context(), actor("nigar"), "110", "nigar", writNumber(n))
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// mustIssue issues an act that waits, prepared, for its first signer.
func (w *world) mustIssue(s *document.Service, kase, key string) document.Act {
	w.t.Helper()
	a, _, err := s.Issue(w.t.Context(), actor("nigar"), draftOf(kase, key))
	if err != nil {
		w.t.Fatal(err)
	}
	if a, err = s.Run(w.t.Context(), a); err != nil || a.State != document.Prepared {
		w.t.Fatalf("act %s is %s, %v", a.Number, a.State, err)
	}
	return a
}

// mustArchive takes an act through the line.
func (w *world) mustArchive(s *document.Service, kase, key string) document.Act {
	w.t.Helper()
	return w.mustSign(s, w.mustIssue(s, kase, key))
}

func (w *world) mustSign(s *document.Service, a document.Act) document.Act {
	w.t.Helper()
	for a.State == document.Prepared {
		login := a.Signers[a.Round].Login
		var err error
		if a, err = s.Sign(w.t.Context(), actor(login), a, w.officers[login]); err != nil {
			w.t.Fatal(err)
		}
	}
	if a.State != document.Archived {
		w.t.Fatalf("act %s is %s", a.Number, a.State)
	}
	return a
}

// act reads an act as it stands now.
func (w *world) act(s *document.Service, number string) document.Act {
	w.t.Helper()
	a, err := s.Act(w.t.Context(), number)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// dump is the register as text, all durable tables without a name.
func (w *world) dump(tables ...string) string {
	w.t.Helper()
	var out strings.Builder
	if err := w.register.Dump(w.t.Context(), &out, tables...); err != nil {
		w.t.Fatal(err)
	}
	return out.String()
}

// audited counts the events of a kind in the trail.
func (w *world) audited(s *document.Service, kind audit.Kind) int {
	w.t.Helper()
	if err := s.Sequence(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	n := 0
	w.view(func(tx document.Tx) error {
		rows, _, err := tx.AuditChain(w.t.Context(), 1, 100_000)
		for _, r := range rows {
			e, err := audit.Decode(r.Data)
			if err != nil {
				return err
			}
			if e.Kind == kind {
				n++
			}
		}
		return err
	})
	return n
}

// nothingWaits checks that no job, no event and no leaf is left over.
func (w *world) nothingWaits(s *document.Service) {
	w.t.Helper()
	ctx := w.t.Context()
	if err := s.Sequence(ctx); err != nil {
		w.t.Fatal(err)
	}
	w.view(func(tx document.Tx) error {
		due, failing, err := tx.CountJobs(ctx)
		if err != nil {
			return err
		}
		outbox, err := tx.Outbox(ctx, 10)
		if err != nil {
			return err
		}
		leaves, err := tx.UnsequencedEntries(ctx, 10)
		if due+failing+len(outbox)+len(leaves) > 0 {
			w.t.Errorf("%d jobs due, %d failing, %d events in the outbox, %d leaves wait", due, failing, len(outbox), len(leaves))
		}
		return err
	})
}

// fieldOf is a text field of a JSON object.
func fieldOf(t *testing.T, object json.RawMessage, name string) string {
	t.Helper()
	var fields map[string]json.RawMessage
	var text string
	if err := json.Unmarshal(object, &fields); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(fields[name], &text); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return text
}
