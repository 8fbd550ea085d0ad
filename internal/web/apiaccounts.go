package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"docsvc/internal/document"
)

// apiAccountJSON is an account as it is read and written. What enrolment makes,
// the key and the certificate, is not written here.
type apiAccountJSON struct {
	Login    string           `json:"login"`
	Subject  string           `json:"subject,omitempty"`
	Name     string           `json:"name"`
	Post     string           `json:"post"`
	Office   string           `json:"office"`
	Profile  document.Profile `json:"profile"`
	TaxID    string           `json:"tax_id,omitempty"`
	Grants   []document.Grant `json:"grants"`
	Disabled bool             `json:"disabled,omitempty"`
}

// apiAccountViewJSON is an account as it is read.
type apiAccountViewJSON struct {
	apiAccountJSON
	KeyID            string    `json:"key_id,omitempty"`
	CertificateUntil time.Time `json:"certificate_until,omitzero"`
	CreatedAt        time.Time `json:"created_at"`
}

// apiMeJSON is who is logged in.
type apiMeJSON struct {
	Login   string           `json:"login"`
	Name    string           `json:"name"`
	Post    string           `json:"post"`
	Office  string           `json:"office"`
	Grants  []document.Grant `json:"grants"`
	Begun   time.Time        `json:"session_begun,omitzero"`
	Expires time.Time        `json:"session_expires,omitzero"`
	Token   *apiTokenJSON    `json:"token,omitempty"` // of a program, which has no session
}

// apiTokenJSON is the token that a program brought.
type apiTokenJSON struct {
	Prefix  string           `json:"prefix"`
	Name    string           `json:"name"`
	Scopes  []document.Scope `json:"scopes"`
	Expires time.Time        `json:"expires"`
}

func (s *site) apiMe(w http.ResponseWriter, r *http.Request) {
	me := personOf(r.Context())
	shown := apiShowAccount(me.account)
	j := apiMeJSON{
		Login: shown.Login, Name: shown.Name, Post: shown.Post, Office: shown.Office, Grants: shown.Grants,
		Begun: me.session.Begun, Expires: me.session.Expires,
	}
	if t := me.token; t != nil {
		j.Token = &apiTokenJSON{t.Prefix, t.Name, t.Scopes, t.ExpiresAt}
	}
	s.answer(w, http.StatusOK, j)
}

type apiAccountsJSON struct {
	Accounts []apiAccountViewJSON `json:"accounts"`
	Next     string               `json:"next,omitempty"`
}

// accountPlace is where the list of accounts goes on.
type accountPlace struct {
	Login string `json:"login"`
}

func (s *site) apiAccounts(w http.ResponseWriter, r *http.Request) {
	accounts, err := s.Office.listAccounts(r.Context(), personOf(r.Context()).actor)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var after accountPlace
	limit, err := readPage(r, &after)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	accounts = slices.DeleteFunc(accounts, func(a document.Account) bool { return a.Login <= after.Login })
	j := apiAccountsJSON{Accounts: []apiAccountViewJSON{}}
	for _, a := range accounts[:min(limit, len(accounts))] {
		j.Accounts = append(j.Accounts, apiShowAccount(a))
	}
	if len(accounts) > limit {
		j.Next = cursor(accountPlace{accounts[limit-1].Login})
	}
	s.answer(w, http.StatusOK, j)
}

func apiShowAccount(a document.Account) apiAccountViewJSON {
	until, _ := certificateEnd(a)
	if a.Grants == nil {
		a.Grants = []document.Grant{}
	}
	return apiAccountViewJSON{
		apiAccountJSON{a.Login, a.Subject, a.Name, a.Post, a.Office, a.Profile, a.TaxID, a.Grants, a.Disabled},
		a.KeyID, until, a.CreatedAt,
	}
}

// apiSaveAccount creates an account or replaces what is said of it.
func (s *site) apiSaveAccount(w http.ResponseWriter, r *http.Request) {
	var in apiAccountJSON
	if !s.readJSON(w, r, &in) {
		return
	}
	a, status, err := s.Office.saveAccount(r.Context(), personOf(r.Context()).actor, in)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, status, apiShowAccount(a))
}

func (o *Office) saveAccount(ctx context.Context, actor document.Actor, in apiAccountJSON) (document.Account, int, error) {
	if err := actor.May(document.ActOperate, in.Office); err != nil { // before a fault in the form is told
		return document.Account{}, 0, err
	}
	if err := o.checkAccount(in); err != nil {
		return document.Account{}, 0, err
	}
	status := http.StatusOK
	var a document.Account
	err := o.Service.Store.View(ctx, func(tx document.Tx) (err error) {
		a, err = tx.AccountByLogin(ctx, in.Login)
		return err
	})
	if errors.Is(err, document.ErrNotFound) {
		a, err, status = document.Account{Login: in.Login, CreatedAt: o.Service.Now().UTC()}, nil, http.StatusCreated
	}
	if err != nil {
		return a, 0, err
	}
	a.Subject, a.Name, a.Post, a.Office, a.Profile = in.Subject, in.Name, in.Post, in.Office, in.Profile
	a.TaxID, a.Grants, a.Disabled = in.TaxID, in.Grants, in.Disabled
	return a, status, o.Service.SaveAccount(ctx, actor, a)
}

// checkAccount refuses what the core would keep as it is given.
func (o *Office) checkAccount(in apiAccountJSON) error {
	for name, text := range map[string]string{"name": in.Name, "post": in.Post, "tax_id": in.TaxID} {
		if len(text) > 200 || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || strings.TrimSpace(text) != text ||
			text == "" && name != "tax_id" {
			return badForm(errors.New(name + ": want 1 to 200 bytes of text"))
		}
	}
	if in.Profile != document.ProfileState && in.Profile != document.ProfilePrivate {
		return badForm(errors.New("profile: want state or private"))
	}
	if !o.knows(in.Office) {
		return unknownOffice(in.Office)
	}
	if len(in.Grants) > 100 {
		return badForm(errors.New("grants: at most 100"))
	}
	for _, g := range in.Grants {
		if roleKey(g.Role) == "" {
			return badForm(errors.New("grants: there is no such role"))
		}
		if g.Office != document.AnyOffice && !o.knows(g.Office) {
			return unknownOffice(g.Office)
		}
	}
	return nil
}
