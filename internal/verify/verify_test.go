package verify_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"docsvc/internal/archive"
	"docsvc/internal/archive/archivetest"
	"docsvc/internal/document"
	"docsvc/internal/ledger"
	"docsvc/internal/signing"
	"docsvc/internal/verify"
	"docsvc/internal/verify/verifytest"
)

func lookup(t *testing.T, w *verifytest.World, typed string) verify.Verdict {
	t.Helper()
	v, err := w.Verifier.Lookup(t.Context(), typed)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestLifeOfAnAct(t *testing.T) {
	w := verifytest.New(t)
	act := w.Draft("case-1", 0)
	if diff := cmp.Diff(verify.Verdict{Kind: verify.BeingIssued, CheckedAt: w.Now(), Code: act.Code}, lookup(t, w, act.Code)); diff != "" {
		t.Errorf("an act being issued shows more than that:\n%s", diff)
	}
	w.Void(act)
	v := lookup(t, w, act.Code)
	if v.Kind != verify.Voided || v.Number != act.Number || v.Act != nil || v.Change == nil {
		t.Errorf("voided: %+v", v)
	}

	act = w.Issue("case-1", 0)
	v = lookup(t, w, strings.ToLower(act.Code))
	if v.Kind != verify.Valid || v.Fault != "" || !v.Ledger.Pending || v.Ledger.Position != nil {
		t.Errorf("archived, not in the ledger: %+v", v)
	}
	w.Sequence()
	v = lookup(t, w, act.Code)
	if v.Kind != verify.Valid || v.Ledger.Pending || v.Ledger.Proof == nil || v.Number != act.Number {
		t.Fatalf("in the ledger: %+v", v)
	}
	if _, _, err := v.Ledger.Proof.Verify(w.Service.LedgerKeys); err != nil {
		t.Errorf("the proof that is shown: %v", err)
	}
	if len(v.Signatures) != 1 || v.Signatures[0].Level != signing.LevelBT || v.Signatures[0].TimestampedBy == "" {
		t.Errorf("signatures %+v", v.Signatures)
	}
	a := v.Act
	if a.Titles["az"] == "" || a.Titles["en"] == "" || a.Titles["ru"] == "" || a.Office == "" || a.SignerName == "" || *a.Amount != 618045 {
		t.Errorf("facts %+v", a)
	}
	for _, p := range a.Parties {
		if strings.Contains(p.Name, "Nümunəli") || strings.Contains(p.Name, "Anar") {
			t.Errorf("party %q is not masked", p.Name)
		}
	}

	decision := w.Issue("case-1", 1)
	w.Change(act, document.Annulled, decision)
	v = lookup(t, w, act.Code)
	if v.Kind != verify.Annulled || v.Change.By != decision.Number || v.Act == nil {
		t.Errorf("annulled: %+v", v)
	}
	w.Change(decision, document.Superseded, w.Issue("case-1", 1))
	if v = lookup(t, w, decision.Code); v.Kind != verify.Superseded || v.Change.By == "" {
		t.Errorf("superseded: %+v", v)
	}
	if byNumber, err := w.Verifier.ByNumber(t.Context(), act.Number); err != nil || byNumber.Kind != verify.Annulled {
		t.Errorf("by number: %+v, %v", byNumber, err)
	}
}

func TestNoSuchAct(t *testing.T) {
	w := verifytest.New(t)
	for typed, want := range map[string]verify.Verdict{
		"1234-5678-9ABC-DEF9": {Kind: verify.Unknown, Code: "1234-5678-9ABC-DEF9"},
		"1234-5678-9ABC-DEF8": {Kind: verify.Mistyped},
		"hello":               {Kind: verify.Mistyped},
		"":                    {Kind: verify.Mistyped},
		"1234-567-9ABC-DEF9":  {Kind: verify.Mistyped, Suspects: []int{2}},
		"1234-5678-9ABU-DEF9": {Kind: verify.Mistyped, Suspects: []int{3}},
	} {
		want.CheckedAt = w.Now()
		got := lookup(t, w, typed)
		if want.Suspects == nil {
			got.Suspects = nil // guesses; see TestSuspects
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q:\n%s", typed, diff)
		}
	}
	if v, err := w.Verifier.ByNumber(t.Context(), "EI2611000000001T-001"); err != nil || v.Kind != verify.Unknown {
		t.Errorf("by number: %+v, %v", v, err)
	}
}

// TestAltered changes one witness at a time.
func TestAltered(t *testing.T) {
	w := verifytest.New(t)
	manifest := func(a document.Act) string { return strings.Replace(a.Path, "0001.pdf", "manifest.json", 1) }
	for name, c := range map[string]struct {
		change func(w *verifytest.World, v *verify.Verifier, a document.Act)
		want   verify.Fault
	}{
		"file lost":     {func(w *verifytest.World, v *verify.Verifier, a document.Act) { w.Archive.Lose(a.Path) }, verify.FaultMissing},
		"manifest lost": {func(w *verifytest.World, v *verify.Verifier, a document.Act) { w.Archive.Lose(manifest(a)) }, verify.FaultMissing},
		"file damaged":  {func(w *verifytest.World, v *verify.Verifier, a document.Act) { w.Archive.Corrupt(a.Path, flip) }, verify.FaultFile},
		"manifest edit": {func(w *verifytest.World, v *verify.Verifier, a document.Act) { w.Archive.Corrupt(manifest(a), flip) }, verify.FaultFile},
		"row's amount":  {replaceRow(func(a *document.Act) { a.Summary = bytes.Replace(a.Summary, []byte("618045"), []byte("18045"), 1) }), verify.FaultRegister},
		"row's data":    {replaceRow(func(a *document.Act) { a.Data = flip(a.Data) }), verify.FaultRegister},
		"row's hash":    {replaceRow(func(a *document.Act) { a.SHA256 = flip(a.SHA256) }), verify.FaultRegister},
		"row's date":    {replaceRow(func(a *document.Act) { a.Date = "2026-09-08" }), verify.FaultRegister},
		"row's law":     {replaceRow(func(a *document.Act) { a.Evaluation = !a.Evaluation }), verify.FaultRegister},
		"row's number":  {replaceRow(func(a *document.Act) { a.Case = "EI2611000000002R" }), verify.FaultRegister},
		"signing time":  {replaceRow(func(a *document.Act) { a.SignedAt = a.SignedAt.AddDate(0, 0, 1) }), verify.FaultRegister},
		"leaf not there": {func(w *verifytest.World, v *verify.Verifier, a document.Act) {
			v.Store = &edited{Store: w.Register, noLeaf: true}
		}, verify.FaultLedger},
		"a second record": {func(w *verifytest.World, v *verify.Verifier, a document.Act) {
			v.Store = &edited{Store: w.Register, twoLeaves: true}
		}, verify.FaultLedger},
		"ledger's hash": {func(w *verifytest.World, v *verify.Verifier, a document.Act) {
			v.Store = &edited{Store: w.Register, badHash: true}
		}, verify.FaultLedger},
		"checkpoint": {func(w *verifytest.World, v *verify.Verifier, a document.Act) {
			v.Store = &edited{Store: w.Register, badNote: true}
		}, verify.FaultLedger},
		"seal key unknown": {func(w *verifytest.World, v *verify.Verifier, a document.Act) {
			v.SealKey = func(string) (*ecdsa.PublicKey, error) { return nil, nil }
		}, verify.FaultRegister},
		"another's seal key": {func(w *verifytest.World, v *verify.Verifier, a document.Act) {
			key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			v.SealKey = func(string) (*ecdsa.PublicKey, error) { return &key.PublicKey, nil }
		}, verify.FaultRegister},
		"row and manifest": {editBoth, verify.FaultRegister},
		"other roots": {func(w *verifytest.World, v *verify.Verifier, a document.Act) {
			v.Signatures = &signing.Verifier{Roots: otherRoots(t), Now: w.Now, Revocation: w.PKI}
		}, verify.FaultSignature},
	} {
		t.Run(name, func(t *testing.T) {
			act := w.Issue("case-1", 0)
			w.Sequence()
			verifier := *w.Verifier
			c.change(w, &verifier, act)
			v, err := verifier.Lookup(t.Context(), act.Code)
			if err != nil {
				t.Fatal(err)
			}
			if v.Kind != verify.Altered || v.Fault != c.want {
				t.Errorf("%s, %s; want an alarm for %s", v.Kind, v.Fault, c.want)
			}
			if v.Act != nil || v.Signatures != nil || v.Ledger != nil {
				t.Errorf("facts of an act that cannot be believed: %+v", v)
			}
		})
	}
}

// editBoth changes the sum in row and manifest alike and gives the ledger a
// leaf for the new manifest: what takes no key, only writing everywhere.
func editBoth(w *verifytest.World, v *verify.Verifier, a document.Act) {
	edit := func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("618045"), []byte("18045")) }
	key := strings.Replace(a.Path, "0001.pdf", "manifest.json", 1)
	data, object, err := w.Archive.Get(context.Background(), key)
	if err != nil {
		panic(err)
	}
	data = edit(data)
	w.Archive.Lose(key)
	if _, err := w.Archive.Put(context.Background(), key, data, archive.PutOptions{RetainUntil: object.RetainUntil}); err != nil {
		panic(err)
	}
	leaf := ledger.Leaf{Kind: ledger.KindRecord, Hash: sha256.Sum256(data)}.Encode()
	v.Store = &edited{Store: w.Register, act: func(a *document.Act) { a.Summary = edit(a.Summary) }, leaf: leaf}
}

// TestCannotCheckNow takes each part away: never a verdict.
func TestCannotCheckNow(t *testing.T) {
	w := verifytest.New(t)
	act := w.Issue("case-1", 0)
	w.Sequence()
	file := w.File(act)
	whole := *w.Verifier
	for name, verifier := range map[string]func() *verify.Verifier{
		"register": func() *verify.Verifier { v := whole; v.Store = verifytest.Broken{}; return &v },
		"archive": func() *verify.Verifier {
			v := whole
			down := &archivetest.Fake{}
			down.SetDown(true)
			v.Archive = down
			return &v
		},
		"seal keys": func() *verify.Verifier {
			v := whole
			v.SealKey = func(string) (*ecdsa.PublicKey, error) { return nil, errors.New("no keys now") }
			return &v
		},
		"revocation": func() *verify.Verifier {
			v := whole
			v.Signatures = &signing.Verifier{Roots: w.PKI.Roots(), Now: w.Now}
			return &v
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := verifier()
			if got, err := v.Lookup(t.Context(), act.Code); document.KindOf(err) != document.Unavailable {
				t.Errorf("Lookup = %+v, %v", got, err)
			}
			if got, err := v.CheckFile(t.Context(), file); document.KindOf(err) != document.Unavailable {
				t.Errorf("CheckFile = %+v, %v", got, err)
			}
			if _, err := v.Copy(t.Context(), act.Code, "5NMN1A1"); document.KindOf(err) != document.Unavailable {
				t.Errorf("Copy: %v", err)
			}
		})
	}
}

// TestLaterRevocation: a certificate revoked after signing leaves the act as
// it was.
func TestLaterRevocation(t *testing.T) {
	w := verifytest.New(t)
	act := w.Issue("case-1", 0)
	w.Advance(48 * 3600e9)
	report, err := w.Service.Verifier.Verify(t.Context(), w.File(act), w.Now())
	if err != nil {
		t.Fatal(err)
	}
	w.PKI.Revoke(report.Signatures[0].Certificate, w.Now())
	w.Advance(3 * 365 * 24 * 3600e9) // and the certificate has expired as well
	if v := lookup(t, w, act.Code); v.Kind != verify.Valid {
		t.Errorf("%+v", v)
	}
}

func TestCopy(t *testing.T) {
	w := verifytest.New(t)
	act := w.Issue("case-1", 0)
	waiting := w.Draft("case-1", 1)
	for _, fact := range []string{"5NMN1A1", " 5nmn1a1 ", "2(199)-1001/2026"} {
		c, err := w.Verifier.Copy(t.Context(), act.Code, fact)
		if err != nil || !bytes.Equal(c.PDF, w.File(act)) || c.Number != act.Number {
			t.Errorf("%q: %d bytes of %s, %v", fact, len(c.PDF), c.Number, err)
		}
	}
	for name, try := range map[string][2]string{
		"wrong fact": {act.Code, "5NMN1A2"}, "no fact": {act.Code, ""}, "creditor's tax number, which is public": {act.Code, "9999990121"}, "short": {act.Code, "5"}, "huge": {act.Code, strings.Repeat("5NMN1A1", 1000)},
		"other code": {"1234-5678-9ABC-DEF9", "5NMN1A1"}, "no code": {"x", "5NMN1A1"}, "not archived": {waiting.Code, "5NMN1A1"},
	} {
		c, err := w.Verifier.Copy(t.Context(), try[0], try[1])
		e, ok := errors.AsType[*document.Error](err)
		if !ok || e.Kind != document.Forbidden || e.Key != "error.copy.refused" || c.PDF != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.Archive.Corrupt(act.Path, flip)
	if _, err := w.Verifier.Copy(t.Context(), act.Code, "5NMN1A1"); document.KindOf(err) != document.Conflict {
		t.Errorf("altered: %v", err)
	}
}

func flip(b []byte) []byte {
	b = bytes.Clone(b)
	b[len(b)/2] ^= 1
	return b
}

func BenchmarkLookup(b *testing.B) {
	w := verifytest.New(b)
	act := w.Issue("case-1", 0)
	w.Sequence()
	for b.Loop() {
		if v, err := w.Verifier.Lookup(b.Context(), act.Code); err != nil || v.Kind != verify.Valid {
			b.Fatal(v.Kind, err)
		}
	}
}

func BenchmarkCheckFile(b *testing.B) {
	w := verifytest.New(b)
	file := flip(w.File(w.Issue("case-1", 0)))
	for b.Loop() {
		if r, err := w.Verifier.CheckFile(b.Context(), file); err != nil || r.Match != verify.MatchOther {
			b.Fatal(r.Match, err)
		}
	}
}
