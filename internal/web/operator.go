package web

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
)

// operatorRoutes are the pages about accounts and about the service itself.
func (s *site) operatorRoutes(r *mux.Router) {
	s.get(r, "/office/accounts/{login}", s.officer(s.accountPage))
	s.post(r, "/office/accounts", s.officer(s.createAccount))
	s.post(r, "/office/accounts/{login}", s.officer(s.changeAccount))
	s.get(r, "/office/state", s.officer(s.statePage))
}

// newAccount stands for an account that is not there yet in the address.
const newAccount = "+"

// accountPage shows an account and what an operator may change of it.
type accountPage struct {
	frame
	New                      bool
	Account                  apiAccountJSON
	Offices, Profiles, Roles []choice
	GrantOffices             []choice
	Grants                   []grantView
	Certificate              string
	Ending                   bool
	Own                      bool // of who looks
	Error                    string
}

type grantView struct{ Role, Office, Text string }

func (s *site) accountPage(w http.ResponseWriter, r *http.Request) {
	if login := pathValue(r, "login"); login != newAccount {
		a, err := s.Office.readAccount(r.Context(), personOf(r.Context()).actor, login)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.showAccount(w, r, a, nil)
		return
	}
	me := personOf(r.Context())
	if !mayAnywhere(me.actor, document.ActOperate) {
		s.fail(w, r, me.actor.May(document.ActOperate, me.account.Office))
		return
	}
	s.showAccount(w, r, document.Account{Office: me.account.Office, Profile: document.ProfileState}, nil)
}

// readAccount returns an account that actor runs, a disabled one too.
func (o *Office) readAccount(ctx context.Context, actor document.Actor, login string) (document.Account, error) {
	accounts, err := o.listAccounts(ctx, actor)
	if err != nil {
		return document.Account{}, err
	}
	i := slices.IndexFunc(accounts, func(a document.Account) bool { return a.Login == login })
	if i < 0 {
		return document.Account{}, &document.Error{Kind: document.NotFound, Key: "error.account.unknown", Args: map[string]string{"login": clipText(login, maxReason)}}
	}
	return accounts[i], nil
}

func (s *site) showAccount(w http.ResponseWriter, r *http.Request, a document.Account, problem error) {
	me := personOf(r.Context())
	p := accountPage{frame: s.frame(r, "account.title"), Account: apiShowAccount(a).apiAccountJSON, New: a.CreatedAt.IsZero(), Own: a.Login == me.account.Login}
	p.Path = "/office/accounts/" + cmp.Or(a.Login, newAccount)
	if p.New {
		p.Title, p.Path = i18n.Text(p.Lang, "account.new", nil), "/office/accounts/"+newAccount
	}
	p.Offices = s.officesFor(me.actor, document.ActOperate, a.Office)
	p.GrantOffices = p.Offices
	if me.actor.May(document.ActOperate, document.AnyOffice) == nil {
		p.GrantOffices = append(slices.Clone(p.Offices), choice{document.AnyOffice, i18n.Text(p.Lang, "office.any", nil), false})
	}
	for profile, key := range map[document.Profile]string{document.ProfileState: "profile.state", document.ProfilePrivate: "profile.private"} {
		p.Profiles = append(p.Profiles, choice{string(profile), i18n.Text(p.Lang, key, nil), profile == a.Profile})
	}
	slices.SortFunc(p.Profiles, func(a, b choice) int { return strings.Compare(b.Value, a.Value) })
	for _, role := range document.Roles() {
		p.Roles = append(p.Roles, choice{string(role), i18n.Text(p.Lang, roleKey(role), nil), false})
	}
	for _, g := range a.Grants {
		p.Grants = append(p.Grants, grantView{string(g.Role), g.Office, s.grantText(p.Lang, g)})
	}
	p.Certificate = i18n.Text(p.Lang, "accounts.certificate.none", nil)
	if until, ok := certificateEnd(a); ok {
		p.Certificate = i18n.Text(p.Lang, "accounts.certificate.until", map[string]string{"date": s.day(until)})
		p.Ending = until.Sub(s.Now()) < certificateWarning
	}
	status := http.StatusOK
	if problem != nil {
		status, p.Error = statusOf(document.KindOf(problem)), sentence(p.Lang, problem)
	}
	s.render(w, r, status, "account", p)
}

func (s *site) grantText(lang string, g document.Grant) string {
	office := s.officeName(g.Office)
	if g.Office == document.AnyOffice {
		office = i18n.Text(lang, "office.any", nil)
	}
	role := string(g.Role)
	if key := roleKey(g.Role); key != "" {
		role = i18n.Text(lang, key, nil)
	}
	return role + ", " + office
}

func (s *site) createAccount(w http.ResponseWriter, r *http.Request) {
	if !s.parseForm(w, r) {
		return
	}
	in := formAccount(r, apiAccountJSON{Login: strings.TrimSpace(r.PostForm.Get("login"))})
	actor := personOf(r.Context()).actor
	if _, err := s.Office.readAccount(r.Context(), actor, in.Login); err == nil {
		s.showAccount(w, r, accountOf(in), &document.Error{Kind: document.Conflict, Key: "error.account.exists", Args: map[string]string{"login": in.Login}})
		return
	}
	s.saveAndShow(w, r, in, document.Account{})
}

// formAccount puts what a form says of an account into in.
func formAccount(r *http.Request, in apiAccountJSON) apiAccountJSON {
	text := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	in.Name, in.Post, in.Office, in.Subject, in.TaxID = text("name"), text("post"), text("office"), text("subject"), text("tax_id")
	in.Profile = document.Profile(text("profile"))
	return in
}

func accountOf(in apiAccountJSON) document.Account {
	return document.Account{
		Login: in.Login, Subject: in.Subject, Name: in.Name, Post: in.Post, Office: in.Office, Profile: in.Profile, TaxID: in.TaxID, Grants: in.Grants,
	}
}

// changeAccount does one thing to an account: what the button says.
func (s *site) changeAccount(w http.ResponseWriter, r *http.Request) {
	if !s.parseForm(w, r) {
		return
	}
	old, err := s.Office.readAccount(r.Context(), personOf(r.Context()).actor, pathValue(r, "login"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	in := apiShowAccount(old).apiAccountJSON
	grant := document.Grant{Role: document.Role(r.PostForm.Get("role")), Office: r.PostForm.Get("office")}
	switch r.PostForm.Get("do") {
	case "grant":
		if !slices.Contains(in.Grants, grant) {
			in.Grants = append(slices.Clone(in.Grants), grant)
		}
	case "revoke":
		in.Grants = slices.DeleteFunc(slices.Clone(in.Grants), func(g document.Grant) bool { return g == grant })
	case "disable":
		in.Disabled = true
	case "enable":
		in.Disabled = false
	default:
		in = formAccount(r, in)
	}
	s.saveAndShow(w, r, in, old)
}

// saveAndShow saves an account; a fault is shown beside what was typed.
func (s *site) saveAndShow(w http.ResponseWriter, r *http.Request, in apiAccountJSON, old document.Account) {
	_, _, err := s.Office.saveAccount(r.Context(), personOf(r.Context()).actor, in)
	switch kind := document.KindOf(err); {
	case err == nil:
		http.Redirect(w, r, s.frame(r, "").Link("/office/accounts/"+in.Login), http.StatusSeeOther)
	case kind == document.Invalid, kind == document.Conflict:
		shown := accountOf(in)
		shown.CreatedAt, shown.Certificate, shown.Disabled = old.CreatedAt, old.Certificate, old.Disabled
		s.showAccount(w, r, shown, err)
	default:
		s.fail(w, r, err)
	}
}

// statePage tells how the service is, part by part.
type statePage struct {
	frame
	Parts   []partView
	Figures []detailView
	Offices []detailView
	Version string
}

type partView struct {
	Name, Text string
	Ready      bool
}

func (s *site) statePage(w http.ResponseWriter, r *http.Request) {
	me := personOf(r.Context())
	if !mayAnywhere(me.actor, document.ActOperate) {
		s.fail(w, r, me.actor.May(document.ActOperate, me.account.Office))
		return
	}
	p := statePage{frame: s.frame(r, "state.title"), Version: s.Version}
	results := s.probe(r.Context())
	for _, name := range slices.Sorted(maps.Keys(results)) {
		v := partView{Name: partName(p.Lang, name), Ready: results[name] == nil, Text: i18n.Text(p.Lang, "state.ready", nil)}
		if !v.Ready {
			v.Text = i18n.Text(p.Lang, "state.down", nil)
		}
		p.Parts = append(p.Parts, v)
	}
	if s.Skews != nil {
		skews := s.Skews()
		for _, part := range slices.Sorted(maps.Keys(skews)) {
			p.Figures = append(p.Figures, detailView{
				i18n.Text(p.Lang, "state.skew", map[string]string{"part": partName(p.Lang, part)}),
				strconv.FormatFloat(skews[part].Seconds(), 'f', 1, 64) + " s",
			})
		}
	}
	g, err := s.gauges.get(r.Context(), s)
	if err == nil {
		p.Figures = append(p.Figures, s.stateFigures(p.Lang, g)...)
	}
	for _, o := range s.Office.Offices {
		p.Offices = append(p.Offices, detailView{o.Code, o.Name + ", " + o.Parent})
	}
	s.render(w, r, http.StatusOK, "state", p)
}

func (s *site) stateFigures(lang string, g gauges) []detailView {
	figure := func(key string, n int) detailView { return detailView{i18n.Text(lang, key, nil), strconv.Itoa(n)} }
	list := []detailView{
		figure("state.archived", g.acts[document.Archived]), figure("state.due", g.due), figure("state.failing", g.failing),
		figure("state.outbox", g.outbox), figure("state.unsequenced", g.unsequenced), figure("state.renewals", g.renewals),
		figure("state.expiring", g.expiring),
	}
	if g.certificates {
		list = append(list, detailView{i18n.Text(lang, "state.expiry", nil), s.day(s.Now().Add(g.firstExpiry))})
	}
	if g.oldest > time.Second {
		list = append(list, detailView{i18n.Text(lang, "state.oldest", nil), span(lang, g.oldest)})
	}
	return list
}

// partName is what people call a part; one that has no name is shown as the
// probe calls it.
func partName(lang, name string) string {
	key, ok := map[string]string{
		"register": "part.register", "archive": "part.archive", "keys": "part.keys", "login": "part.login", "vault": "part.keys",
		"timestamps": "part.timestamps", "revocation": "part.revocation", "certificates": "part.certificates", "ocsp": "part.revocation",
	}[name]
	if !ok {
		return name
	}
	return i18n.Text(lang, key, nil)
}
