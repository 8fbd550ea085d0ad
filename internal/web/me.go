package web

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"docsvc/internal/auth"
	"docsvc/internal/document"
	"docsvc/internal/i18n"
)

// mePath is the page about whoever is logged in.
const mePath = "/office/me"

// signInsShown is how many of their logins a person is shown.
const signInsShown = 20

// meRoutes are the pages where people see to their own account.
func (s *site) meRoutes(r *mux.Router) {
	s.get(r, mePath, s.officer(s.me))
	s.post(r, mePath+"/sessions", s.officer(s.endSession))
	if s.Office.Local != nil {
		s.post(r, mePath+"/password", s.officer(s.changePassword))
		s.secondRoutes(r)
	}
}

// mePage shows a person their account.
type mePage struct {
	frame
	Rows     []row
	Ending   bool // the certificate ends soon, or is over
	Sessions []sessionView
	SignIns  []signInView
	Done     string // what was just done
	Login    string // for those who keep passwords
	Password bool   // there is one to change
	Codes    *codesView
	Wrong    meError
}

// codesView is about a person's one-time codes.
type codesView struct {
	Since    string // empty: there are none
	Left     int    // recovery codes
	Required bool
}

// meError is what was wrong with one of the forms of the page.
type meError struct{ Form, Text string }

// Of is what was wrong with a form.
func (e meError) Of(form string) string {
	if e.Form != form {
		return ""
	}
	return e.Text
}

type sessionView struct {
	ID, Browser, Way, Begun, Seen string
	This                          bool
}

type signInView struct {
	At, Way, Refused string
}

func (s *site) me(w http.ResponseWriter, r *http.Request) { s.showMe(w, r, http.StatusOK, meError{}) }

// showMe shows the page, after a form in which something was wrong too.
func (s *site) showMe(w http.ResponseWriter, r *http.Request, status int, wrong meError) {
	me := personOf(r.Context())
	p := mePage{frame: s.frame(r, "me.title"), Login: me.account.Login, Password: s.Office.Local != nil, Wrong: wrong}
	p.Path = mePath
	if key := doneTexts[r.URL.Query().Get("done")]; key != "" {
		p.Done = i18n.Text(p.Lang, key, nil)
	}
	sessions, err := s.Office.Sessions.List(r.Context(), me.account.Login)
	var logins []document.SignIn
	if err == nil {
		logins, err = s.Office.Service.SignIns(r.Context(), me.account.Login, signInsShown)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if p.Codes, err = s.codesView(r.Context(), me); err != nil {
		s.fail(w, r, err)
		return
	}
	p.Rows, p.Ending = s.meRows(p.Lang, me.account)
	for _, x := range sessions {
		p.Sessions = append(p.Sessions, sessionView{
			ID: x.IDHash.String(), Browser: browserName(x.UserAgent), Way: loginWay(p.Lang, x.ACR),
			Begun: s.clock(x.Begun), Seen: s.clock(x.LastSeen), This: x.IDHash == me.session.IDHash,
		})
	}
	for _, i := range logins {
		view := signInView{At: s.clock(i.At), Way: loginWay(p.Lang, i.Way)}
		if i.Refused != "" {
			if view.Refused = i18n.Text(p.Lang, "me.refused", nil); i18n.Has(i.Refused) {
				view.Refused = i18n.Text(p.Lang, i.Refused, map[string]string{"login": i.Login})
			}
		}
		p.SignIns = append(p.SignIns, view)
	}
	s.render(w, r, status, "me", p)
}

// codesView is nil where people log in elsewhere.
func (s *site) codesView(ctx context.Context, me *person) (*codesView, error) {
	if s.Office.Local == nil {
		return nil, nil //nolint:nilnil // there is nothing to show
	}
	since, left, err := s.Office.Local.CodesOf(ctx, me.account.Login)
	v := &codesView{Left: left, Required: s.Office.Local.Required}
	if !since.IsZero() {
		v.Since = s.day(since)
	}
	return v, err
}

// meRows are what the register knows of a person.
func (s *site) meRows(lang string, a document.Account) (rows []row, ending bool) {
	add := func(key, text string) { rows = append(rows, row{Label: i18n.Text(lang, key, nil), Text: text}) }
	add("account.name", a.Name)
	add("login.login", a.Login)
	add("account.post", a.Post)
	add("case.office", s.officeName(a.Office))
	if roles := rolesText(lang, a); roles != "" {
		add("accounts.roles", roles)
	}
	until, ok := certificateEnd(a)
	if !ok {
		add("accounts.certificate", i18n.Text(lang, "accounts.certificate.none", nil))
		return rows, false
	}
	add("accounts.certificate", i18n.Text(lang, "accounts.certificate.until", map[string]string{"date": s.day(until)}))
	return rows, until.Sub(s.Now()) < certificateWarning
}

// endSession ends one of one's own sessions, or all but this one.
func (s *site) endSession(w http.ResponseWriter, r *http.Request) {
	me := personOf(r.Context())
	if !s.parseForm(w, r) {
		return
	}
	id := r.PostForm.Get("session")
	_, err := s.Office.Sessions.EndWhere(r.Context(), me.account.Login, func(x auth.Session) bool {
		if id == "others" {
			return x.IDHash != me.session.IDHash
		}
		return x.IDHash.String() == id
	})
	switch {
	case err != nil:
		s.fail(w, r, err)
	case id == me.session.IDHash.String():
		s.sayGoodbye(w, r)
	default:
		s.meDone(w, r, "session")
	}
}

// changePassword gives a person another password, and ends their other sessions:
// who changes it may do so because somebody knows it.
func (s *site) changePassword(w http.ResponseWriter, r *http.Request) {
	me := personOf(r.Context())
	f, ok := s.secretForm(w, r)
	if !ok {
		return
	}
	defer f.wipe()
	err := s.confirm(r, f)
	if err == nil && !bytes.Equal(f.secret("new"), f.secret("again")) {
		err = &document.Error{Kind: document.Invalid, Key: "error.password.differs"}
	}
	if err == nil {
		err = s.Office.Local.SetPassword(r.Context(), me.actor, me.account.Login, f.secret("new"))
	}
	if err == nil {
		err = s.endOthers(r.Context(), me)
	}
	if err != nil {
		s.wrongMe(w, r, "password", err)
		return
	}
	s.meDone(w, r, "password")
}

// confirm asks again who is logged in, before something is changed that would let
// another in for good. A wrong password is a login that was refused.
func (s *site) confirm(r *http.Request, f *secretForm) error {
	me := personOf(r.Context())
	err := s.Office.Local.Confirm(r.Context(), me.account.Login, f.secret("password"))
	if err == nil {
		return nil
	}
	if record := s.recordRefusal(r, me.account, auth.Identity{ACR: auth.ByPassword}, err); record != nil {
		return record
	}
	return err
}

// endOthers ends the sessions of a person but the one that asks.
func (s *site) endOthers(ctx context.Context, me *person) error {
	_, err := s.Office.Sessions.EndWhere(ctx, me.account.Login, func(x auth.Session) bool { return x.IDHash != me.session.IDHash })
	return err
}

// wrongMe shows the page again with what was wrong with a form.
func (s *site) wrongMe(w http.ResponseWriter, r *http.Request, form string, err error) {
	kind := document.KindOf(err)
	if !isWrongCredential(err) && kind != document.Invalid && kind != document.Conflict {
		s.fail(w, r, err)
		return
	}
	lang, _ := language(r)
	s.showMe(w, r, statusOf(kind), meError{form, sentence(lang, err)})
}

func (s *site) meDone(w http.ResponseWriter, r *http.Request, done string) {
	http.Redirect(w, r, s.frame(r, "").Link(mePath+"?done="+done), http.StatusSeeOther)
}

// doneTexts say what was just done.
var doneTexts = map[string]string{"session": "me.done.session", "password": "me.done.password", "codes": "me.done.codes"}

// wayTexts are the words for ways to log in here; a provider calls its own as it
// likes.
var wayTexts = map[string]string{
	auth.ByPassword: "way.password", auth.ByCode: "way.password+code", auth.ByRecovery: "way.password+recovery",
	auth.ByPassphrase: "way.passphrase",
}

// loginWay says how somebody logged in.
func loginWay(lang, way string) string {
	return i18n.Text(lang, cmp.Or(wayTexts[way], "way.provider"), nil)
}

// browserName tells a person which of their browsers a session is of, as far as
// the browser says. The first that is found counts: each pretends to be others.
func browserName(agent string) string {
	var found []string
	for _, names := range [][][2]string{
		{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"YaBrowser/", "Yandex"}, {"SamsungBrowser/", "Samsung"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}},
		{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"}},
	} {
		for _, name := range names {
			if strings.Contains(agent, name[0]) {
				found = append(found, name[1])
				break
			}
		}
	}
	if len(found) == 0 {
		return clipText(agent, 60)
	}
	return strings.Join(found, ", ")
}
