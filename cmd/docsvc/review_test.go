package main

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"docsvc/internal/archive"
	"docsvc/internal/audit"
	"docsvc/internal/document"
	"docsvc/internal/signing/keyfile"
	"docsvc/internal/signing/vault"
)

// TestRevokedOfficer: with the certificate revoked the key opens nothing,
// neither what is signed nor a void or a change of standing, which are not.
func TestRevokedOfficer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "office")
	if err := newOffice(dir); err != nil {
		t.Fatal(err)
	}
	var number string
	inOffice(t, dir, func(a *app) {
		desk := sitDown(t, a)
		draft := desk.draft
		draft.RequestKey = "waiting"
		act, _, err := a.Service.Issue(t.Context(), desk.s.actor, draft)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Service.Resume(t.Context(), act); err != nil {
			t.Fatal(err)
		}
		number = act.Number
	})
	ctx := t.Context()
	if err := docsvc(ctx, nil, "officer", "revoke", "--data", dir, "--login", "nigar"); err != nil {
		t.Fatal(err)
	}
	who := []string{"--data", dir, "--officer", "nigar", "--passphrase-file", filepath.Join(dir, "demo", "nigar.passphrase")}
	for _, command := range [][]string{
		{"void", number, "--reason", "a reason"}, {"annul", number, "--reason", "a reason"},
		{"supersede", number, "--by", number, "--reason", "a reason"}, {"sign", number},
	} {
		err := docsvc(ctx, nil, append(command, who...)...)
		if err == nil || !strings.Contains(err.Error(), "certificate of nigar cannot be used now") {
			t.Errorf("%s: %v", command[0], err)
		}
	}
	inOffice(t, dir, func(a *app) {
		if act, err := a.Service.Act(ctx, number); err != nil || act.State != document.Prepared {
			t.Errorf("act is %s, %v", act.State, err)
		}
		events, _, err := auditTrail(ctx, a)
		if err != nil || !slices.ContainsFunc(events, func(e audit.Event) bool {
			return e.Kind == audit.CertificateRevoked && e.Subject == "nigar"
		}) {
			t.Errorf("the revocation is not in the trail, %v", err)
		}
	})
	// Somebody else of the office can.
	who = []string{"--data", dir, "--officer", "vuqar", "--passphrase-file", filepath.Join(dir, "demo", "vuqar.passphrase")}
	if err := docsvc(ctx, nil, append([]string{"void", number, "--reason", "a reason"}, who...)...); err != nil {
		t.Error(err)
	}
}

// TestAnnulAgain: a decision that came to nothing does not stand in the way of
// the next attempt to annul.
func TestAnnulAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "office")
	if err := newOffice(dir); err != nil {
		t.Fatal(err)
	}
	inOffice(t, dir, func(a *app) {
		ctx := t.Context()
		desk := sitDown(t, a)
		target, err := desk.issue(1)
		if err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		e := env{stdout: &stderr, stderr: &stderr}
		key := desk.s.key
		desk.s.key = refusing{key}
		if _, err := a.annulmentDecision(ctx, e, desk.s, target.Number, "first"); err == nil {
			t.Fatal("a decision without a key")
		}
		desk.s.key = key
		voided := target.Case + "-002"
		if _, err := a.Service.Void(ctx, desk.s.actor, voided, "a mistake"); err != nil {
			t.Fatal(err)
		}
		second, err := a.annulmentDecision(ctx, e, desk.s, target.Number, "second")
		if err != nil || second == voided {
			t.Fatalf("decision %s, %v", second, err)
		}
		third, err := a.annulmentDecision(ctx, e, desk.s, target.Number, "second")
		if err != nil || third != second {
			t.Fatalf("the same again gave decision %s, not %s: %v", third, second, err)
		}
		act, err := a.Service.ChangeStanding(ctx, desk.s.actor, target.Number, document.Annulled, second, "second")
		if err != nil || act.Standing != document.Annulled {
			t.Errorf("act is %s, %v", act.Standing, err)
		}
	})
}

// refusing is a key that is not used.
type refusing struct{ document.KeyHolder }

func (refusing) Sign(context.Context, [][]byte, crypto.SignerOpts) ([][]byte, string, error) {
	return nil, "", document.ErrKeyRefused
}

// TestEnrolWithoutArchive: an account that the register has keeps its key, even
// if the archive does not answer.
func TestEnrolWithoutArchive(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "office")
	if err := newOffice(dir); err != nil {
		t.Fatal(err)
	}
	inOffice(t, dir, func(a *app) {
		account := demoOfficers()[0]
		account.Login, account.Subject = "yeni", ""
		whole := a.Service.Archive
		a.Service.Archive = full{whole}
		if err := a.enrol(t.Context(), account, []byte("a passphrase"), keyfile.DefaultCost(), vault.TypeP256); !errors.Is(err, archive.ErrUnavailable) {
			t.Fatalf("enrolled without an archive: %v", err)
		}
		a.Service.Archive = whole
		if _, err := a.Service.Account(t.Context(), "yeni"); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(a.Config.officerKey("yeni")); err != nil {
			t.Errorf("an account without its key: %v", err)
		}
	})
}

// full is an archive that takes nothing.
type full struct{ archive.Store }

func (full) Put(context.Context, string, []byte, archive.PutOptions) (archive.Object, error) {
	return archive.Object{}, archive.ErrUnavailable
}

// TestRebuildAside: a rebuild that fails leaves no half register behind, and
// what an interrupted one has left is not in the way.
func TestRebuildAside(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "office")
	if err := newOffice(dir); err != nil {
		t.Fatal(err)
	}
	inOffice(t, dir, func(a *app) {
		desk := sitDown(t, a)
		if _, err := desk.issue(1); err != nil {
			t.Fatal(err)
		}
		desk.settle()
	})
	ctx := t.Context()
	register := filepath.Join(dir, "register.db")
	if err := removeRegister(register); err != nil {
		t.Fatal(err)
	}
	segments, err := filepath.Glob(filepath.Join(dir, "archive/objects/events/checkpoint/*.json"))
	if err != nil || len(segments) == 0 {
		t.Fatal("no segments", err)
	}
	last := segments[len(segments)-1]
	if err := errors.Join(os.Rename(last, last+".away"), os.WriteFile(last, []byte("{}"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := docsvc(ctx, nil, "rebuild", "--data", dir); err == nil {
		t.Error("rebuilt without a segment of the ledger")
	}
	if left, err := filepath.Glob(register + "*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %s, %v", left, err)
	}
	if err := os.Rename(last+".away", last); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(register+".rebuild", []byte("half a register"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := docsvc(ctx, nil, "rebuild", "--data", dir); err != nil {
		t.Error(err)
	}
	if left, err := filepath.Glob(register + ".rebuild*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %s, %v", left, err)
	}
	if err := docsvc(ctx, nil, "archive", "list", "--data", dir); err != nil {
		t.Error(err)
	}
}

// TestBatchKeys: two lines with one key would give one act for two.
func TestBatchKeys(t *testing.T) {
	line := `{"template": "query", "case": "X", "key": "k", "input": {}}` + "\n"
	if _, err := parseBatch([]byte(line + line)); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("two lines with one key: %v", err)
	}
	other := strings.Replace(line, `"k"`, `"l"`, 1)
	if lines, err := parseBatch([]byte(line + other)); err != nil || len(lines) != 2 {
		t.Errorf("%d lines, %v", len(lines), err)
	}
}

// TestCaseShowsWhatWaits: an act that does not go on says why.
func TestCaseShowsWhatWaits(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "office")
	if err := newOffice(dir); err != nil {
		t.Fatal(err)
	}
	var number string
	inOffice(t, dir, func(a *app) {
		desk := sitDown(t, a)
		number = desk.draft.Case
		for n := range 2 {
			draft := desk.draft
			draft.RequestKey = fmt.Sprint(n)
			act, _, err := a.Service.Issue(t.Context(), desk.s.actor, draft)
			if err != nil {
				t.Fatal(err)
			}
			if n == 1 { // the author's certificate is revoked before the second is prepared
				if err := docsvc(t.Context(), nil, "officer", "revoke", "--data", dir, "--login", "nigar"); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := a.Service.Resume(t.Context(), act); (err != nil) != (n == 1) {
				t.Fatal(err)
			}
		}
	})
	var out bytes.Buffer
	if err := docsvc(t.Context(), &out, "case", "show", number, "--data", dir, "--json"); err != nil {
		t.Fatal(err)
	}
	var shown caseJSON
	if err := json.Unmarshal(out.Bytes(), &shown); err != nil {
		t.Fatal(err)
	}
	if len(shown.Acts) != 2 || shown.Acts[0].WaitsFor != "nigar" || shown.Acts[1].Attempts != 1 || !strings.Contains(shown.Acts[1].LastError, "revoked") {
		t.Errorf("%s", out.String())
	}
}
