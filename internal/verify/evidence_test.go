package verify_test

import (
	"bytes"
	"testing"

	"docsvc/internal/ledger"
	"docsvc/internal/verify"
)

// TestEvidence: evidence shows the one file it is of, renewed or not, under the
// key of the log and no other; a changed byte of either shows nothing.
func TestEvidence(t *testing.T) {
	w, _, act := renewed(t)
	x, err := w.Verifier.Export(t.Context(), act)
	if err != nil || x.Evidence == nil {
		t.Fatalf("%v, %d bytes", err, len(x.Evidence))
	}
	log, err := ledger.ParseVerifier(w.Service.LedgerKeys.Published()...)
	if err != nil {
		t.Fatal(err)
	}
	e, err := verify.DecodeEvidence(x.Evidence)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := e.Check(x.PDF, log); err != nil || !p.Renewed || p.Number != act.Number {
		t.Errorf("%+v %v", p, err)
	}
	for name, file := range map[string][]byte{
		"nothing": nil, "cut": x.PDF[:1000], "first byte": append([]byte("X"), x.PDF[1:]...), "something before": append([]byte("X"), x.PDF...),
	} {
		if p, err := e.Check(file, log); err == nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
	other, _, _ := renewed(t)
	if p, err := e.Check(x.PDF, other.Service.LedgerKeys); err == nil {
		t.Errorf("under the key of another log: %+v", p)
	}
	for _, keys := range [][]string{nil, {""}, {"log+00000000+AAAA"}} {
		if _, err := ledger.ParseVerifier(keys...); err == nil {
			t.Errorf("%q are keys of a log", keys)
		}
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "no object": []byte("[]"), "spaces": append([]byte(" "), x.Evidence...), "another format": bytes.Replace(x.Evidence, []byte("docsvc-evidence/1"), []byte("docsvc-evidence/2"), 1),
		"too much": bytes.Repeat([]byte(" "), verify.MaxEvidence+1), "one field more": bytes.Replace(x.Evidence, []byte(`{"format"`), []byte(`{"a":1,"format"`), 1),
	} {
		if _, err := verify.DecodeEvidence(data); err == nil {
			t.Errorf("%s is taken for evidence", name)
		}
	}
	// Another manifest is not what the log holds.
	edited := bytes.Replace(x.Evidence, []byte(`"post":"`), []byte(`"post":"x`), 1)
	changed, err := verify.DecodeEvidence(edited)
	if err != nil || bytes.Equal(edited, x.Evidence) {
		t.Fatal("the manifest names no post", err)
	}
	if p, err := changed.Check(x.PDF, log); err == nil {
		t.Errorf("a changed manifest is proved: %+v", p)
	}
}
