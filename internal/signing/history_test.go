package signing_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// TestSignatureRemoved: a signature that an earlier revision has may not be gone,
// even if nobody is left who could say so.
func TestSignatureRemoved(t *testing.T) {
	p, _, e := world(t)
	base := signed(t, p, e, signingtest.PDF(50, "imza1", "imza2"), "imza1", signing.LevelBB)
	removals := map[string]func(e *editor){
		"value": func(e *editor) { e.Set(e.Fields()[0].(pdf.Ref), "V", nil) },
		"field": func(e *editor) {
			r, page := e.Page()
			e.Set(r, "Annots", page.Get("Annots").(pdf.Array)[1:])
			e.SetForm("Fields", e.Fields()[1:])
		},
		"value replaced by one that signs nothing": func(e *editor) {
			e.Update.Put(e.Dict(e.Fields()[0]).Get("V").(pdf.Ref), dict("Type", name("Sig")))
		},
		"kind of field": func(e *editor) { e.Set(e.Fields()[0].(pdf.Ref), "FT", name("Tx")) },
	}
	for what, remove := range removals {
		t.Run(what, func(t *testing.T) {
			stripped := edit(t, base, remove)
			fails := want{signing.TotalFailed, signing.FormatFailure, ""}
			if r := verify(t, p.Verifier(), stripped); r.Indication != fails.indication || r.SubIndication != fails.sub {
				t.Errorf("%s %s", r.Indication, r.SubIndication)
			}
			again := signed(t, p, e, stripped, "imza2", signing.LevelBB)
			if r := verify(t, p.Verifier(), again); r.Indication != fails.indication || r.SubIndication != fails.sub {
				t.Errorf("signed again: %s %s", r.Indication, r.SubIndication)
			}
		})
	}
	t.Run("none was there", func(t *testing.T) {
		drafts := edit(t, signingtest.PDF(50, "imza1", "imza2"), func(e *editor) { e.Set(e.Fields()[1].(pdf.Ref), "F", int64(132)) })
		passes(t, p.Verifier(), signed(t, p, e, drafts, "imza1", signing.LevelBB), 1, 0)
	})
}

// TestAppendedBytes: what readers find who repair files, and no table names.
func TestAppendedBytes(t *testing.T) {
	p, _, e := world(t)
	base := signed(t, p, e, signingtest.PDF(50, "imza1", "imza2"), "imza1", signing.LevelBB)
	number := func(key string) string {
		at := bytes.LastIndex(base, []byte(key)) + len(key)
		return strings.Fields(string(base[at:min(at+20, len(base))]))[0]
	}
	appended := func(text string) []byte {
		b := append(bytes.Clone(base), text...)
		at := len(b)
		return fmt.Appendf(b, "xref\ntrailer\n<</Size 100/Root 1 0 R/Prev %s>>\nstartxref\n%d\n%%%%EOF\n", number("startxref\n"), at)
	}
	const evil = "4 0 obj\n<</Length 2>>\nstream\nBT\nendstream\nendobj\n"
	passes(t, p.Verifier(), appended(""), 1, 0)
	passes(t, p.Verifier(), appended("%a program\n"), 1, 0)
	for _, text := range []string{evil, "%" + evil, "x"} {
		file := appended(text)
		r := verify(t, p.Verifier(), file)
		if r.Indication != signing.TotalFailed || r.SubIndication != signing.FormatFailure {
			t.Errorf("%q: %s %s", text, r.Indication, r.SubIndication)
		}
		r = verify(t, p.Verifier(), addDocumentTimestamp(t, p, file))
		if r.Indication != signing.TotalFailed || r.DocumentTimestamps[0].Indication != signing.TotalPassed {
			t.Errorf("%q, with a time-stamp: %+v", text, r)
		}
	}
}

// TestLocksBelow: locks name fields by their whole names, or what is above them.
func TestLocksBelow(t *testing.T) {
	p, _, e := world(t)
	for names, passed := range map[string]bool{"(rey.imza2)": false, "(rey)": false, "(imza2)": true, "(re)": true} {
		nested := edit(t, signingtest.PDF(50, "imza1", "imza2"), func(e *editor) {
			f := e.Fields()
			parent := e.Add(dict("T", pdf.String("rey"), "Kids", pdf.Array{f[1]}))
			e.Set(f[1].(pdf.Ref), "Parent", parent)
			e.SetForm("Fields", pdf.Array{f[0], parent})
		})
		lock := "/Reference[<</TransformMethod/FieldMDP/TransformParams<</Action/Include/Fields[" + names + "]>>>>]/ByteRange"
		locked := forgedIn(t, p, e, nested, strings.Replace(plainDictionary, "/ByteRange", lock, 1), plainRange)
		r := verify(t, p.Verifier(), signed(t, p, e, locked, "rey.imza2", signing.LevelBB))
		if (r.Indication == signing.TotalPassed) != passed {
			t.Errorf("%s: %s %s", names, r.Indication, r.SubIndication)
		}
	}
}
