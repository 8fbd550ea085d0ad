package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"docsvc/internal/i18n"
)

//go:embed html
var htmlFiles embed.FS

// pages are the parsed templates by language and name.
type pages map[string]map[string]*template.Template

// parsePages parses each page once a language, with t bound to it.
func parsePages(files *assets) (pages, error) {
	names := []string{
		"home", "enter", "verdict", "offline", "file", "error",
		"lock", "login", "logout", "desk", "authorisation", "register", "case", "act", "accounts", "waiting", "approvals", "substitutions",
		"form", "forms", "preview", "review", "list", "record", "copy",
		"tokens", "webhooks", "webhook", "audit", "verify", "statistics", "account", "state",
		"me", "code", "recovery",
	}
	all := pages{}
	for _, lang := range i18n.Languages() {
		all[lang] = map[string]*template.Template{}
		for _, name := range names {
			t, err := template.New("layout.html").Option("missingkey=error").Funcs(template.FuncMap{
				"t":     func(key string, pairs ...string) (string, error) { return translate(lang, key, pairs) },
				"n":     func(key string, n int) string { return i18n.Plural(lang, key, n) },
				"asset": files.url,
				"batch": func(id, title string, acts []signView, page authorisationPage) batchView {
					return batchView{id, title, acts, page}
				},
				"maxMB": func() string { return strconv.Itoa(MaxUpload >> 20) },
			}).ParseFS(htmlFiles, "html/layout.html", "html/parts.html", "html/office.html", "html/fields.html", "html/decide.html", "html/"+name+".html")
			if err != nil {
				return nil, fmt.Errorf("page %s: %w", name, err)
			}
			all[lang][name] = t
		}
	}
	return all, nil
}

// translate gives a sentence; a key that no catalogue has is an error of the
// page.
func translate(lang, key string, pairs []string) (string, error) {
	if !i18n.Has(key) {
		return "", fmt.Errorf("no text %q", key)
	}
	args := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		args[pairs[i]] = pairs[i+1]
	}
	return i18n.Text(lang, key, args), nil
}

type pageData interface {
	language() string
	public() bool // holds nothing of who is logged in
}

func (f frame) language() string { return f.Lang }
func (f frame) public() bool     { return !f.Office }

type errorPage struct {
	frame
	Heading, Text, RequestID string
	Faults                   []fault
	Waiting                  bool
	LoginFailed              bool // on a page of officers, of somebody who is not logged in
}

func (s *site) execute(w io.Writer, name string, data pageData) error {
	return s.pages[data.language()][name].Execute(w, data)
}

// render writes a page whole or, when it does not execute, an error.
func (s *site) render(w http.ResponseWriter, r *http.Request, status int, name string, data pageData) {
	var b bytes.Buffer
	if err := s.execute(&b, name, data); err != nil {
		s.Log.LogAttrs(r.Context(), slog.LevelError, "page does not execute",
			slog.String("request_id", requestID(r.Context())), slog.String("page", name), slog.Any("error", err))
		http.Error(w, requestID(r.Context()), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", data.language())
	h.Set("X-Robots-Tag", "noindex")
	h.Add("Vary", "Accept, Accept-Language")
	writePacked(w, r, status, b.Bytes(), func() []byte {
		if !data.public() {
			return nil
		}
		return pack(b.Bytes())
	})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "{}", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Robots-Tag", "noindex")
	w.Header().Add("Vary", "Accept, Accept-Language")
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n')) // who has hung up is not told so
}

// wantsJSON reports whether a client prefers JSON to a page (RFC 9110, 12.5.1).
func wantsJSON(r *http.Request) bool {
	quality := qualities(r, "Accept")
	html := slices.Max([]float64{quality["text/html"], quality["application/xhtml+xml"]})
	return quality["application/json"] > html
}

// qualities reads a header of weighted choices (RFC 9110, 12.4.2).
func qualities(r *http.Request, header string) map[string]float64 {
	quality := map[string]float64{}
	for _, part := range strings.Split(strings.Join(r.Header.Values(header), ","), ",") {
		kind, params, _ := strings.Cut(part, ";")
		q := 1.0
		for _, p := range strings.Split(params, ";") {
			if value, ok := strings.CutPrefix(strings.TrimSpace(p), "q="); ok {
				if parsed, err := strconv.ParseFloat(value, 64); err == nil {
					q = parsed
				}
			}
		}
		kind = strings.ToLower(strings.TrimSpace(kind))
		quality[kind] = max(quality[kind], q)
	}
	return quality
}
