package web

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"docsvc/internal/audit"
	"docsvc/internal/document"
	"docsvc/internal/i18n"
)

// auditRoutes are the pages of auditors.
func (s *site) auditRoutes(r *mux.Router) {
	s.get(r, "/office/audit", s.officer(s.auditTrail))
	s.get(r, "/office/audit.csv", s.officer(s.auditCSV))
	s.get(r, "/office/audit/verify", s.officer(s.verifyTrail))
	s.get(r, "/office/statistics", s.officer(s.statistics))
	s.get(r, "/office/statistics.csv", s.officer(s.statisticsCSV))
	s.get(r, "/office/statistics.xlsx", s.officer(s.statisticsXLSX))
}

// auditPage lists events of the trail.
type auditPage struct {
	frame
	Actor, Subject, From, To string
	Kinds                    []choice
	Events                   []eventView
	Older, CSV               string // links
	Error                    string
}

type eventView struct {
	Seq                        int64
	Time, Actor, What, Subject string
	Details                    []detailView
	Request                    string
	Damaged, Program           bool
}

type detailView struct{ Name, Text string }

// trailShown is how many events the page lists.
const trailShown = 50

func (s *site) auditTrail(w http.ResponseWriter, r *http.Request) {
	form := r.URL.Query()
	p := auditPage{
		frame: s.frame(r, "audit.title"), Actor: form.Get("actor"), Subject: form.Get("subject"), From: form.Get("from"), To: form.Get("to"),
	}
	for _, kind := range slices.Sorted(maps.Keys(kindTexts)) {
		p.Kinds = append(p.Kinds, choice{string(kind), i18n.Text(p.Lang, kindTexts[kind], nil), string(kind) == form.Get("kind")})
	}
	slices.SortFunc(p.Kinds, func(a, b choice) int { return strings.Compare(a.Text, b.Text) })
	var before document.TrailCursor
	err := readCursor(form.Get("cursor"), &before)
	var q document.TrailQuery
	if err == nil {
		q, err = s.trailQuery(form)
	}
	var list []document.TrailEntry
	if err == nil {
		q.Before, q.Limit = before, trailShown+1
		list, err = s.Office.Service.AuditTrail(r.Context(), personOf(r.Context()).actor, q)
	}
	status := http.StatusOK
	if document.KindOf(err) == document.Invalid {
		status, p.Error = http.StatusUnprocessableEntity, sentence(p.Lang, err)
	} else if err != nil {
		s.fail(w, r, err)
		return
	}
	filter := url.Values{}
	for _, name := range []string{"actor", "kind", "subject", "from", "to"} {
		if v := form.Get(name); v != "" {
			filter.Set(name, v)
		}
	}
	p.CSV = p.Link("/office/audit.csv?" + filter.Encode())
	if len(list) > trailShown {
		list = list[:trailShown]
		filter.Set("cursor", cursor(list[trailShown-1].Cursor()))
		p.Older = p.Link("/office/audit?" + filter.Encode())
	}
	for _, e := range list {
		p.Events = append(p.Events, s.eventView(p.Lang, e))
	}
	s.render(w, r, status, "audit", p)
}

// eventView words an event.
func (s *site) eventView(lang string, e document.TrailEntry) eventView {
	v := eventView{Seq: e.Seq, Time: e.At.In(s.Location).Format("02.01.2006 15:04:05"), Damaged: e.Damaged}
	if e.Damaged {
		v.What = i18n.Text(lang, "audit.damaged", nil)
		return v
	}
	v.Actor, v.Subject, v.What = e.Event.Actor, e.Event.Subject, kindText(lang, e.Event.Kind)
	_, v.Request, v.Program = strings.Cut(e.Event.RequestID, "/")
	v.Details = details(lang, e.Event.Detail)
	return v
}

func kindText(lang string, kind audit.Kind) string {
	if key, ok := kindTexts[kind]; ok {
		return i18n.Text(lang, key, nil)
	}
	return string(kind)
}

// details words what an event tells beside its own fields: states, actions and
// reasons that have words of their own in theirs.
func details(lang string, raw json.RawMessage) []detailView {
	fields := map[string]string{}
	if len(raw) > 0 && json.Unmarshal(raw, &fields) != nil {
		return nil // what was not recorded so is told as damaged
	}
	var list []detailView
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		d := detailView{name, fields[name]}
		if key, ok := fieldTexts[name]; ok {
			d.Name = i18n.Text(lang, key, nil)
		}
		if key := standingKey(d.Text); name == "standing" && key != "" {
			d.Text = i18n.Text(lang, key, nil)
		}
		if name == "reason" && i18n.Has(d.Text) {
			d.Text = i18n.Text(lang, d.Text, nil)
		}
		list = append(list, d)
	}
	return list
}

// exportRows is how many events one file holds.
const exportRows = 100_000

// auditCSV gives what the filter finds as a file, in as many looks at the
// register as it takes.
func (s *site) auditCSV(w http.ResponseWriter, r *http.Request) {
	me := personOf(r.Context())
	q, err := s.trailQuery(r.URL.Query())
	var list []document.TrailEntry
	for q.Limit = maxPage; err == nil && len(list) < exportRows; {
		var page []document.TrailEntry
		page, err = s.Office.Service.AuditTrail(r.Context(), me.actor, q)
		list = append(list, page...)
		if len(page) < q.Limit {
			break
		}
		q.Before = page[len(page)-1].Cursor()
	}
	if err == nil {
		err = s.Office.Service.TrailExported(r.Context(), me.actor, len(list))
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	lang, _ := language(r)
	rows := [][]string{{
		"№", i18n.Text(lang, "audit.time", nil), i18n.Text(lang, "audit.actor", nil), i18n.Text(lang, "audit.what", nil), "kind",
		i18n.Text(lang, "audit.subject", nil), i18n.Text(lang, "case.office", nil), i18n.Text(lang, "audit.detail", nil), "request_id",
	}}
	for _, e := range list {
		v := s.eventView(lang, e)
		var told []string
		for _, d := range v.Details {
			told = append(told, d.Name+": "+d.Text)
		}
		rows = append(rows, []string{
			strconv.FormatInt(e.Seq, 10), v.Time, v.Actor, v.What, string(e.Event.Kind), v.Subject, e.Office, strings.Join(told, "; "), e.Event.RequestID,
		})
	}
	s.sendCSV(w, "audit.csv", rows)
}

// verifyPage tells whether the chain holds.
type verifyPage struct {
	frame
	Check document.TrailCheck
	Next  string // link to the check of what follows
}

func (s *site) verifyTrail(w http.ResponseWriter, r *http.Request) {
	from, _ := strconv.ParseInt(r.URL.Query().Get("from"), 10, 64) // 0 is the beginning
	check, err := s.Office.Service.VerifyTrail(r.Context(), personOf(r.Context()).actor, from)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := verifyPage{frame: s.frame(r, "verify.title"), Check: check}
	if check.Broken == 0 && check.To < check.Length {
		p.Next = p.Link("/office/audit/verify?from=" + strconv.FormatInt(check.To+1, 10))
	}
	s.render(w, r, http.StatusOK, "verify", p)
}
