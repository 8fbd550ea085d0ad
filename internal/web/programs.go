package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
)

// programRoutes are the pages about programs: their tokens, and webhooks.
func (s *site) programRoutes(r *mux.Router) {
	s.get(r, "/office/tokens", s.officer(s.tokens))
	s.post(r, "/office/tokens", s.officer(s.createToken))
	s.post(r, "/office/tokens/{id}/revoke", s.officer(s.revokeToken))
	s.get(r, "/office/webhooks", s.officer(s.webhooks))
	s.post(r, "/office/webhooks", s.officer(s.addWebhook))
	s.get(r, "/office/webhooks/{id}", s.officer(s.webhook))
	s.post(r, "/office/webhooks/{id}/disable", s.officer(s.disableWebhook))
	s.post(r, "/office/webhooks/{id}/retry", s.officer(s.retryDelivery))
}

// tokensPage lists the tokens of programs, and makes one.
type tokensPage struct {
	frame
	Tokens []tokenView
	Logins []choice
	Scopes []choice
	Name   string
	Days   string
	Error  string
	Secret string // of the token that was just made: shown now, and never again
}

type tokenView struct {
	ID, Prefix, Login, Name, Scopes, Until, Used, State string
	Usable                                              bool
}

func (s *site) tokens(w http.ResponseWriter, r *http.Request) {
	s.showTokens(w, r, tokensPage{Days: "90"}, http.StatusOK)
}

// showTokens fills p up with what there is.
func (s *site) showTokens(w http.ResponseWriter, r *http.Request, p tokensPage, status int) {
	me := personOf(r.Context())
	list, err := s.Office.Service.Tokens(r.Context(), me.actor)
	var accounts []document.Account
	if err == nil {
		accounts, err = s.Office.listAccounts(r.Context(), me.actor)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p.frame = s.frame(r, "tokens.title")
	p.Path = "/office/tokens"
	for _, t := range list {
		p.Tokens = append(p.Tokens, s.tokenView(p.Lang, t))
	}
	for _, a := range accounts {
		if !a.Disabled && a.Login != me.account.Login {
			p.Logins = append(p.Logins, choice{a.Login, a.Login + " – " + a.Name, a.Login == r.PostForm.Get("login")})
		}
	}
	for _, scope := range document.Scopes() {
		p.Scopes = append(p.Scopes, choice{string(scope), i18n.Text(p.Lang, scopeKey(scope), nil), slices.Contains(r.PostForm["scope"], string(scope))})
	}
	s.render(w, r, status, "tokens", p)
}

func (s *site) tokenView(lang string, t document.Token) tokenView {
	v := tokenView{
		ID: t.ID, Prefix: t.Prefix, Login: t.Login, Name: t.Name, Until: s.day(t.ExpiresAt), Usable: t.Usable(s.Now()),
		Used: i18n.Text(lang, "tokens.unused", nil), State: i18n.Text(lang, "tokens.usable", nil),
	}
	if !t.LastUsed.IsZero() {
		v.Used = s.clock(t.LastUsed)
	}
	switch {
	case !t.RevokedAt.IsZero():
		v.State = i18n.Text(lang, "tokens.revoked", map[string]string{"by": t.RevokedBy, "time": s.clock(t.RevokedAt)})
	case !v.Usable:
		v.State = i18n.Text(lang, "tokens.expired", nil)
	}
	var names []string
	for _, scope := range t.Scopes {
		names = append(names, i18n.Text(lang, scopeKey(scope), nil))
	}
	v.Scopes = strings.Join(names, ", ")
	return v
}

func scopeKey(scope document.Scope) string {
	return map[document.Scope]string{
		document.ScopeReadActs: "scope.acts.read", document.ScopeIssueActs: "scope.acts.issue", document.ScopeChangeActs: "scope.acts.change",
		document.ScopeWriteCases: "scope.cases.write", document.ScopeRetryJobs: "scope.jobs.retry",
		document.ScopeReadAudit: "scope.audit.read", document.ScopeReadStatistics: "scope.statistics.read",
	}[scope]
}

func (s *site) createToken(w http.ResponseWriter, r *http.Request) {
	if !s.parseForm(w, r) {
		return
	}
	p := tokensPage{Name: r.PostForm.Get("name"), Days: r.PostForm.Get("days")}
	scopes, err := document.ParseScopes(strings.Join(r.PostForm["scope"], " "))
	if err == nil {
		days, _ := strconv.Atoi(p.Days) // 0 is refused by the core, in words
		p.Secret, _, err = s.Office.Service.CreateToken(r.Context(), personOf(r.Context()).actor, r.PostForm.Get("login"), p.Name, scopes, days)
	}
	switch kind := document.KindOf(err); {
	case err == nil:
		r.PostForm = nil
		s.showTokens(w, r, tokensPage{Secret: p.Secret, Days: "90"}, http.StatusCreated)
	case kind == document.Invalid, kind == document.Conflict:
		lang, _ := language(r)
		p.Error = sentence(lang, err)
		s.showTokens(w, r, p, statusOf(kind))
	default:
		s.fail(w, r, err)
	}
}

func (s *site) revokeToken(w http.ResponseWriter, r *http.Request) {
	s.doAndShow(w, r, "/office/tokens", func(actor document.Actor) error {
		return s.Office.Service.RevokeToken(r.Context(), actor, pathValue(r, "id"))
	})
}

// doAndShow does something and shows a page afterwards.
func (s *site) doAndShow(w http.ResponseWriter, r *http.Request, page string, do func(actor document.Actor) error) {
	if !s.parseForm(w, r) {
		return
	}
	if err := do(personOf(r.Context()).actor); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, s.frame(r, "").Link(page), http.StatusSeeOther)
}

// webhooksPage lists the addresses that are told what happens, and adds one.
type webhooksPage struct {
	frame
	Hooks   []webhookView
	Offices []choice
	Events  []choice
	URL     string
	Error   string
	Secret  string
}

type webhookView struct {
	ID, URL, Office, Events, Since, By string
	Disabled                           bool
}

func (s *site) webhooks(w http.ResponseWriter, r *http.Request) {
	s.showWebhooks(w, r, webhooksPage{}, http.StatusOK)
}

func (s *site) showWebhooks(w http.ResponseWriter, r *http.Request, p webhooksPage, status int) {
	me := personOf(r.Context())
	list, err := s.Office.Service.Webhooks(r.Context(), me.actor)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p.frame = s.frame(r, "webhooks.title")
	p.Path = "/office/webhooks"
	for _, h := range list {
		p.Hooks = append(p.Hooks, s.webhookView(p.Lang, h))
	}
	chosen := r.PostForm.Get("office")
	if me.actor.May(document.ActOperate, document.AnyOffice) == nil {
		p.Offices = append(p.Offices, choice{document.AnyOffice, i18n.Text(p.Lang, "office.any", nil), chosen == document.AnyOffice})
	}
	p.Offices = append(p.Offices, s.officesFor(me.actor, document.ActOperate, chosen)...)
	for _, e := range document.EventTypes() {
		p.Events = append(p.Events, choice{string(e), i18n.Text(p.Lang, eventKey(e), nil), slices.Contains(r.PostForm["event"], string(e))})
	}
	s.render(w, r, status, "webhooks", p)
}

func (s *site) webhookView(lang string, h document.Webhook) webhookView {
	var names []string
	for _, e := range h.Events {
		names = append(names, i18n.Text(lang, eventKey(e), nil))
	}
	office := h.Office
	if office == document.AnyOffice {
		office = i18n.Text(lang, "office.any", nil)
	}
	return webhookView{h.ID, h.URL, office, strings.Join(names, ", "), s.clock(h.CreatedAt), h.CreatedBy, h.Disabled}
}

func eventKey(e document.EventType) string {
	return map[document.EventType]string{
		document.EventArchived: "event.archived", document.EventVoided: "event.voided", document.EventStanding: "event.standing",
	}[e]
}

func (s *site) addWebhook(w http.ResponseWriter, r *http.Request) {
	if !s.parseForm(w, r) {
		return
	}
	p := webhooksPage{URL: r.PostForm.Get("url")}
	var events []document.EventType
	for _, e := range r.PostForm["event"] {
		events = append(events, document.EventType(e))
	}
	secret, _, err := s.Office.Service.AddWebhook(r.Context(), personOf(r.Context()).actor, p.URL, r.PostForm.Get("office"), events)
	switch kind := document.KindOf(err); {
	case err == nil:
		r.PostForm = nil
		s.showWebhooks(w, r, webhooksPage{Secret: secret}, http.StatusCreated)
	case kind == document.Invalid, kind == document.Conflict:
		lang, _ := language(r)
		p.Error = sentence(lang, err)
		s.showWebhooks(w, r, p, statusOf(kind))
	default:
		s.fail(w, r, err)
	}
}

func (s *site) disableWebhook(w http.ResponseWriter, r *http.Request) {
	s.doAndShow(w, r, "/office/webhooks", func(actor document.Actor) error {
		return s.Office.Service.DisableWebhook(r.Context(), actor, pathValue(r, "id"))
	})
}

// webhookPage lists what was delivered to an address.
type webhookPage struct {
	frame
	Hook       webhookView
	Deliveries []hookDelivery
	Older      string // link to what was before
}

type hookDelivery struct {
	ID, Number, Event, Created, State, Detail string
	Failed                                    bool
}

func (s *site) webhook(w http.ResponseWriter, r *http.Request) {
	var before deliveryPlace
	err := readCursor(r.URL.Query().Get("cursor"), &before)
	var hook document.Webhook
	var list []document.Message
	if err == nil {
		hook, list, err = s.Office.Service.Messages(r.Context(), personOf(r.Context()).actor, pathValue(r, "id"), before.ID, pageSize+1)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := webhookPage{frame: s.frame(r, "webhook.title")}
	p.Hook = s.webhookView(p.Lang, hook)
	if len(list) > pageSize {
		list = list[:pageSize]
		p.Older = p.Link("/office/webhooks/" + hook.ID + "?cursor=" + cursor(deliveryPlace{list[pageSize-1].ID}))
	}
	for _, d := range list {
		v := hookDelivery{
			ID: d.ID, Number: d.Subject, Event: i18n.Text(p.Lang, eventKey(d.Type), nil), Created: s.clock(d.CreatedAt),
			Failed: d.State == document.MessageFailed && !hook.Disabled, Detail: d.Error,
		}
		switch d.State {
		case document.MessageDelivered:
			v.State = i18n.Text(p.Lang, "delivery.delivered", map[string]string{"time": s.clock(d.DoneAt)})
		case document.MessageFailed:
			v.State = i18n.Plural(p.Lang, "delivery.failed", d.Attempts)
		default:
			v.State = i18n.Text(p.Lang, "delivery.waiting", map[string]string{"time": s.clock(d.NextAt)})
		}
		p.Deliveries = append(p.Deliveries, v)
	}
	s.render(w, r, http.StatusOK, "webhook", p)
}

func (s *site) retryDelivery(w http.ResponseWriter, r *http.Request) {
	id := pathValue(r, "id")
	s.doAndShow(w, r, "/office/webhooks/"+id, func(actor document.Actor) error {
		return s.Office.Service.RetryMessage(r.Context(), actor, id, r.PostForm.Get("delivery"))
	})
}
