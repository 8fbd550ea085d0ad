package web

import (
	"net/http"
	"slices"
	"strings"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
)

// substitutionsPage lists who acts in whose place, and appoints deputies.
type substitutionsPage struct {
	frame
	List []substitutionView
	// Absent and Deputies are whom the person may choose; without the first the
	// page has no form.
	Absent, Deputies []choice
	Today            string
	Sent             map[string]string // the form as it was sent, if it was wrong
	Error            string
}

type substitutionView struct {
	ID, Absent, Deputy, Role, Office, From, Until, Reason, State string
	Holds, MayEnd                                                bool
}

// substitutionsKept is for how many days the page lists what is over.
const substitutionsKept = 365

func (s *site) substitutions(w http.ResponseWriter, r *http.Request) { s.showSubstitutions(w, r, nil) }

func (s *site) showSubstitutions(w http.ResponseWriter, r *http.Request, problem error) {
	me, service := personOf(r.Context()), s.Office.Service
	p := substitutionsPage{frame: s.frame(r, "substitution.title"), Today: string(service.Today())}
	p.Path = "/office/substitutions"
	var accounts []document.Account
	err := service.Store.View(r.Context(), func(tx document.Tx) (err error) {
		accounts, err = tx.Accounts(r.Context())
		return err
	})
	var list []document.Substitution
	if err == nil {
		since := service.Today().Time().AddDate(0, 0, -substitutionsKept)
		list, err = service.SubstitutionsOf(r.Context(), me.actor, document.DateOf(since, since.Location()))
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	slices.Reverse(list) // the last to end comes first
	for _, x := range list {
		p.List = append(p.List, s.substitutionView(p.Lang, x, accounts, me.actor))
	}
	p.choices(s.Office.Offices, accounts, me.actor)
	status := http.StatusOK
	if problem != nil {
		status, p.Error = statusOf(document.KindOf(problem)), sentence(p.Lang, problem)
		p.Sent = map[string]string{}
		for _, name := range []string{"absent", "deputy", "from", "until", "reason"} {
			p.Sent[name] = r.PostForm.Get(name)
		}
	}
	s.render(w, r, status, "substitutions", p)
}

func (s *site) substitutionView(lang string, x document.Substitution, accounts []document.Account, actor document.Actor) substitutionView {
	today := s.Office.Service.Today()
	key := "substitution.holds"
	switch {
	case !x.EndedAt.IsZero():
		key = "substitution.ended"
	case x.Until < today:
		key = "substitution.over"
	case x.From > today:
		key = "substitution.later"
	}
	return substitutionView{
		ID: x.ID, Absent: accountName(accounts, x.Absent), Deputy: accountName(accounts, x.Deputy), Role: i18n.Text(lang, roleKey(x.Role), nil),
		Office: s.officeName(x.Office), From: dotted(x.From), Until: dotted(x.Until), Reason: x.Reason,
		State: i18n.Text(lang, key, nil), Holds: x.HoldsOn(today),
		MayEnd: x.EndedAt.IsZero() && x.Until >= today && actor.MaySubstitute(x.Absent, x.Office) == nil,
	}
}

// choices are the heads and chiefs whom actor may replace, and who may replace
// them.
func (p *substitutionsPage) choices(offices []document.Office, accounts []document.Account, actor document.Actor) {
	for _, office := range offices {
		found := false
		for _, a := range accounts {
			for _, role := range []document.Role{document.RoleHead, document.RoleChief} {
				if a.Disabled || !a.Actor("").Holds(role, office.Code) || actor.MaySubstitute(a.Login, office.Code) != nil {
					continue
				}
				found = true
				p.Absent = append(p.Absent, choice{
					Value: strings.Join([]string{a.Login, string(role), office.Code}, " "),
					Text:  a.Name + ", " + i18n.Text(p.Lang, roleKey(role), nil) + " – " + office.Name,
				})
			}
		}
		for _, a := range accounts {
			if found && !a.Disabled && a.Actor("").May(document.ActSign, office.Code) == nil {
				p.Deputies = append(p.Deputies, choice{Value: a.Login, Text: a.Name + ", " + a.Post})
			}
		}
	}
	slices.SortFunc(p.Deputies, func(a, b choice) int { return strings.Compare(a.Text, b.Text) })
	p.Deputies = slices.Compact(p.Deputies)
}

func accountName(accounts []document.Account, login string) string {
	for _, a := range accounts {
		if a.Login == login {
			return a.Name
		}
	}
	return login
}

// substitute appoints a deputy.
func (s *site) substitute(w http.ResponseWriter, r *http.Request) {
	if !s.parseForm(w, r) {
		return
	}
	whom := strings.Fields(r.PostForm.Get("absent"))
	for len(whom) < 3 {
		whom = append(whom, "")
	}
	_, err := s.Office.Service.Substitute(r.Context(), personOf(r.Context()).actor, document.Substitution{
		Absent: whom[0], Role: document.Role(whom[1]), Office: whom[2], Deputy: r.PostForm.Get("deputy"),
		From: document.Date(r.PostForm.Get("from")), Until: document.Date(r.PostForm.Get("until")), Reason: r.PostForm.Get("reason"),
	})
	s.substituted(w, r, err)
}

func (s *site) endSubstitution(w http.ResponseWriter, r *http.Request) {
	if !s.parseForm(w, r) {
		return
	}
	_, err := s.Office.Service.EndSubstitution(r.Context(), personOf(r.Context()).actor, pathValue(r, "id"))
	s.substituted(w, r, err)
}

func (s *site) substituted(w http.ResponseWriter, r *http.Request, err error) {
	switch kind := document.KindOf(err); {
	case err == nil:
		http.Redirect(w, r, s.frame(r, "").Link("/office/substitutions"), http.StatusSeeOther)
	case kind == document.Invalid, kind == document.Conflict, kind == document.NotFound:
		s.showSubstitutions(w, r, err)
	default:
		s.fail(w, r, err)
	}
}
