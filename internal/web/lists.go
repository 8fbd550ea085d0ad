package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/template"
)

// listed is how many entries a page of a list has.
const listed = 25

// maxTyped bounds in bytes what an address repeats of a typed text: more than
// the 200 letters that are searched for.
const maxTyped = 1000

// listRoutes are the lists of acts and cases, and the field that finds both.
func (s *site) listRoutes(r *mux.Router) {
	s.get(r, "/office/find", s.officer(s.find))
	s.get(r, "/office/acts", s.officer(s.actList))
	s.get(r, "/office/cases", s.officer(s.caseList))
}

// listForm is what a form of filters says, and what the list tells beside its
// entries.
type listForm struct {
	Action        string
	Text, Officer string
	From, To      string
	Mine, Open    bool // Open: something beside the text is chosen
	States, Kinds []choice
	Offices       []choice
	Error         string
	Older, Newer  string // addresses of the neighbouring pages
	Cut, Broad    string // what a search has left out
	Counts        []stateCount
	Nothing       bool
	chosen        url.Values // the filters as they stand in the address
}

// stateCount is a number of acts, with the address of their list.
type stateCount struct{ Text, Count, Link string }

// listPage lists acts, or cases.
type listPage struct {
	frame
	listForm
	Acts    []actLine
	Cases   []caseLine
	Exports bool // the person may take acts out
}

// caseLine is a case in a list.
type caseLine struct{ Number, Document, Creditors, Debtors, Officer, Registered string }

// listFilters are the fields of the form.
var listFilters = []string{"q", "mine", "officer", "office", "kind", "state", "from", "to"}

// listStates are the states to choose from, standings among them.
var listStates = []string{
	string(document.Issued), string(document.Prepared), string(document.Signing), string(document.Signed), string(document.Archived),
	string(document.InForce), string(document.Superseded), string(document.Annulled), string(document.Voided),
}

func (s *site) actList(w http.ResponseWriter, r *http.Request) {
	p := listPage{frame: s.frame(r, "acts.title"), listForm: listForm{Action: "/office/acts"}}
	f, err := p.read(r)
	me := personOf(r.Context())
	if err == nil {
		var page document.Page[document.Act]
		if page, err = s.Office.Service.Acts(r.Context(), me.actor, f); err == nil {
			for _, a := range page.Items {
				p.Acts = append(p.Acts, s.actLine(p.Lang, a))
			}
			turn(&p, page)
		}
	}
	if err == nil {
		p.Counts, err = s.stateCounts(r, p.frame)
	}
	p.Kinds, p.Exports = s.kinds(p.Lang, f.Kind), mayAnywhere(me.actor, document.ActExport)
	for _, state := range listStates {
		chosen := state == string(f.State) || state == string(f.Standing)
		p.States = append(p.States, choice{state, i18n.Text(p.Lang, stateOrStanding(state), nil), chosen})
	}
	s.showList(w, r, &p, err)
}

func (s *site) caseList(w http.ResponseWriter, r *http.Request) {
	p := listPage{frame: s.frame(r, "cases.title"), listForm: listForm{Action: "/office/cases"}}
	f, err := p.read(r)
	if err == nil {
		var page document.Page[document.Case]
		if page, err = s.Office.Service.Cases(r.Context(), personOf(r.Context()).actor, f); err == nil {
			for _, c := range page.Items {
				p.Cases = append(p.Cases, s.caseLine(p.Lang, c))
			}
			turn(&p, page)
		}
	}
	s.showList(w, r, &p, err)
}

// showList shows the list, or its form again with what was wrong in it.
func (s *site) showList(w http.ResponseWriter, r *http.Request, p *listPage, err error) {
	status := http.StatusOK
	switch kind := document.KindOf(err); {
	case err == nil:
	case kind == document.Invalid:
		status, p.Error = statusOf(kind), sentence(p.Lang, err)
	default:
		s.fail(w, r, err)
		return
	}
	p.Nothing = err == nil && len(p.Acts)+len(p.Cases) == 0
	p.Offices = s.readable(r, r.URL.Query().Get("office"))
	s.render(w, r, status, "list", p)
}

// read takes the filters from the address.
func (p *listPage) read(r *http.Request) (document.Find, error) {
	q := r.URL.Query()
	p.chosen = url.Values{}
	for _, name := range listFilters {
		if v := q.Get(name); v != "" {
			p.chosen.Set(name, v)
		}
	}
	p.Query = p.chosen
	p.Text, p.Officer = strings.TrimSpace(q.Get("q")), strings.TrimSpace(q.Get("officer"))
	p.From, p.To, p.Mine = q.Get("from"), q.Get("to"), q.Get("mine") != ""
	f := document.Find{Text: p.Text, Officer: p.Officer, Kind: q.Get("kind"), Newer: q.Get("newer") != "", Limit: listed}
	if p.Mine {
		f.Officer = personOf(r.Context()).actor.Login
	}
	if office := q.Get("office"); office != "" {
		f.Offices = []string{office}
	}
	switch state := q.Get("state"); {
	case standingKey(state) != "":
		f.Standing = document.Standing(state)
	case stateKey(state) != "":
		f.State = document.State(state)
	case state != "":
		return f, badForm(errors.New("state: no such one"))
	}
	p.Open = p.Officer+p.From+p.To+f.Kind+q.Get("office")+q.Get("state") != "" || p.Mine
	for _, d := range []struct {
		typed string
		to    *document.Date
	}{{p.From, &f.From}, {p.To, &f.To}} {
		var ok bool
		if *d.to, ok = document.TypedDate(d.typed); !ok && d.typed != "" {
			return f, &document.Error{Kind: document.Invalid, Key: "error.date.typed", Args: map[string]string{"date": d.typed}}
		}
	}
	if date, id, ok := strings.Cut(q.Get("at"), " "); ok && len(id) <= 64 {
		if d, ok := document.TypedDate(date); ok {
			f.At = document.Place{Date: d, ID: id}
		}
	}
	f.Newer = f.Newer && f.At.ID != ""
	return f, nil
}

// turn says where the list goes on, and what was left out.
func turn[T any](p *listPage, page document.Page[T]) {
	to := func(at document.Place, newer bool) string {
		if at.ID == "" {
			return ""
		}
		q := url.Values{"at": {string(at.Date) + " " + at.ID}}
		if newer {
			q.Set("newer", "1")
		}
		return p.with(q)
	}
	p.Older, p.Newer = to(page.Older, false), to(page.Newer, true)
	if page.Cut && page.Older.ID != "" {
		p.Cut = dotted(page.Older.Date)
	}
	p.Broad = strings.Join(page.Broad, ", ")
}

// with is the address of the list with the same filters at another place.
func (p *listPage) with(more url.Values) string {
	for _, name := range listFilters {
		if v := p.chosen.Get(name); v != "" {
			more.Set(name, v)
		}
	}
	return p.Link(p.Action + "?" + more.Encode())
}

// stateCounts counts the acts of who asks, or all that they may read, with a
// link to each list.
func (s *site) stateCounts(r *http.Request, f frame) ([]stateCount, error) {
	actor := personOf(r.Context()).actor
	mine := mayAnywhere(actor, document.ActIssue)
	counts, err := s.Office.Service.CountStates(r.Context(), actor, !mine)
	if err != nil {
		return nil, err
	}
	var list []stateCount
	for _, state := range []document.State{
		document.Issued, document.Prepared, document.Signing, document.Signed, document.Archived, document.Voided,
	} {
		q := url.Values{"state": {string(state)}}
		if mine {
			q.Set("mine", "1")
		}
		c := stateCount{Text: i18n.Text(f.Lang, stateKey(string(state)), nil), Count: strconv.Itoa(counts[state]), Link: f.Link("/office/acts?" + q.Encode())}
		if counts[state] > document.MaxCount {
			c.Count = strconv.Itoa(document.MaxCount) + "+"
		}
		list = append(list, c)
	}
	return list, nil
}

// readable are the offices to choose from, if there are several.
func (s *site) readable(r *http.Request, chosen string) []choice {
	list := s.officesFor(personOf(r.Context()).actor, document.ActRead, chosen)
	if len(list) < 2 {
		return nil
	}
	return list
}

// kinds are the kinds of act, those that are issued no longer too.
func (s *site) kinds(lang, chosen string) []choice {
	var list []choice
	for _, t := range s.Office.Templates.List() {
		c := choice{t.Meta.ID, t.Meta.Title.In(lang), t.Meta.ID == chosen}
		if !slices.ContainsFunc(list, func(other choice) bool { return other.Value == c.Value }) {
			list = append(list, c)
		}
	}
	return list
}

func stateOrStanding(name string) string {
	if key := standingKey(name); key != "" {
		return key
	}
	return stateKey(name)
}

func (s *site) caseLine(lang string, c document.Case) caseLine {
	l := caseLine{
		Number: c.Number, Officer: c.Officer, Registered: s.day(c.RegisteredAt),
		Document: template.DocumentKinds()[c.Document.Kind].In(lang) + " № " + c.Document.Number,
	}
	if data, err := template.ParseCase(c.Number, c.Data); err == nil {
		l.Creditors, l.Debtors = partyNames(data.Creditors), partyNames(data.Debtors)
	}
	return l
}

// find leads from the one field of the office's pages to what was typed there:
// to the act or the case that it names, to the only one that it finds, or to the
// list of what it finds.
func (s *site) find(w http.ResponseWriter, r *http.Request) {
	actor, service := personOf(r.Context()).actor, s.Office.Service
	typed := strings.TrimSpace(cmp.Or(r.URL.Query().Get("q"), r.URL.Query().Get("number")))
	if len(typed) > maxTyped { // the list says that it is too long
		typed = strings.ToValidUTF8(typed[:maxTyped], "")
	}
	path := "/office/acts?" + url.Values{"q": {typed}}.Encode()
	named, err := service.Named(r.Context(), typed)
	switch {
	case err != nil:
	case named.Act != "":
		path = actPath(named.Act)
	case named.Case != "":
		path = casePath(named.Case)
	case typed != "":
		path, err = s.found(r, actor, path, document.Find{Text: typed, Limit: 2})
	}
	if err != nil && document.KindOf(err) != document.Invalid { // the list says what was wrong
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, s.frame(r, "acts.title").Link(path), http.StatusSeeOther)
}

// found is where a search leads.
func (s *site) found(r *http.Request, actor document.Actor, list string, f document.Find) (string, error) {
	acts, err := s.Office.Service.Acts(r.Context(), actor, f)
	switch {
	case err != nil || len(acts.Items) > 1 || acts.Older.ID != "":
		return list, err
	case len(acts.Items) == 1:
		return actPath(acts.Items[0].Number), nil
	}
	cases, err := s.Office.Service.Cases(r.Context(), actor, f)
	switch {
	case err != nil || len(cases.Items) == 0:
		return list, err
	case len(cases.Items) == 1 && cases.Older.ID == "":
		return casePath(cases.Items[0].Number), nil
	}
	return "/office/cases?" + url.Values{"q": {f.Text}}.Encode(), nil
}
