package web

import (
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
)

// frame is what every page has.
type frame struct {
	Lang   string
	Title  string
	Path   string // of the page to which a change of language leads
	Query  url.Values
	Host   string
	Origin string
	// Chosen says that the visitor chose the language by a link; then links
	// carry it on, since there is no cookie to keep it.
	Chosen     bool
	Evaluation bool
	// Office is about a page for people who log in, and Who is logged in there.
	Office bool
	Who    *whoView
	Bare   bool // without head and foot: in a frame of another page
}

// whoView is what the head of a page says of who is logged in.
type whoView struct {
	Name string
	// What there is for this person beside the acts that wait.
	Register, Issues, Reads, Accounts, Signs, Substitutes bool
	Audit, Statistics                                     bool
}

func (s *site) frame(r *http.Request, titleKey string) frame {
	f := frame{Path: r.URL.Path, Host: s.host, Origin: s.Origin, Evaluation: s.Evaluation}
	f.Lang, f.Chosen = language(r)
	if f.Office = s.Office != nil && isOffice(r.URL.Path); f.Office && strings.HasPrefix(f.Path, "/login") {
		f.Path = "/office" // there is no page there
	}
	if p := personOf(r.Context()); p != nil {
		f.Who = &whoView{
			Name: p.account.Name, Register: mayAnywhere(p.actor, document.ActRegisterCase),
			Issues: mayAnywhere(p.actor, document.ActIssue), Reads: mayAnywhere(p.actor, document.ActRead), Accounts: mayAnywhere(p.actor, document.ActOperate),
			Signs: mayAnywhere(p.actor, document.ActSign), Substitutes: mayAnywhere(p.actor, document.ActSubstitute),
			Audit: mayAnywhere(p.actor, document.ActAudit), Statistics: mayAnywhere(p.actor, document.ActStatistics),
		}
	}
	f.Title = i18n.Text(f.Lang, titleKey, nil)
	return f
}

// language is that of ?lang= or, without it, of Accept-Language.
func language(r *http.Request) (lang string, chosen bool) {
	if lang := r.URL.Query().Get("lang"); i18n.Known(lang) {
		return lang, true
	}
	return i18n.Negotiate(r.Header.Get("Accept-Language")), false
}

// Link is a link within the site that keeps a chosen language.
func (f frame) Link(path string) string {
	switch {
	case !f.Chosen:
		return path
	case strings.Contains(path, "?"):
		return path + "&lang=" + f.Lang
	}
	return path + "?lang=" + f.Lang
}

// Switch is the link to this page in another language.
func (f frame) Switch(lang string) string {
	q := url.Values{"lang": {lang}}
	maps.Copy(q, f.Query)
	return (&url.URL{Path: f.Path}).EscapedPath() + "?" + q.Encode()
}

// Languages are those to switch between, each named by itself.
func (f frame) Languages() []languageLink {
	names := map[string]string{i18n.Azerbaijani: "Azərbaycan", i18n.English: "English", i18n.Russian: "Русский"}
	var list []languageLink
	for _, lang := range i18n.Languages() {
		list = append(list, languageLink{Lang: lang, Name: names[lang], Current: lang == f.Lang})
	}
	return list
}

type languageLink struct {
	Lang, Name string
	Current    bool
}

// clock shows a time of the acts' time zone to the minute, as acts do.
func (s *site) clock(t time.Time) string { return t.In(s.Location).Format("02.01.2006 15:04") }

// day shows the civil date of a time.
func (s *site) day(t time.Time) string { return t.In(s.Location).Format("02.01.2006") }

// manat shows a sum of qəpik as acts do: 618045 is "6 180,45", with no-break
// spaces.
func manat(qepik int64) string {
	whole := strconv.FormatInt(qepik/100, 10)
	var b strings.Builder
	for i, d := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteRune('\u00a0')
		}
		b.WriteRune(d)
	}
	cents := strconv.FormatInt(qepik%100, 10)
	return b.String() + "," + strings.Repeat("0", 2-len(cents)) + cents
}
