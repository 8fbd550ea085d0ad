package document_test

import (
	"errors"
	"strings"
	"testing"

	"docsvc/internal/document"
)

// TestMay spells out who may do what. It repeats the rules on purpose: a change
// there has to be made here too.
func TestMay(t *testing.T) {
	roles := []document.Role{
		document.RoleOfficer, document.RoleHead, document.RoleClerk, document.RoleArchivist,
		document.RoleAuditor, document.RoleOperator, document.RoleOwner, "visitor",
	}
	// One letter a role, in the order above: y may, - may not.
	for action, may := range map[document.Action]string{
		document.ActRegisterCase: "yyy-----",
		document.ActIssue:        "yy------",
		document.ActSign:         "yy------",
		document.ActVoid:         "yy------",
		document.ActChange:       "yy------",
		document.ActRead:         "yyyyy---",
		document.ActTrail:        "-y-yy---",
		document.ActExport:       "-y-yy---",
		document.ActOperate:      "-----yy-",
		"act.burn":               "--------",
		"":                       "--------",
	} {
		for i, role := range roles {
			want := may[i] == 'y'
			for _, where := range []struct {
				grant, office string
				covers        bool
			}{
				{"110", "110", true}, {"110", "111", false}, {"110", "1100", false}, {"110", "", false},
				{document.AnyOffice, "110", true}, {document.AnyOffice, "", true}, {"", "110", false},
				{"110", document.AnyOffice, false},
			} {
				a := document.Actor{Login: "x", Grants: []document.Grant{{Role: role, Office: where.grant}}}
				err := a.May(action, where.office)
				if got := err == nil; got != (want && where.covers) {
					t.Errorf("%s of %q may %q in %q: %v", role, where.grant, action, where.office, err)
				}
				if err != nil && document.KindOf(err) != document.Forbidden {
					t.Errorf("the refusal is %s: %v", document.KindOf(err), err)
				}
			}
		}
	}
}

func TestMayByAnyGrant(t *testing.T) {
	a := document.Actor{Login: "x", Grants: []document.Grant{
		{Role: document.RoleAuditor, Office: "110"}, {Role: document.RoleOfficer, Office: "111"}, {Role: document.RoleClerk, Office: "112"},
	}}
	for office, want := range map[string]bool{"110": false, "111": true, "112": false, "113": false} {
		if err := a.May(document.ActSign, office); (err == nil) != want {
			t.Errorf("sign in %s: %v", office, err)
		}
	}
	if err := (document.Actor{Login: "nobody"}).May(document.ActRead, "110"); err == nil {
		t.Error("an actor without a grant may read")
	}
}

// TestForbidden: every operation of the service asks, and changes nothing when
// the answer is no.
func TestForbidden(t *testing.T) {
	w := newWorld(t)
	w.drafter.signers = []string{"nigar", "vuqar"}
	s := w.process()
	w.staff(s)
	ctx := t.Context()
	done, err := line(ctx, w, s)
	if err != nil {
		t.Fatal(err)
	}
	waiting := w.mustIssue(s, done.Case, "waiting")
	before := w.dump()

	stranger := document.Actor{Login: "nigar", Grants: []document.Grant{
		{Role: document.RoleOfficer, Office: "111"}, {Role: document.RoleAuditor, Office: "110"}, {Role: document.RoleOperator, Office: "111"},
	}}
	for name, try := range map[string]func() error{
		"register": func() error {
			_, _, err := s.RegisterCase(ctx, stranger, "110", "nigar", writNumber(2))
			return err
		},
		"issue": func() error { _, _, err := s.Issue(ctx, stranger, draftOf(done.Case, "other")); return err },
		"sign":  func() error { _, err := s.Sign(ctx, stranger, waiting, w.officers["nigar"]); return err },
		"sign for another": func() error {
			_, err := s.Sign(ctx, actor("vuqar"), waiting, w.officers["vuqar"])
			return err
		},
		"void": func() error { _, err := s.Void(ctx, stranger, waiting.Number, "reason"); return err },
		"change": func() error {
			_, err := s.ChangeStanding(ctx, stranger, done.Number, document.Annulled, waiting.Number, "reason")
			return err
		},
		"account": func() error {
			return s.SaveAccount(ctx, stranger, document.Account{Login: "mallory", Office: "110"})
		},
	} {
		if err := try(); document.KindOf(err) != document.Forbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := w.dump(); after != before {
		t.Error("a refused operation has changed the register")
	}
}

// TestAccountsOfOtherOffices: who runs one office can neither take over an
// account of another nor hand out rights there.
func TestAccountsOfOtherOffices(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	local := document.Actor{Login: "local", Grants: []document.Grant{{Role: document.RoleOperator, Office: "111"}}}
	before := w.dump("account")
	for name, a := range map[string]document.Account{
		"of another office":   {Login: "mallory", Office: "110"},
		"a right elsewhere":   {Login: "mallory", Office: "111", Grants: []document.Grant{{Role: document.RoleHead, Office: "110"}}},
		"a right everywhere":  {Login: "mallory", Office: "111", Grants: []document.Grant{{Role: document.RoleOwner, Office: "*"}}},
		"taken over":          {Login: "nigar", Office: "111"},
		"of no office at all": {Login: "mallory"},
	} {
		if err := s.SaveAccount(t.Context(), local, a); document.KindOf(err) != document.Forbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	if w.dump("account") != before {
		t.Error("an account has changed")
	}
	own := document.Account{Login: "clerk", Office: "111", Grants: []document.Grant{{Role: document.RoleClerk, Office: "111"}}}
	if err := s.SaveAccount(t.Context(), local, own); err != nil {
		t.Error(err)
	}
	for _, login := range []string{"", "a", "Nigar", "../nigar", "a b", "ə", "1a", "a\n", strings.Repeat("a", 64)} {
		own.Login = login
		if err := s.SaveAccount(t.Context(), local, own); document.KindOf(err) != document.Invalid {
			t.Errorf("login %q: %v", login, err)
		}
	}
}

// TestDisabledAccount: who left may neither issue nor sign.
func TestDisabledAccount(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	ctx := t.Context()
	c := w.mustRegister(s, 1)
	waiting := w.mustIssue(s, c.Number, "waiting")
	account, err := s.Account(ctx, "nigar")
	if err != nil {
		t.Fatal(err)
	}
	account.Disabled = true
	if err := s.SaveAccount(ctx, operator, account); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Issue(ctx, actor("nigar"), draftOf(c.Number, "other")); document.KindOf(err) != document.Forbidden {
		t.Errorf("issue: %v", err)
	}
	if _, err := s.Sign(ctx, actor("nigar"), waiting, w.officers["nigar"]); document.KindOf(err) != document.Forbidden {
		t.Errorf("sign: %v", err)
	}
	if n := w.officers["nigar"].calls.Load(); n != 0 {
		t.Errorf("the key was called %d times", n)
	}
}

// TestExpiredCertificate: refused before numbering, and again before signing.
func TestExpiredCertificate(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	ctx := t.Context()
	c := w.mustRegister(s, 1)
	waiting := w.mustIssue(s, c.Number, "waiting")
	w.advance(30 * 365 * 24 * 3600e9)
	before := w.dump("act", "counter")
	_, _, err := s.Issue(ctx, actor("nigar"), draftOf(c.Number, "other"))
	if document.KindOf(err) != document.Forbidden || !errors.Is(err, errExpired) {
		t.Errorf("issue: %v", err)
	}
	if _, err := s.Sign(ctx, actor("nigar"), waiting, w.officers["nigar"]); document.KindOf(err) != document.Forbidden {
		t.Errorf("sign: %v", err)
	}
	if after := w.dump("act", "counter"); after != before {
		t.Error("a number was used")
	}
}
