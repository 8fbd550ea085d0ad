package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"docsvc/internal/codes"
	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/verify"
)

// maxForm is the largest form in bytes that has no file in it.
const maxForm = 16 << 10

type homePage struct{ frame }

type enterPage struct {
	frame
	Typed    string
	Error    string // about the code
	FileText string // about the file
}

func (s *site) home(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "home", homePage{s.frame(r, "home.title")})
}

func (s *site) enter(w http.ResponseWriter, r *http.Request) {
	s.enterPage(w, r, http.StatusOK, enterPage{frame: s.frame(r, "enter.title")})
}

// enterPage shows the one page that may ask for the camera.
func (s *site) enterPage(w http.ResponseWriter, r *http.Request, status int, p enterPage) {
	w.Header().Set("Permissions-Policy", permissions("(self)"))
	s.render(w, r, status, "enter", p)
}

// enterCode sends a typed code to its page. It is a POST so that a code stands
// in no query, which proxies write down.
func (s *site) enterCode(w http.ResponseWriter, r *http.Request) {
	if !s.parseForm(w, r) {
		return
	}
	f := s.frame(r, "enter.title")
	typed := codeIn(r.PostForm.Get("code"))
	if typed == "" || len(typed) > 100 || strings.ContainsAny(typed, "/?#") || strings.Trim(typed, ".") == "" {
		p := enterPage{frame: f, Error: i18n.Text(f.Lang, "enter.code.empty", nil)}
		s.enterPage(w, r, http.StatusUnprocessableEntity, p)
		return
	}
	http.Redirect(w, r, f.Link((&url.URL{Path: "/v/" + typed}).EscapedPath()), http.StatusSeeOther)
}

// codeIn finds the code in what was typed: people paste whole links too.
func codeIn(typed string) string {
	typed = strings.TrimSpace(typed)
	if link, err := codes.ParseURL(typed); err == nil {
		return link.Code.String()
	}
	if code, err := codes.ParseCode(typed); err == nil {
		return code.String()
	}
	return typed
}

func (s *site) parseForm(w http.ResponseWriter, r *http.Request) bool {
	return s.parseFormOf(w, r, maxForm)
}

// parseFormOf reads a form of at most limit bytes.
func (s *site) parseFormOf(w http.ResponseWriter, r *http.Request, limit int64) bool {
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	err := r.ParseForm()
	if err == nil {
		return true
	}
	problem := &document.Error{Kind: document.Invalid, Key: "error.upload.form", Err: err}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		problem.Key, problem.Args = "error.form.too_big", map[string]string{"max": strconv.FormatInt(limit>>10, 10)}
	}
	s.fail(w, r, problem)
	return false
}

func (s *site) backToEnter(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, s.frame(r, "enter.title").Link("/v"), http.StatusSeeOther)
}

func (s *site) backToVerdict(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, s.frame(r, "enter.title").Link("/v/"+url.PathEscape(pathValue(r, "code"))), http.StatusSeeOther)
}

// verdict is the page of a code.
func (s *site) verdict(w http.ResponseWriter, r *http.Request) {
	typed := pathValue(r, "code")
	if code, err := codes.ParseCode(typed); err == nil && code.String() != typed {
		// One address for a page; the browser keeps the fragment with the seal.
		http.Redirect(w, r, s.frame(r, "enter.title").Link("/v/"+code.String()), http.StatusSeeOther)
		return
	}
	v, err := s.Verifier.Lookup(r.Context(), typed)
	if err != nil {
		s.cannotCheck(w, r, typed, err)
		return
	}
	s.metrics.verdict(string(v.Kind))
	status := http.StatusOK
	if v.Kind == verify.Unknown || v.Kind == verify.Mistyped {
		status = http.StatusNotFound
	}
	if wantsJSON(r) {
		writeJSON(w, status, v)
		return
	}
	s.render(w, r, status, "verdict", s.verdictPage(r, v, ""))
}

// cannotCheck answers a look-up that could not be done. Its page still checks
// the seal in the link, which needs nothing from here but the published keys.
func (s *site) cannotCheck(w http.ResponseWriter, r *http.Request, typed string, err error) {
	code, parseErr := codes.ParseCode(typed)
	if document.KindOf(err) != document.Unavailable || wantsJSON(r) || parseErr != nil {
		s.fail(w, r, err)
		return
	}
	s.logUnavailable(r, err)
	w.Header().Set("Retry-After", retrySeconds(retryUnavailable))
	s.render(w, r, http.StatusServiceUnavailable, "verdict",
		s.verdictPage(r, verify.Verdict{Kind: cannotCheckNow, Code: code.String(), CheckedAt: s.Now()}, ""))
}

// actCopy hands the full act to who types a fact printed on it.
func (s *site) actCopy(w http.ResponseWriter, r *http.Request) {
	if !s.parseForm(w, r) {
		return
	}
	typed := pathValue(r, "code")
	code, err := codes.ParseCode(typed)
	if err != nil {
		s.notFound(w, r)
		return
	}
	if !s.allow(w, r, factLimit, s.client(r)+" "+code.String()) || !s.allow(w, r, actLimit, code.String()) {
		return
	}
	c, err := s.Verifier.Copy(r.Context(), typed, r.PostForm.Get("fact"))
	if err == nil {
		w.Header().Set("Content-Type", "application/pdf")
		w.Header().Set("Content-Disposition", `attachment; filename="`+fileName(c.Number)+`.pdf"`)
		w.Header().Set("X-Robots-Tag", "noindex")
		_, _ = w.Write(c.PDF) // who has hung up is not told so
		return
	}
	s.copyRefused(w, r, code, err)
}

// copyRefused shows the act's page again, with what was wrong beside the field.
func (s *site) copyRefused(w http.ResponseWriter, r *http.Request, code codes.Code, err error) {
	e, ok := errors.AsType[*document.Error](err)
	if !ok || e.Kind != document.Forbidden || wantsJSON(r) {
		s.fail(w, r, err)
		return
	}
	v, err := s.Verifier.Lookup(r.Context(), code.String())
	if err != nil {
		s.cannotCheck(w, r, code.String(), err)
		return
	}
	lang, _ := language(r)
	s.render(w, r, http.StatusForbidden, "verdict", s.verdictPage(r, v, i18n.Text(lang, e.Key, e.Args)))
}

// fileName keeps of an act's number what any file system takes.
func fileName(number string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' {
			return r
		}
		return '_'
	}, number)
}
