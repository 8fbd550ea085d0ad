package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
)

// statusOf is the one place where the core's kinds of error become HTTP.
func statusOf(kind document.Kind) int {
	switch kind {
	case document.Invalid:
		return http.StatusUnprocessableEntity
	case document.NotFound:
		return http.StatusNotFound
	case document.Forbidden:
		return http.StatusForbidden
	case document.Conflict:
		return http.StatusConflict
	case document.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// retryUnavailable is when to ask again for what cannot be known now.
const retryUnavailable = 60 * time.Second

// problem is an error as a person reads it: keys of the catalogues.
type problem struct {
	title, text string
	args        map[string]string
	kind        document.Kind
	err         error // of the core; its words are put into people's
}

// sentence is the problem in a language.
func (p problem) sentence(lang string) string {
	if e, ok := errors.AsType[*document.Error](p.err); ok && e.Key == p.text {
		return errorText(lang, e)
	}
	return i18n.Text(lang, p.text, p.args)
}

// fail answers with an error: a translated sentence and the request's id for
// the person, the error itself for the log.
func (s *site) fail(w http.ResponseWriter, r *http.Request, err error) {
	kind := document.KindOf(err)
	status := statusOf(kind)
	switch {
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		return // nobody is there to read it
	case status >= http.StatusInternalServerError:
		s.Log.LogAttrs(r.Context(), slog.LevelError, "request failed",
			slog.String("request_id", requestID(r.Context())), slog.String("kind", string(kind)), slog.Any("error", err))
	}
	p := problem{title: "error.page.refused.title", text: "error.page.internal.text", kind: kind, err: err}
	e, typed := errors.AsType[*document.Error](err)
	if typed && i18n.Has(e.Key) {
		p.text, p.args = e.Key, e.Args
	}
	switch {
	case status == http.StatusServiceUnavailable:
		p.title = "verdict.unavailable.title"
		if isOffice(r.URL.Path) {
			p.title = "error.page.unavailable.title"
		}
		w.Header().Set("Retry-After", retrySeconds(retryUnavailable))
	case status == http.StatusNotFound:
		p.title = "error.page.missing.title"
	case status == http.StatusInternalServerError:
		p = problem{title: "error.page.internal.title", text: "error.page.internal.text", kind: document.Internal}
	}
	s.problem(w, r, status, p)
}

// problem writes an error as a page or, where the client asks, as JSON; to
// clients of /api as RFC 9457 has it.
func (s *site) problem(w http.ResponseWriter, r *http.Request, status int, p problem) {
	f := s.frame(r, p.title)
	w.Header().Set("Cache-Control", "no-store")
	if isAPI(r.URL.Path) {
		s.apiProblem(w, r, status, p)
		return
	}
	if wantsJSON(r) {
		writeJSON(w, status, apiError{publicProblem{
			Key: p.text, Message: p.sentence(f.Lang), RequestID: requestID(r.Context()),
		}})
		return
	}
	page := errorPage{
		frame: f, Heading: i18n.Text(f.Lang, p.title, p.args), Text: p.sentence(f.Lang), Faults: faultsOf(f.Lang, p.err),
		RequestID: requestID(r.Context()), Waiting: status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests,
	}
	page.LoginFailed = page.Office && f.Who == nil
	s.render(w, r, status, "error", page)
}

type apiError struct {
	Error publicProblem `json:"error"`
}

type publicProblem struct {
	Key       string `json:"key"`
	Message   string `json:"message"`
	RequestID string `json:"request_id"`
}

func (s *site) notFound(w http.ResponseWriter, r *http.Request) {
	s.problem(w, r, http.StatusNotFound, problem{title: "error.page.missing.title", text: "error.page.missing.text", kind: document.NotFound})
}

func (s *site) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	s.problem(w, r, http.StatusMethodNotAllowed, problem{title: "error.page.refused.title", text: "error.page.method", kind: document.Invalid})
}

func (s *site) crossOrigin(w http.ResponseWriter, r *http.Request) {
	s.problem(w, r, http.StatusForbidden, problem{title: "error.page.refused.title", text: "error.page.origin", kind: document.Forbidden})
}

func (s *site) tooMany(w http.ResponseWriter, r *http.Request, retryAfter time.Duration) {
	seconds := retrySeconds(retryAfter)
	w.Header().Set("Retry-After", seconds)
	s.problem(w, r, http.StatusTooManyRequests, problem{
		title: "error.limit.title", text: "error.limit.text", args: map[string]string{"seconds": seconds}, kind: document.Unavailable,
	})
}
