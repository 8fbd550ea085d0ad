package web

import (
	"errors"
	"net/http"

	"docsvc/internal/auth"
	"docsvc/internal/document"
)

// loginPage is the form of a login here, without a provider.
type loginPage struct {
	frame
	Back  string // where to go afterwards
	Login string // as typed before
	Error string
}

// localLogin shows the form.
func (s *site) localLogin(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "login", s.loginPage(r, r.URL.Query().Get("return_to")))
}

func (s *site) loginPage(r *http.Request, back string) loginPage {
	p := loginPage{frame: s.frame(r, "login.title")}
	p.Path = "/login" // there is a page there
	p.Back = auth.LocalPath(back, p.Link("/office"))
	return p
}

// logInHere takes the form of a login.
func (s *site) logInHere(w http.ResponseWriter, r *http.Request) {
	f, ok := s.secretForm(w, r)
	if !ok {
		return
	}
	defer f.wipe()
	p := s.loginPage(r, f.text("return_to"))
	account, err := s.Office.Local.Password(r.Context(), f.text("login"), f.secret("password"))
	identity := auth.Identity{Subject: account.Login, ACR: auth.ByPassword, AuthTime: s.Now()}
	if err == nil {
		s.passwordRight(w, r, account, identity, p.Back)
		return
	}
	if record := s.recordRefusal(r, account, identity, err); record != nil {
		s.fail(w, r, record)
		return
	}
	if !isWrongCredential(err) {
		s.fail(w, r, err)
		return
	}
	if p.Login = f.text("login"); len(p.Login) > auth.MaxLogin {
		p.Login = ""
	}
	p.Error = sentence(p.Lang, err)
	s.render(w, r, statusOf(document.KindOf(err)), "login", p)
}

// recordRefusal puts into the trail that somebody was not let in. Who came too
// soon was not even tested, and a fault of ours says nothing of them.
func (s *site) recordRefusal(r *http.Request, account document.Account, identity auth.Identity, err error) error {
	if document.KindOf(err) != document.Forbidden || errorKey(err) == "error.credential.wait" {
		return nil
	}
	return s.Office.Service.RecordLogin(r.Context(), document.Login{
		Account: account.Login, TokenID: identity.TokenID, Level: identity.ACR, RequestID: requestID(r.Context()), Refused: err,
	})
}

// letIn begins the session of who proved to be the person of an account, and goes
// on to where they wanted to go.
func (s *site) letIn(w http.ResponseWriter, r *http.Request, account document.Account, identity auth.Identity, back string) {
	if s.beginSession(w, r, account, identity) {
		http.Redirect(w, r, back, http.StatusSeeOther)
	}
}

// beginSession begins a session in place of the one that the browser had, or
// answers why not.
func (s *site) beginSession(w http.ResponseWriter, r *http.Request, account document.Account, identity auth.Identity) bool {
	err := s.Office.Service.RecordLogin(r.Context(), document.Login{
		Account: account.Login, TokenID: identity.TokenID, Level: identity.ACR, RequestID: requestID(r.Context()),
	})
	if err == nil {
		err = s.Office.Sessions.End(r.Context(), s.cookie(r, sessionCookie))
	}
	var id string
	if err == nil {
		id, _, err = s.Office.Sessions.Begin(r.Context(), account, identity, r.UserAgent())
	}
	if err != nil {
		s.fail(w, r, err)
		return false
	}
	s.setCookie(w, sessionCookie, id, 0)
	return true
}

// subject is who an account is in its sessions: at the provider or, without one,
// by its login.
func (o *Office) subject(a document.Account) string {
	if o.Local != nil {
		return a.Login
	}
	return a.Subject
}

// isSessionOver says that there is no session, or none any more.
func isSessionOver(err error) bool {
	return errors.Is(err, auth.ErrNoSession) || errors.Is(err, auth.ErrIdle)
}
