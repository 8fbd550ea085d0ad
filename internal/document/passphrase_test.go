package document_test

import (
	"path/filepath"
	"slices"
	"testing"

	"docsvc/internal/audit"
	"docsvc/internal/document"
)

// TestSignByPassphrase: a consent by the passphrase of the key is kept as one, in
// the archive too, without a provider and without evidence of one; it is for its
// batch and its officer as any other.
func TestSignByPassphrase(t *testing.T) {
	w, s, a, acts := newBatch(t, 2)
	s.Evidence = nil
	w.saveSubject(s, "nigar", "")
	good := document.Proof{Way: document.ByPassphrase, Subject: "nigar", Nonce: a.Nonce, At: w.now(), TokenID: "typed-1"}
	for name, change := range map[string]func(*document.Proof){
		"of another's key":                   func(p *document.Proof) { p.Subject = "vuqar" },
		"of nobody's":                        func(p *document.Proof) { p.Subject = "" },
		"for another batch":                  func(p *document.Proof) { p.Nonce = "x" },
		"a provider's, with the login in it": func(p *document.Proof) { p.Way = document.ByProvider },
	} {
		p := good
		change(&p)
		if _, err := s.SignAuthorised(t.Context(), actor("nigar"), a.ID, p, w.unlock); document.KindOf(err) != document.Forbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := w.officers["nigar"].calls.Load(); n != 0 {
		t.Fatalf("the key was called %d times", n)
	}
	results, err := s.SignAuthorised(t.Context(), actor("nigar"), a.ID, good, w.unlock)
	if err != nil || len(results) != len(acts) || results[0].Err != nil || results[0].Act.State != document.Archived {
		t.Fatal(results, err)
	}
	if _, err := s.SignAuthorised(t.Context(), actor("nigar"), a.ID, good, w.unlock); document.KindOf(err) != document.Conflict {
		t.Errorf("again: %v", err)
	}
	want := func(s document.Store) {
		t.Helper()
		var kept document.Authorisation
		if err := s.View(t.Context(), func(tx document.Tx) (err error) {
			kept, err = tx.Authorisation(t.Context(), a.ID)
			return err
		}); err != nil || kept.Way != document.ByPassphrase || kept.TokenID != "typed-1" || kept.Evidence != nil {
			t.Errorf("kept is %+v, %v", kept, err)
		}
	}
	want(s.Store)
	if n := w.audited(s, audit.AuthorisationUsed); n != 1 {
		t.Errorf("%d uses in the trail", n)
	}
	w.path = filepath.Join(t.TempDir(), "rebuilt.db")
	w.openRegister()
	s = w.process()
	if _, err := s.Rebuild(t.Context(), operator); err != nil {
		t.Fatal(err)
	}
	want(s.Store)
}

// TestFactors: everybody changes their own factors and whoever runs the office
// those of others; each change is in the trail, and the archive knows none.
func TestFactors(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	ctx := t.Context()
	password := document.Factor{Kind: document.FactorPassword, Secret: []byte("$hash$")}
	before := w.archive.Keys()
	for _, c := range []struct {
		who  document.Actor
		of   string
		want document.Kind
	}{
		{actor("nigar"), "nigar", ""}, {operator, "nigar", ""}, {actor("vuqar"), "nigar", document.Forbidden},
		{actor("nobody"), "nobody", document.NotFound}, {operator, "nobody", document.NotFound},
	} {
		err := s.ChangeFactors(ctx, c.who, c.of, document.FactorPassword, nil, []document.Factor{password})
		if (err == nil) != (c.want == "") || err != nil && document.KindOf(err) != c.want {
			t.Errorf("%s of %s: %v", c.who.Login, c.of, err)
		}
	}
	list, err := s.Factors(ctx, "nigar")
	if err != nil || len(list) != 1 || list[0].CreatedAt != w.now().UTC() || list[0].Login != "nigar" {
		t.Fatal(list, err)
	}
	next := list[0]
	next.Secret = []byte("$better$")
	if err := s.SwapFactor(ctx, list[0], next); err != nil {
		t.Error(err)
	}
	if err := s.ChangeFactors(ctx, actor("nigar"), "nigar", document.FactorPassword, list, nil); err != nil {
		t.Error(err)
	}
	if err := s.ChangeFactors(ctx, actor("nigar"), "nigar", document.FactorPassword, list, nil); document.KindOf(err) != document.Conflict {
		t.Errorf("removed twice: %v", err)
	}
	if after := w.archive.Keys(); !slices.Equal(after, before) {
		t.Errorf("the archive got something: %v", after)
	}
	if set, removed := w.audited(s, audit.FactorSet), w.audited(s, audit.FactorRemoved); set != 2 || removed != 1 {
		t.Errorf("%d set, %d removed", set, removed)
	}
}

// TestSlowedApart: each kind of credential is counted by itself.
func TestSlowedApart(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	ctx := t.Context()
	for range 3 {
		_ = s.Slowed(ctx, "nigar", "code", wrong)
		if err := s.Slowed(ctx, "nigar", "password", right); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Slowed(ctx, "nigar", "code", right); document.KindOf(err) != document.Forbidden {
		t.Errorf("a password sets back the count of the codes: %v", err)
	}
	if err := s.Attempt(ctx, actor("nigar"), "nigar", right); err != nil {
		t.Errorf("the passphrase: %v", err)
	}
	if n := w.audited(s, audit.CredentialRefused); n != 0 {
		t.Errorf("%d refusals in the trail, which are the caller's to tell", n)
	}
}
