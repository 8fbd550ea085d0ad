package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"docsvc/internal/auth"
	"docsvc/internal/document"
	"docsvc/internal/template"
)

// Office is what the pages of officers and /api/v1 are made of. Whom an account
// was made for, and who can prove to be it, is who they are for.
type Office struct {
	Service  *document.Service
	Attempts *auth.Attempts
	Sessions *auth.Sessions

	// People log in at the provider or here: one of the two.
	Provider *auth.Provider
	Local    *auth.Local

	// Unlock gets the key of an account by the fresh authentication at the
	// provider that is for a batch; OpenKey by its passphrase, which it wipes, and
	// slows guessing down. One of the two.
	Unlock  func(ctx context.Context, proof auth.Identity, account document.Account) (document.KeyHolder, error)
	OpenKey func(ctx context.Context, actor document.Actor, account document.Account, passphrase []byte) (document.KeyHolder, error)

	// Templates are the kinds of act to choose from, Offices those of the
	// configuration.
	Templates *template.Library
	Offices   []document.Office
	// Go runs work that outlives its request: the signing of a batch. serve
	// waits for it before it ends. nil: an ordinary goroutine.
	Go func(work func())
}

func (o *Office) check() error {
	switch {
	case o == nil:
		return nil
	case o.Service == nil, o.Attempts == nil, o.Sessions == nil, o.Templates == nil:
		return errors.New("web: a part of the office that is required is missing")
	case (o.Provider == nil) == (o.Local == nil), (o.Unlock == nil) == (o.OpenKey == nil), o.Unlock != nil && o.Provider == nil:
		return errors.New("web: an office has one way to log in, and one to unlock keys that goes with it")
	}
	return nil
}

// start runs work beside the request that asked for it.
func (o *Office) start(work func()) {
	if o.Go != nil {
		o.Go(work)
		return
	}
	go work()
}

// The limits of who logs in, by address, and of who is logged in, by account.
// Many officers of an office share one address.
var (
	loginLimit  = limit{"login", 120, time.Minute}
	officeLimit = limit{"office", 240, time.Minute}
)

// officeRoutes is the part of the site that knows sessions.
func (s *site) officeRoutes(r *mux.Router) {
	s.only(r, http.MethodGet, "/login", s.limited(loginLimit, s.login))
	if s.Office.Local != nil {
		s.post(r, "/login", s.limited(loginLimit, s.logInHere))
	} else {
		s.only(r, http.MethodGet, "/login/callback", s.limited(loginLimit, s.callback))
	}
	s.get(r, "/logout", s.loggedOut)
	s.post(r, "/logout", s.limited(loginLimit, s.logout))
	s.post(r, "/logout/everywhere", s.limited(loginLimit, s.officer(s.logoutEverywhere)))

	s.get(r, "/office", s.officer(s.desk))
	s.post(r, "/office/sign", s.officer(s.sign))
	s.get(r, "/office/authorisations/{id}", s.officer(s.authorisation))
	if s.Office.OpenKey != nil {
		s.post(r, "/office/authorisations/{id}", s.officer(s.signByPassphrase))
	}
	s.get(r, "/office/register", s.officer(s.registerForm))
	s.post(r, "/office/register", s.officer(s.register))
	s.get(r, "/office/cases/{number}", s.officer(s.casePage))
	s.post(r, "/office/cases/{number}/acts", s.officer(s.issue))
	s.get(r, "/office/acts/{number}", s.officer(s.actPage))
	s.get(r, "/office/acts/{number}/file", s.officer(s.actFile))
	s.post(r, "/office/acts/{number}/void", s.officer(s.void))
	s.post(r, "/office/acts/{number}/standing", s.officer(s.standing))
	s.get(r, "/office/waiting", s.officer(s.waitingActs))
	s.post(r, "/office/waiting", s.officer(s.retryWaiting))
	s.get(r, "/office/accounts", s.officer(s.accounts))
	s.meRoutes(r)
	s.formRoutes(r)
	s.reviewRoutes(r)
	s.listRoutes(r)
	s.decideRoutes(r)
	s.recordRoutes(r)
	s.operatorRoutes(r)
	s.programRoutes(r)
	s.auditRoutes(r)
}

// only is a route of one method: HEAD would begin a login too.
func (s *site) only(r *mux.Router, method, route string, h http.HandlerFunc) {
	r.Handle(route, s.wrap(routeName(route), h)).Methods(method)
}

// isOffice says whether a page is one for people who log in.
func isOffice(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first == "office" || first == "login" || first == "logout"
}

func isAPI(path string) bool { return strings.HasPrefix(path, "/api/") }
