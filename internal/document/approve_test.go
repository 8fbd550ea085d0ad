package document_test

import (
	"errors"
	"strings"
	"testing"

	"docsvc/internal/document"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// hire saves an account with a key of its own.
func (w *world) hire(s *document.Service, login string, disabled bool, grants ...document.Grant) {
	w.t.Helper()
	o, ok := w.officers[login]
	if !ok {
		o = &officer{entity: w.pki.Officer(w.t, signingtest.P256(w.t))}
		w.officers[login] = o
	}
	err := s.SaveAccount(w.t.Context(), operator, document.Account{
		Login: login, Name: "Name of " + login, Post: "post of " + login, Office: "110", Profile: document.ProfileState,
		Grants: grants, Disabled: disabled,
		Certificate: [][]byte{o.entity.Cert.Raw, w.pki.Issuing.Cert.Raw}, KeyID: "test:" + login, CreatedAt: w.now(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func grant(role document.Role, office string) document.Grant {
	return document.Grant{Role: role, Office: office}
}

// TestApprover: who approves an act follows from the role that its template
// names; nobody approves what they wrote.
func TestApprover(t *testing.T) {
	head := grant(document.RoleHead, "110")
	for name, tc := range map[string]struct {
		hire     map[string][]document.Grant
		author   string
		approver string // named by the draft
		role     document.Role
		want     string // login, or the key of the error
	}{
		"the head":             {map[string][]document.Grant{"ayten": {head}}, "nigar", "", document.RoleHead, "ayten"},
		"a head everywhere":    {map[string][]document.Grant{"ayten": {grant(document.RoleHead, "*")}}, "nigar", "", document.RoleHead, "ayten"},
		"of another office":    {map[string][]document.Grant{"ayten": {grant(document.RoleHead, "111")}}, "nigar", "", document.RoleHead, "error.signer.none"},
		"no head":              {nil, "nigar", "", document.RoleHead, "error.signer.none"},
		"another role":         {map[string][]document.Grant{"ayten": {grant(document.RoleOperator, "110")}}, "nigar", "", document.RoleHead, "error.signer.none"},
		"disabled":             {map[string][]document.Grant{"disabled": {head}}, "nigar", "", document.RoleHead, "error.signer.none"},
		"two heads":            {map[string][]document.Grant{"ayten": {head}, "camal": {head}}, "nigar", "", document.RoleHead, "error.signer.several"},
		"two heads, one asked": {map[string][]document.Grant{"ayten": {head}, "camal": {head}}, "nigar", "camal", document.RoleHead, "camal"},
		"asked for no head":    {map[string][]document.Grant{"ayten": {head}}, "nigar", "vuqar", document.RoleHead, "error.signer.none"},
		"the head's own act":   {map[string][]document.Grant{"ayten": {head}}, "ayten", "", document.RoleHead, "error.signer.self"},
		"own act, asked":       {map[string][]document.Grant{"ayten": {head}, "camal": {head}}, "ayten", "ayten", document.RoleHead, "error.signer.self"},
		"own act, two heads":   {map[string][]document.Grant{"ayten": {head}, "camal": {head}}, "ayten", "", document.RoleHead, "camal"},
		"the chief of a head":  {map[string][]document.Grant{"ayten": {head}, "rais": {grant(document.RoleChief, "110")}}, "ayten", "", document.RoleChief, "rais"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			s := w.process()
			w.staff(s)
			for login, grants := range tc.hire {
				w.hire(s, login, login == "disabled", grants...)
			}
			w.drafter.signers, w.drafter.approver = []string{tc.author}, tc.role
			by := actor(tc.author)
			if grants := tc.hire[tc.author]; grants != nil {
				by.Grants = grants
			}
			draft := draftOf(w.mustRegister(s, 1).Number, "x")
			draft.Approver = tc.approver
			a, _, err := s.Issue(t.Context(), by, draft)
			if strings.HasPrefix(tc.want, "error.") {
				if e, ok := errors.AsType[*document.Error](err); !ok || e.Key != tc.want {
					t.Errorf("got %v, want %s", err, tc.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := a.Signers[1]
			if got.Login != tc.want || got.Name != "Name of "+tc.want || got.Post != "post of "+tc.want || got.Role != tc.role {
				t.Errorf("the approver is %+v, want %s", got, tc.want)
			}
		})
	}
}

// TestApproval: an act goes from its officer to the head, who sees it, and is
// archived with both signatures; the head may give it up instead.
func TestApproval(t *testing.T) {
	w := newWorld(t)
	w.level = signing.LevelBLTA
	w.rules = func(r *document.Rules) { r.Certify = map[string]bool{"decision": true} }
	w.drafter.approver = document.RoleHead
	s := w.process()
	w.staff(s)
	head := document.Actor{Login: "ayten", Grants: []document.Grant{grant(document.RoleHead, "110")}}
	w.hire(s, "ayten", false, head.Grants...)
	kase := w.mustRegister(s, 1).Number
	forHead := func() (list []document.Act) {
		w.view(func(tx document.Tx) (err error) {
			list, err = tx.ActsWaiting(t.Context(), "ayten", 10)
			return err
		})
		return list
	}
	issue := func(key string) document.Act {
		a := w.mustIssue(s, kase, key)
		if _, err := s.Sign(t.Context(), head, a, w.officers["ayten"]); document.KindOf(err) != document.Forbidden {
			t.Errorf("the head signs first: %v", err)
		}
		if len(forHead()) != 0 {
			t.Error("the head sees what the officer has not signed")
		}
		a, err := s.Sign(t.Context(), actor("nigar"), a, w.officers["nigar"])
		if err != nil || a.State != document.Prepared || a.Round != 1 || !a.Certify {
			t.Fatalf("%+v, %v", a, err)
		}
		if list := forHead(); len(list) != 1 || list[0].Number != a.Number {
			t.Errorf("the head sees %+v", list)
		}
		return a
	}
	a := issue("1")
	if _, err := s.Sign(t.Context(), actor("nigar"), a, w.officers["nigar"]); document.KindOf(err) != document.Forbidden {
		t.Errorf("the officer approves: %v", err)
	}
	former := document.Actor{Login: "ayten", Grants: []document.Grant{grant(document.RoleOfficer, "110")}}
	if _, err := s.Sign(t.Context(), former, a, w.officers["ayten"]); document.KindOf(err) != document.Forbidden {
		t.Errorf("who is no head any more approves: %v", err)
	}
	a, err := s.Sign(t.Context(), head, a, w.officers["ayten"])
	if err != nil || a.State != document.Archived {
		t.Fatalf("%+v, %v", a, err)
	}
	if err := s.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.checkDone(s, a)
	b := issue("2")
	if b, err = s.Void(t.Context(), head, b.Number, "not yet"); err != nil || b.State != document.Voided {
		t.Errorf("%+v, %v", b, err)
	}
}

// TestTwoPersons: a drafter cannot have one person sign twice.
func TestTwoPersons(t *testing.T) {
	for _, signers := range [][]string{{"nigar", "nigar"}, {"vuqar", "nigar"}, {"nigar", "vuqar", "vuqar"}} {
		w := newWorld(t)
		w.drafter.signers = signers
		s := w.process()
		w.staff(s)
		_, _, err := s.Issue(t.Context(), actor("nigar"), draftOf(w.mustRegister(s, 1).Number, "x"))
		if e, ok := errors.AsType[*document.Error](err); !ok || e.Key != "error.signer.self" {
			t.Errorf("%v: %v", signers, err)
		}
	}
}
