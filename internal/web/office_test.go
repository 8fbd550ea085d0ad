package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"docsvc/internal/auth"
	"docsvc/internal/document"
	"docsvc/internal/document/documenttest"
	"docsvc/internal/render"
	"docsvc/internal/signing"
	"docsvc/internal/signing/keyfile"
	"docsvc/internal/signing/signingtest"
	"docsvc/internal/template"
	"docsvc/internal/testservers"
	"docsvc/internal/verify/verifytest"
	"docsvc/internal/web"
	"docsvc/templates"
)

// office is the site with people who log in. Its clock is that of its
// provider's at the beginning of the test, and stands.
type office struct {
	*site
	options  web.Options
	provider *testservers.OIDCServer // nil: nobody can log in, sessions are given
	sessions *auth.Sessions
	keys     map[string]*key // by login
	library  *template.Library
	n        int // of enforcement documents
}

// operator runs all offices.
var operator = document.Actor{Login: "operator", Grants: []document.Grant{{Role: document.RoleOperator, Office: document.AnyOffice}}}

// evidence is encrypted, as far as these tests see.
type evidence struct{}

func (evidence) SealEvidence(_ context.Context, e []byte) ([]byte, error) {
	return []byte(fmt.Sprintf("sealed %d bytes", len(e))), nil
}

// newOffice makes the site without a provider.
func newOffice(t testing.TB, change ...func(*web.Options)) *office {
	t.Helper()
	return makeOffice(t, verifytest.Origin, nil, change...)
}

// newLogin makes the site with a provider, a process of its own.
func newLogin(t testing.TB, origin string, change ...func(*web.Options)) *office {
	t.Helper()
	provider := testservers.OIDC(t, testservers.OIDCOptions{RedirectURIs: []string{origin + "/login/callback"}})
	return makeOffice(t, origin, provider, change...)
}

func makeOffice(t testing.TB, origin string, provider *testservers.OIDCServer, change ...func(*web.Options)) *office {
	t.Helper()
	w := verifytest.New(t)
	w.Advance(time.Since(w.Now()).Round(time.Second))
	library, err := template.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	o := &office{provider: provider, keys: map[string]*key{}, library: library, sessions: &auth.Sessions{Store: w.Register, Now: w.Now}}
	offices := o.addOffice(w)
	w.Service.Evidence, w.Service.Secrets = evidence{}, fixedSecrets{}
	o.site = newSiteOf(t, w, append([]func(*web.Options){func(options *web.Options) {
		options.Origin = origin
		options.Office = &web.Office{
			Service: w.Service, Provider: o.client(t, origin), Sessions: o.sessions, Attempts: &auth.Attempts{Store: w.Register, Now: w.Now},
			Templates: library, Offices: offices,
			Unlock: func(_ context.Context, _ auth.Identity, a document.Account) (document.KeyHolder, error) {
				return o.keys[a.Login].unlock()
			},
		}
	}}, append(change, func(options *web.Options) { o.options = *options })...)...)
	o.enrol("nigar", "5VBK5VR", "110", document.Grant{Role: document.RoleOfficer, Office: "110"}, document.Grant{Role: document.RoleHead, Office: "110"})
	o.enrol("vuqar", "7ABC1DE", "110", document.Grant{Role: document.RoleOfficer, Office: "110"})
	return o
}

// addOffice gives the world a second office.
func (o *office) addOffice(w *verifytest.World) []document.Office {
	r, ok := w.Service.Drafter.(*render.Renderer)
	if !ok {
		panic("another drafter")
	}
	other := r.Offices[documenttest.Office]
	other.Code, other.Name = documenttest.Other, "Başqa Rayon İcra Şöbəsi"
	r.Offices[other.Code] = other
	return []document.Office{r.Offices[documenttest.Office], other}
}

// client is docsvc at the provider.
func (o *office) client(t testing.TB, origin string) *auth.Provider {
	t.Helper()
	c := auth.Config{
		Issuer: "https://login.example", ClientID: "docsvc", RedirectURL: origin + "/login/callback", StrongValues: []string{"high"},
	}
	if o.provider != nil {
		c.Issuer, c.ClientID = o.provider.Issuer, o.provider.ClientID
		c.ClientSecretFile = filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(c.ClientSecretFile, []byte(o.provider.ClientSecret), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := auth.New(c, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// enrol makes an account with a key and a certificate.
func (o *office) enrol(login, subject, code string, grants ...document.Grant) document.Account {
	o.t.Helper()
	entity := o.PKI.Officer(o.t, signingtest.P256(o.t))
	a := document.Account{
		Login: login, Subject: subject, Name: "Məmurzadə " + strings.ToUpper(login[:1]) + login[1:] + " Sınaq qızı", Post: "dövlət icra məmuru",
		Office: code, Profile: document.ProfileState, Grants: grants, KeyID: "test:" + login + ":1", CreatedAt: o.Now().UTC(),
		Certificate: [][]byte{entity.Cert.Raw, o.PKI.Issuing.Cert.Raw},
	}
	o.keys[login] = &key{Holder: keyfile.Holder{ID: a.KeyID, Key: signing.SignerKey(entity.Key)}}
	o.save(a)
	return a
}

func (o *office) save(a document.Account) {
	o.t.Helper()
	if err := o.Service.SaveAccount(o.t.Context(), operator, a); err != nil {
		o.t.Fatal(err)
	}
}

// change changes an account.
func (o *office) change(login string, how func(*document.Account)) {
	o.t.Helper()
	a, err := o.Service.Account(o.t.Context(), login)
	if err != nil {
		o.t.Fatal(err)
	}
	how(&a)
	o.save(a)
}

// sample is the n-th act of a sample case, and the registration form of the case
// with another number of the enforcement document each time.
func (o *office) sample(name string, n int) (form json.RawMessage, template string, input json.RawMessage) {
	o.t.Helper()
	data, err := fs.ReadFile(templates.FS, "samples/"+name+".json")
	if err != nil {
		o.t.Fatal(err)
	}
	var s struct {
		Case map[string]any `json:"case"`
		Acts []struct {
			Template string          `json:"template"`
			Input    json.RawMessage `json:"input"`
		} `json:"acts"`
	}
	if err := json.Unmarshal(data, &s); err != nil {
		o.t.Fatal(err)
	}
	o.n++
	document, ok := s.Case["document"].(map[string]any)
	if !ok {
		o.t.Fatal("no document in the sample")
	}
	document["number"] = fmt.Sprintf("2(199)-%d/2026", 5000+o.n)
	if form, err = json.Marshal(s.Case); err != nil {
		o.t.Fatal(err)
	}
	return form, s.Acts[n].Template, s.Acts[n].Input
}

// newCase registers a case for a login, who must be allowed to.
func (o *office) newCase(login, code string) document.Case {
	o.t.Helper()
	form, _, _ := o.sample("case-1", 0)
	c, _, err := o.Service.RegisterCase(o.t.Context(), o.actor(login), code, login, form)
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

func (o *office) actor(login string) document.Actor {
	o.t.Helper()
	a, err := o.Service.Account(o.t.Context(), login)
	if err != nil {
		o.t.Fatal(err)
	}
	return a.Actor("test")
}

// waiting issues an act that waits for its author's signature.
func (o *office) waiting(login string, c document.Case) document.Act {
	o.t.Helper()
	_, id, input := o.sample("case-1", 0)
	act, _, err := o.Service.Issue(o.t.Context(), o.actor(login), document.Draft{Case: c.Number, Template: id, Input: input})
	if err == nil {
		act, err = o.Service.Run(o.t.Context(), act)
	}
	if err != nil || act.State != document.Prepared {
		o.t.Fatal(act.State, err)
	}
	return act
}

// archived issues an act and signs it.
func (o *office) archived(login string, c document.Case) document.Act {
	o.t.Helper()
	act, err := o.Service.Sign(o.t.Context(), o.actor(login), o.waiting(login, c), o.keys[login].Holder)
	if err != nil || act.State != document.Archived {
		o.t.Fatal(act.State, err)
	}
	return act
}

// act reads an act anew.
func (o *office) act(number string) document.Act {
	o.t.Helper()
	a, err := o.Service.Act(o.t.Context(), number)
	if err != nil {
		o.t.Fatal(err)
	}
	return a
}

// dump is all that the register keeps.
func (o *office) dump(tables ...string) string {
	o.t.Helper()
	var b strings.Builder
	if err := o.Register.Dump(o.t.Context(), &b, tables...); err != nil {
		o.t.Fatal(err)
	}
	return b.String()
}
