package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"docsvc/internal/auth"
	"docsvc/internal/document"
	"docsvc/internal/i18n"
)

// person is who is logged in with the browser that asks.
type person struct {
	session auth.Session
	account document.Account
	actor   document.Actor
	token   *document.Token // of a program; it has no session
}

type personKey struct{}

// personOf is who asks, on the routes of officers; nil elsewhere.
func personOf(ctx context.Context) *person {
	p, _ := ctx.Value(personKey{}).(*person)
	return p
}

// person finds out who asks. The account is read at each request: who was
// disabled, or is another person now, is out at once.
func (s *site) person(r *http.Request) (*person, error) {
	session, err := s.Office.Sessions.Get(r.Context(), s.cookie(r, sessionCookie))
	if err != nil {
		return nil, err
	}
	account, err := s.Office.Service.Account(r.Context(), session.Login)
	if err != nil {
		return nil, err
	}
	if s.Office.subject(account) != session.Subject {
		return nil, &document.Error{Kind: document.Forbidden, Key: "error.login.session", Err: auth.ErrNoSession}
	}
	return &person{session: session, account: account, actor: account.Actor(requestID(r.Context()))}, nil
}

// officer lets only those through to h who are logged in.
func (s *site) officer(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, err := s.person(r)
		if err != nil {
			s.askToLogIn(w, r, err)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), personKey{}, p))
		if r.Method == http.MethodPost && !s.allow(w, r, officeLimit, p.account.Login) {
			return
		}
		h(w, r)
	}
}

// lockPage asks to log in, and says why.
type lockPage struct {
	frame
	Text    string
	Nothing bool // the request was not carried out
	LogIn   string
}

// askToLogIn sends to the login whoever brings no session at all, and tells
// whoever had one why it is over: a locked workplace must not open by itself
// because the provider still knows its person.
func (s *site) askToLogIn(w http.ResponseWriter, r *http.Request, err error) {
	if !isSessionOver(err) {
		s.fail(w, r, err)
		return
	}
	f := s.frame(r, "office.locked.title")
	back := "/office"
	reading := r.Method == http.MethodGet || r.Method == http.MethodHead
	if reading {
		back = r.URL.RequestURI()
	}
	logIn := "/login?return_to=" + url.QueryEscape(back)
	if f.Chosen {
		logIn += "&lang=" + f.Lang
	}
	if reading && s.cookie(r, sessionCookie) == "" {
		http.Redirect(w, r, logIn, http.StatusSeeOther)
		return
	}
	s.dropCookie(w, sessionCookie)
	p := lockPage{frame: f, Nothing: !reading, LogIn: logIn}
	if e, ok := errors.AsType[*document.Error](err); ok {
		p.Text = i18n.Text(f.Lang, e.Key, e.Args)
	}
	s.render(w, r, http.StatusForbidden, "lock", p)
}
