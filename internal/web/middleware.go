package web

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
)

// contentSecurityPolicy holds for every answer: nothing inline, nothing from
// elsewhere, no frames.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// framed lets a page of this site show the answer in a frame.
func framed(h http.Header) {
	h.Set("Content-Security-Policy", strings.Replace(contentSecurityPolicy, "frame-ancestors 'none'", "frame-ancestors 'self'", 1))
}

// framing lets a page show others of this site in a frame.
func framing(h http.Header) {
	h.Set("Content-Security-Policy", contentSecurityPolicy+"; frame-src 'self'")
}

type requestIDKey struct{}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// wrap is around every route: request id, headers, rescue from panics, and
// then one line of log and one count under the name of the route.
func (s *site) wrap(route string, h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.Now()
		id := s.newRequestID()
		r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
		rec := &recorder{ResponseWriter: w}
		s.setHeaders(rec.Header(), id)
		defer func() {
			if p := recover(); p != nil {
				s.rescue(rec, r, p)
			}
			took := s.Now().Sub(start)
			s.metrics.request(route, r.Method, rec.statusCode(), took)
			s.Log.LogAttrs(r.Context(), slog.LevelInfo, "request",
				slog.String("request_id", id), slog.String("method", methodName(r.Method)), slog.String("route", route),
				slog.Int("status", rec.statusCode()), slog.Int64("bytes", rec.written), slog.Duration("took", took))
		}()
		h(rec, r)
	})
}

func (s *site) setHeaders(h http.Header, id string) {
	h.Set("X-Request-Id", id)
	h.Set("Content-Security-Policy", contentSecurityPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", permissions("()"))
	h.Set("Cache-Control", "no-store") // unless a route says otherwise
	if strings.HasPrefix(s.Origin, "https://") {
		h.Set("Strict-Transport-Security", "max-age=63072000")
	}
}

// permissions is the policy on what pages may ask of the browser.
func permissions(camera string) string { return "camera=" + camera + ", geolocation=(), microphone=()" }

// rescue answers a request whose handler panicked.
func (s *site) rescue(w *recorder, r *http.Request, p any) {
	if p == http.ErrAbortHandler { //nolint:errorlint // the very value, by contract of net/http
		panic(p)
	}
	s.Log.LogAttrs(r.Context(), slog.LevelError, "handler panicked",
		slog.String("request_id", requestID(r.Context())), slog.String("panic", fmt.Sprint(p)), slog.String("stack", string(debug.Stack())))
	if w.status == 0 {
		s.problem(w, r, http.StatusInternalServerError, problem{title: "error.page.internal.title", text: "error.page.internal.text"})
	}
}

func (s *site) newRequestID() string {
	var b [8]byte
	if _, err := io.ReadFull(s.Rand, b[:]); err != nil {
		return "none" // an id helps to find a line in the log; a request goes on without
	}
	return hex.EncodeToString(b[:])
}

// methodName keeps what a client makes up out of logs and metrics.
func methodName(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status  int
	written int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.written += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) statusCode() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}
