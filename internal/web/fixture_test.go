package web_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"docsvc/internal/document"
	"docsvc/internal/verify"
	"docsvc/internal/verify/verifytest"
	"docsvc/internal/web"
)

// site is the pages over a real line.
type site struct {
	*verifytest.World
	t       testing.TB
	handler http.Handler
	options web.Options
	log     *lockedBuffer
}

func newSite(t testing.TB, change ...func(*web.Options)) *site {
	t.Helper()
	return newSiteOf(t, verifytest.New(t), change...)
}

func newSiteOf(t testing.TB, w *verifytest.World, change ...func(*web.Options)) *site {
	t.Helper()
	s := &site{World: w, t: t, log: &lockedBuffer{}}
	o := web.Options{
		Verifier: w.Verifier, Origin: verifytest.Origin, Location: verifytest.Baku(), Now: w.Now, Rand: rand.Reader,
		SealKeys: func(context.Context) ([]web.SealKey, error) {
			return []web.SealKey{{ID: w.SealID, Key: w.SealKey}}, nil
		},
		Limiter: &web.ProcessLimiter{Now: w.Now}, Templates: w.Templates,
		Log: slog.New(slog.NewJSONHandler(s.log, nil)),
	}
	for _, f := range change {
		f(&o)
	}
	s.options = o
	var err error
	if s.handler, err = web.Handler(o); err != nil {
		t.Fatal(err)
	}
	return s
}

// with is the same world behind a verifier that was changed.
func (s *site) with(change func(*verify.Verifier)) *site {
	s.t.Helper()
	v := *s.Verifier
	change(&v)
	other := *s
	other.options.Verifier = &v
	var err error
	if other.handler, err = web.Handler(other.options); err != nil {
		s.t.Fatal(err)
	}
	return &other
}

func (s *site) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// get asks for a page; headers come in pairs.
func (s *site) get(path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = "elektron-icra.example.az"
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return s.do(r)
}

func (s *site) post(path string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Host = "elektron-icra.example.az"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return s.do(r)
}

// upload sends a file as the form does.
func (s *site) upload(path string, file io.Reader, headers ...string) *httptest.ResponseRecorder {
	body, out := io.Pipe()
	form := multipart.NewWriter(out)
	go func() {
		part, err := form.CreateFormFile("file", "akt.pdf")
		if err == nil {
			_, err = io.Copy(part, file)
		}
		if err == nil {
			err = form.Close()
		}
		out.CloseWithError(err)
	}()
	r := httptest.NewRequest(http.MethodPost, path, body)
	r.Host = "elektron-icra.example.az"
	r.Header.Set("Content-Type", form.FormDataContentType())
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := s.do(r)
	_ = body.Close() // ends the writer when the handler read no further
	return w
}

// acts are one act in each state.
type acts struct {
	valid, annulled, superseded, waiting, voided, altered, decision document.Act
}

func (s *site) allActs() acts {
	a := acts{
		valid: s.Issue("case-1", 0), annulled: s.Issue("case-3", 0), superseded: s.Issue("case-3", 1),
		waiting: s.Draft("case-1", 1), voided: s.Draft("case-3", 1), altered: s.Issue("case-4", 0), decision: s.Issue("case-3", 1),
	}
	s.Change(a.annulled, document.Annulled, a.decision)
	s.Change(a.superseded, document.Superseded, a.decision)
	s.Void(a.voided)
	s.Sequence()
	s.Archive.Corrupt(a.altered.Path, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
	return a
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func hexBytes(text string) ([]byte, error) { return hex.DecodeString(text) }
