package verify_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/archive/archivetest"
	"docsvc/internal/document"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
	"docsvc/internal/verify"
	"docsvc/internal/verify/verifytest"
)

const year = 365 * 24 * time.Hour

// renewed is a world with an act at level B-LTA that was renewed after nine
// years, and the act as it was before.
func renewed(tb testing.TB) (w *verifytest.World, before, act document.Act) {
	tb.Helper()
	w = verifytest.New(tb)
	w.Service.Rules.Level = signing.LevelBLTA
	before = w.Issue("case-1", 0)
	w.Advance(9 * year)
	w.PKI.NewTSA(tb, signingtest.P256(tb), w.Now().AddDate(8, 0, 0))
	act = w.Renew(before)
	w.Sequence()
	return w, before, act
}

// TestRenewed: a renewed act is valid, tells of its files, and both are known
// when they are shown.
func TestRenewed(t *testing.T) {
	w, before, act := renewed(t)
	v := lookup(t, w, act.Code)
	if v.Kind != verify.Valid || v.Overdue || v.RenewBy.Before(w.Now().Add(7*year)) || v.Ledger.Proof == nil {
		t.Fatalf("%+v", v)
	}
	files := [][]byte{w.File(before), w.File(act)}
	if len(v.Renditions) != 2 || v.Act.SHA256 != v.Renditions[1].SHA256 || v.Renditions[1].At.Sub(v.Renditions[0].At) < 9*year-time.Hour {
		t.Errorf("renditions %+v", v.Renditions)
	}
	for i, file := range files {
		sum := sha256.Sum256(file)
		if r := v.Renditions[i]; r.Sequence != i+1 || r.SHA256 != hex.EncodeToString(sum[:]) || r.Level != "B-LTA" {
			t.Errorf("rendition %+v", r)
		}
		r, err := w.Verifier.CheckFile(t.Context(), file)
		if err != nil || r.Match != verify.MatchSame || r.Rendition != i+1 || r.Renditions != 2 ||
			r.Register.Kind != verify.Valid || r.Signatures.Indication != signing.TotalPassed {
			t.Errorf("rendition %d: %+v, %v", i+1, r, err)
		}
	}
	if c, err := w.Verifier.Copy(t.Context(), act.Code, "5NMN1A1"); err != nil || !bytes.Equal(c.PDF, files[1]) {
		t.Errorf("the copy is not the newest rendition, %v", err)
	}
	// Two years on the first file no longer proves itself; the archive does.
	w.Advance(2 * year)
	r, err := w.Verifier.CheckFile(t.Context(), files[0])
	if err != nil || r.Match != verify.MatchSame || r.Register.Kind != verify.Valid || r.Signatures.Indication != signing.TotalPassed {
		t.Errorf("the first rendition later: %+v, %v", r, err)
	}
}

// TestRenewedAndAnnulled: the leaves of both changes are accounted for.
func TestRenewedAndAnnulled(t *testing.T) {
	w := verifytest.New(t)
	w.Service.Rules.Level = signing.LevelBLTA
	act, decision := w.Issue("case-1", 0), w.Issue("case-1", 1)
	w.Change(act, document.Annulled, decision)
	w.Advance(9 * year)
	w.PKI.NewTSA(t, signingtest.P256(t), w.Now().AddDate(8, 0, 0))
	act, decision = w.Renew(act), w.Renew(decision)
	for number, want := range map[string]verify.Kind{act.Code: verify.Annulled, decision.Code: verify.Valid} {
		if v := lookup(t, w, number); v.Kind != want || len(v.Renditions) != 2 {
			t.Errorf("%+v, want %s", v, want)
		}
	}
}

// TestRenewalNotDelivered: a renewal whose event has not reached the archive
// yet is in the outbox.
func TestRenewalNotDelivered(t *testing.T) {
	w := verifytest.New(t)
	w.Service.Rules.Level = signing.LevelBLTA
	act := w.Issue("case-1", 0)
	w.Advance(9 * year)
	w.PKI.NewTSA(t, signingtest.P256(t), w.Now().AddDate(8, 0, 0))
	w.Archive.Fail = func(op archivetest.Op) error {
		if op.Name == "put" && strings.Contains(op.Key, "events/") {
			return archive.ErrUnavailable
		}
		return nil
	}
	operator := document.Actor{Login: "operator", Grants: []document.Grant{{Role: document.RoleOperator, Office: "*"}}}
	if _, err := w.Service.Renew(t.Context(), operator, act.Number); document.KindOf(err) != document.Unavailable {
		t.Fatalf("renewed: %v", err)
	}
	w.Archive.Fail = nil
	if v := lookup(t, w, act.Code); v.Kind != verify.Valid || len(v.Renditions) != 2 {
		t.Errorf("%+v", v)
	}
}

// TestOverdue: an act whose time-stamp has run out is still what was archived.
func TestOverdue(t *testing.T) {
	w := verifytest.New(t)
	w.Service.Rules.Level = signing.LevelBLTA
	act := w.Issue("case-1", 0)
	if v := lookup(t, w, act.Code); v.Overdue || v.Renditions != nil {
		t.Errorf("%+v", v)
	}
	w.Advance(11 * year)
	if v := lookup(t, w, act.Code); v.Kind != verify.Valid || !v.Overdue {
		t.Errorf("%+v", v)
	}
}

// TestRenewedAltered: whatever is done to a renewed act shows.
func TestRenewedAltered(t *testing.T) {
	event := func(act document.Act) string { return "events/renewal/" + document.RenewalID(act.ID, 2) + ".json" }
	row := func(change func(a *document.Act, before document.Act)) func(*verifytest.World, *verify.Verifier, document.Act, document.Act) {
		return func(w *verifytest.World, v *verify.Verifier, before, _ document.Act) {
			v.Store = &edited{Store: w.Register, act: func(a *document.Act) { change(a, before) }}
		}
	}
	for name, tc := range map[string]struct {
		harm  func(w *verifytest.World, v *verify.Verifier, before, act document.Act)
		fault verify.Fault
	}{
		"row goes back": {row(func(a *document.Act, before document.Act) {
			a.SHA256, a.Path, a.Rendition = before.SHA256, before.Path, 1
		}), verify.FaultRegister},
		"row names the old file":          {row(func(a *document.Act, before document.Act) { a.SHA256 = before.SHA256 }), verify.FaultRegister},
		"row names one that is not there": {row(func(a *document.Act, _ document.Act) { a.Rendition = 3 }), verify.FaultMissing},
		"lost event":                      {func(w *verifytest.World, _ *verify.Verifier, _, act document.Act) { w.Archive.Lose(event(act)) }, verify.FaultMissing},
		"damaged event": {func(w *verifytest.World, _ *verify.Verifier, _, act document.Act) {
			w.Archive.Corrupt(event(act), flip)
		}, verify.FaultFile},
		"lost file":    {func(w *verifytest.World, _ *verify.Verifier, _, act document.Act) { w.Archive.Lose(act.Path) }, verify.FaultMissing},
		"damaged file": {func(w *verifytest.World, _ *verify.Verifier, _, act document.Act) { w.Archive.Corrupt(act.Path, flip) }, verify.FaultFile},
		"not in the log": {func(w *verifytest.World, v *verify.Verifier, _, _ document.Act) {
			v.Store = &edited{Store: w.Register, noEvents: true}
		}, verify.FaultLedger},
		"forged renewal": {forgedRenewal, verify.FaultLedger},
	} {
		t.Run(name, func(t *testing.T) {
			w, before, act := renewed(t)
			v := *w.Verifier
			tc.harm(w, &v, before, act)
			got, err := v.Lookup(t.Context(), act.Code)
			if err != nil || got.Kind != verify.Altered || got.Fault != tc.fault {
				t.Errorf("%+v, %v; want %s", got, err, tc.fault)
			}
		})
	}
}

// forgedRenewal puts another file and an event for it, both well-formed, in the
// place of the genuine ones, and has the row name it.
func forgedRenewal(w *verifytest.World, v *verify.Verifier, _, act document.Act) {
	file := append(bytes.Clone(w.File(act)), "%% more\n"...)
	sum := sha256.Sum256(file)
	w.Archive.Lose(act.Path)
	w.Put(act.Path, file)
	key := "events/renewal/" + document.RenewalID(act.ID, 2) + ".json"
	genuine, err := archive.DecodeEvent(w.Object(key))
	if err != nil {
		panic(err)
	}
	genuine.Body = bytes.Replace(genuine.Body, []byte(hex.EncodeToString(act.SHA256)), []byte(hex.EncodeToString(sum[:])), 1)
	forged, err := archive.EncodeEvent(genuine)
	if err != nil {
		panic(err)
	}
	w.Archive.Lose(key)
	w.Put(key, forged)
	v.Store = &edited{Store: w.Register, act: func(a *document.Act) { a.SHA256 = sum[:] }}
}
