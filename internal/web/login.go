package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"docsvc/internal/auth"
	"docsvc/internal/document"
)

// login sends the browser to the provider, or shows the form of a login here: for
// an ordinary login or, with ?authorisation=, for the fresh authentication that
// signs a batch. Nothing is done by coming here but that an attempt is noted,
// which nobody else can finish.
func (s *site) login(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if id := query.Get("authorisation"); id != "" {
		s.officer(func(w http.ResponseWriter, r *http.Request) { s.loginToSign(w, r, id) })(w, r)
		return
	}
	if s.Office.Local != nil {
		s.localLogin(w, r)
		return
	}
	back := query.Get("return_to")
	if back == "" {
		back = s.frame(r, "office.title").Link("/office")
	}
	s.toProvider(w, r, auth.Start{Purpose: auth.PurposeLogin, ReturnTo: back})
}

// loginToSign begins the authentication for one's own batch.
func (s *site) loginToSign(w http.ResponseWriter, r *http.Request, id string) {
	me := personOf(r.Context())
	a, err := s.Office.Service.OpenAuthorisation(r.Context(), me.actor, id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if s.Office.OpenKey != nil { // the page of the batch asks for the passphrase
		http.Redirect(w, r, s.frame(r, "").Link(authorisationPath(a.ID)), http.StatusSeeOther)
		return
	}
	s.toProvider(w, r, auth.Start{
		Purpose: auth.PurposeAuthorise, Authorisation: a.ID, Login: a.Login, Nonce: a.Nonce,
		Life:     a.Expires.Sub(s.Office.Service.Now()) + time.Second, // whole seconds, and the core decides
		ReturnTo: s.frame(r, "office.title").Link(authorisationPath(a.ID)),
	})
}

func (s *site) toProvider(w http.ResponseWriter, r *http.Request, start auth.Start) {
	start.Browser = s.cookie(r, loginCookie)
	attempt, browser, err := s.Office.Attempts.Begin(r.Context(), start)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	address, err := s.Office.Provider.AuthURL(r.Context(), attempt)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.setCookie(w, loginCookie, browser, loginCookieLife)
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// callback is where the provider sends the browser back to.
func (s *site) callback(w http.ResponseWriter, r *http.Request) {
	c, err := auth.ParseCallback(r.URL.RawQuery)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	attempt, err := s.Office.Attempts.Take(r.Context(), c.State, s.cookie(r, loginCookie))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	r = inLanguageOf(r, attempt.ReturnTo)
	if attempt.Purpose == auth.PurposeAuthorise {
		s.finishSigning(w, r, attempt, c)
		return
	}
	s.finishLogin(w, r, attempt, c)
}

// inLanguageOf goes on in the language in which somebody went to the provider.
func inLanguageOf(r *http.Request, returnTo string) *http.Request {
	back, err := url.Parse(returnTo)
	if err != nil || back.Query().Get("lang") == "" {
		return r
	}
	r = r.Clone(r.Context())
	r.URL.RawQuery = url.Values{"lang": {back.Query().Get("lang")}}.Encode()
	return r
}

// finishLogin lets a person with an account in, under a new session.
func (s *site) finishLogin(w http.ResponseWriter, r *http.Request, attempt auth.Attempt, c auth.Callback) {
	identity, err := s.Office.Provider.Finish(r.Context(), attempt, c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	account, err := auth.Admit(r.Context(), accountsIn{s.Office.Service.Store}, identity)
	if e, ok := errors.AsType[*document.Error](err); ok {
		account.Login = e.Args["login"] // of an account that is closed
	}
	if err != nil {
		if record := s.recordRefusal(r, account, identity, err); record != nil {
			err = record
		}
		s.fail(w, r, err)
		return
	}
	back := attempt.ReturnTo
	if path, _, _ := strings.Cut(back, "?"); path == "/" {
		back = "/office"
	}
	s.letIn(w, r, account, identity, back)
}

// accountsIn is the register as auth.Admit asks it.
type accountsIn struct{ store document.Store }

// AccountBySubject implements auth.Accounts.
func (a accountsIn) AccountBySubject(ctx context.Context, subject string) (account document.Account, err error) {
	err = a.store.View(ctx, func(tx document.Tx) (err error) {
		account, err = tx.AccountBySubject(ctx, subject)
		return err
	})
	return account, err
}
