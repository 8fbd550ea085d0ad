package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"docsvc/internal/auth"
	"docsvc/internal/codes"
	"docsvc/internal/document"
)

// stepLife is how long a person may take for the second step of a login, or to
// take one-time codes over into their telephone.
const stepLife = 5 * time.Minute

// secondRoutes are the second step of a login here, and how people set it up.
func (s *site) secondRoutes(r *mux.Router) {
	s.post(r, "/login/code", s.limited(loginLimit, s.secondStep))
	s.post(r, "/login/setup", s.limited(loginLimit, s.setUpAtLogin))
	s.post(r, mePath+"/codes", s.officer(s.beginCodes))
	s.post(r, mePath+"/codes/setup", s.officer(s.setUpCodes))
	s.post(r, mePath+"/codes/remove", s.officer(s.removeCodes))
}

// codePage asks for a one-time code.
type codePage struct {
	frame
	Action string // where the form goes
	State  string // of the attempt
	Error  string
	// Of codes that are being set up.
	Text     string // the secret
	Address  string // the secret as applications take it
	QR       string // the path of its QR code
	Size     int    // of that, in modules
	Required bool   // there is no way in without
}

// recoveryPage shows the recovery codes: now, and never again.
type recoveryPage struct {
	frame
	Codes []string
	Back  string
}

// passwordRight goes on after the right password: with the second step, if the
// account has one, or with setting it up, if it must have one.
func (s *site) passwordRight(w http.ResponseWriter, r *http.Request, account document.Account, identity auth.Identity, back string) {
	has, missing, err := s.Office.Local.Second(r.Context(), account.Login)
	switch {
	case err != nil:
		s.fail(w, r, err)
	case has:
		s.beginStep(w, r, auth.Start{Purpose: auth.PurposeSecond, Login: account.Login, ReturnTo: back}, "/login/code")
	case missing:
		s.beginStep(w, r, auth.Start{Purpose: auth.PurposeEnrol, Login: account.Login, ReturnTo: back}, "/login/setup")
	default:
		s.letIn(w, r, account, identity, back)
	}
}

// beginStep begins an attempt that this browser has to finish, and shows its form.
func (s *site) beginStep(w http.ResponseWriter, r *http.Request, start auth.Start, action string) {
	start.Browser, start.Life = s.cookie(r, loginCookie), stepLife
	attempt, browser, err := s.Office.Attempts.Begin(r.Context(), start)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.setCookie(w, loginCookie, browser, loginCookieLife)
	s.showStep(w, r, attempt, action, nil)
}

// showStep shows the form of an attempt, after something was wrong too.
func (s *site) showStep(w http.ResponseWriter, r *http.Request, a auth.Attempt, action string, wrong error) {
	title, status := "code.title", http.StatusOK
	if a.Purpose == auth.PurposeEnrol {
		title = "code.setup.title"
	}
	p := codePage{frame: s.frame(r, title), Action: action, State: a.State(), Required: s.Office.Local.Required}
	if strings.HasPrefix(action, mePath) {
		p.Path = mePath
	}
	if wrong != nil {
		p.Error, status = sentence(p.Lang, wrong), statusOf(document.KindOf(wrong))
	}
	if a.Purpose == auth.PurposeEnrol {
		setup, err := s.Office.Local.Setup(r.Context(), a)
		if err == nil {
			p.Text, p.Address = setup.Text(), setup.URI(s.host, a.Login)
			p.QR, p.Size, err = qrPath(p.Address)
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
	}
	s.render(w, r, status, "code", p)
}

// qrPath draws a QR code with its quiet zone: in the page, so that a secret is
// never an address of its own.
func qrPath(text string) (path string, size int, err error) {
	symbol, err := codes.QR(text)
	if err != nil {
		return "", 0, err
	}
	var b strings.Builder
	for y := range symbol.Height {
		for x := range symbol.Width {
			if symbol.Dark(x, y) {
				b.WriteString("M" + strconv.Itoa(x+symbol.Quiet) + " " + strconv.Itoa(y+symbol.Quiet) + "h1v1h-1z")
			}
		}
	}
	return b.String(), symbol.Width + 2*symbol.Quiet, nil
}

// takeStep uses up the attempt that a form brings back.
func (s *site) takeStep(r *http.Request, f *secretForm, purpose auth.Purpose) (a auth.Attempt, account document.Account, err error) {
	a, err = s.Office.Attempts.Take(r.Context(), f.text("state"), s.cookie(r, loginCookie))
	if err == nil && a.Purpose != purpose {
		err = errStep()
	}
	if err == nil { // it may have been closed meanwhile
		account, err = s.Office.Service.Account(r.Context(), a.Login)
	}
	return a, account, err
}

func errStep() error { return &document.Error{Kind: document.Conflict, Key: "error.login.state"} }

// again shows the form of an attempt once more, under another state.
func (s *site) again(w http.ResponseWriter, r *http.Request, a auth.Attempt, action string, wrong error) {
	a, err := s.Office.Attempts.Again(r.Context(), a)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.showStep(w, r, a, action, wrong)
}

// secondStep takes the code that follows the password.
func (s *site) secondStep(w http.ResponseWriter, r *http.Request) {
	f, ok := s.secretForm(w, r)
	if !ok {
		return
	}
	defer f.wipe()
	a, account, err := s.takeStep(r, f, auth.PurposeSecond)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	way, err := s.Office.Local.Code(r.Context(), a.Login, f.text("code"))
	identity := auth.Identity{Subject: account.Login, ACR: way, AuthTime: s.Now()}
	if err == nil {
		s.letIn(w, r, account, identity, a.ReturnTo)
		return
	}
	if record := s.recordRefusal(r, account, identity, err); record != nil {
		err = record
	}
	if !isWrongCredential(err) {
		s.fail(w, r, err)
		return
	}
	s.again(w, r, a, "/login/code", err)
}

// setUpAtLogin takes the first code of a person who has to have them, and lets
// them in. Who has codes meanwhile must log in with them: another may know the
// password.
func (s *site) setUpAtLogin(w http.ResponseWriter, r *http.Request) {
	f, ok := s.secretForm(w, r)
	if !ok {
		return
	}
	defer f.wipe()
	a, account, err := s.takeStep(r, f, auth.PurposeEnrol)
	if err == nil {
		var missing bool
		if _, missing, err = s.Office.Local.Second(r.Context(), a.Login); err == nil && !missing {
			err = errStep()
		}
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	list, ok := s.enrolled(w, r, a, account, f, "/login/setup")
	if ok && s.beginSession(w, r, account, auth.Identity{Subject: account.Login, ACR: auth.ByCode, AuthTime: s.Now()}) {
		s.showRecovery(w, r, list, a.ReturnTo)
	}
}

// enrolled takes codes into use, or shows the form again.
func (s *site) enrolled(w http.ResponseWriter, r *http.Request, a auth.Attempt, account document.Account, f *secretForm, action string) ([]string, bool) {
	list, err := s.Office.Local.Enrol(r.Context(), account.Actor(requestID(r.Context())), a, f.text("code"))
	switch {
	case errorKey(err) == "error.code.setup":
		s.again(w, r, a, action, err)
	case err != nil:
		s.fail(w, r, err)
	}
	return list, err == nil
}

func (s *site) showRecovery(w http.ResponseWriter, r *http.Request, list []string, back string) {
	p := recoveryPage{frame: s.frame(r, "recovery.title"), Codes: list, Back: back}
	p.Path = mePath
	s.render(w, r, http.StatusOK, "recovery", p)
}

// beginCodes shows a new secret to a person who gave their password again.
func (s *site) beginCodes(w http.ResponseWriter, r *http.Request) {
	f, ok := s.secretForm(w, r)
	if !ok {
		return
	}
	defer f.wipe()
	if err := s.confirm(r, f); err != nil {
		s.wrongMe(w, r, "codes", err)
		return
	}
	s.beginStep(w, r, auth.Start{
		Purpose: auth.PurposeEnrol, Login: personOf(r.Context()).account.Login, ReturnTo: s.frame(r, "").Link(mePath),
	}, mePath+"/codes/setup")
}

// setUpCodes takes the first code, and ends the person's other sessions, which
// were begun without.
func (s *site) setUpCodes(w http.ResponseWriter, r *http.Request) {
	me := personOf(r.Context())
	f, ok := s.secretForm(w, r)
	if !ok {
		return
	}
	defer f.wipe()
	a, account, err := s.takeStep(r, f, auth.PurposeEnrol)
	if err == nil && account.Login != me.account.Login {
		err = errStep()
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	list, ok := s.enrolled(w, r, a, account, f, mePath+"/codes/setup")
	if !ok {
		return
	}
	if err := s.endOthers(r.Context(), me); err != nil {
		s.fail(w, r, err)
		return
	}
	s.showRecovery(w, r, list, a.ReturnTo)
}

// removeCodes takes the codes out of use of a person who gave their password again.
func (s *site) removeCodes(w http.ResponseWriter, r *http.Request) {
	me := personOf(r.Context())
	f, ok := s.secretForm(w, r)
	if !ok {
		return
	}
	defer f.wipe()
	err := s.confirm(r, f)
	if err == nil {
		err = s.Office.Local.RemoveCodes(r.Context(), me.actor, me.account.Login)
	}
	if err != nil {
		s.wrongMe(w, r, "remove", err)
		return
	}
	s.meDone(w, r, "codes")
}
