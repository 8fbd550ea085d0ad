package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"docsvc/internal/document"
)

const (
	// idempotencyHeader names a request so that it can be sent again
	// (draft-ietf-httpapi-idempotency-key-header).
	idempotencyHeader = "Idempotency-Key"
	maxIdempotencyKey = 150
)

// onceOnly answers a request with a key once: who sends it again, to whichever
// process, gets the answer of the first time. Answers that say that it can be
// tried again (5xx, 429) are not kept.
func (s *site) onceOnly(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := r.Header.Get(idempotencyHeader)
		if name == "" && len(r.Header.Values(idempotencyHeader)) == 0 {
			h(w, r)
			return
		}
		if !visible(name, maxIdempotencyKey) {
			s.fail(w, r, &document.Error{
				Kind: document.Invalid, Key: "error.idempotency.key", Args: map[string]string{"max": strconv.Itoa(maxIdempotencyKey)},
			})
			return
		}
		body, ok := s.readBody(w, r)
		if !ok {
			return
		}
		key := sha256.Sum256([]byte(personOf(r.Context()).account.Login + "\n" + name))
		asked := sha256.Sum256(fmt.Appendf(nil, "%s %s\n%s", r.Method, r.URL.RequestURI(), body))
		kept, first, err := s.Office.Service.BeginRequest(r.Context(), key, asked)
		if err != nil {
			if document.KindOf(err) == document.Conflict {
				w.Header().Set("Retry-After", "1")
			}
			s.fail(w, r, err)
			return
		}
		if !first {
			w.Header().Set("Idempotency-Replayed", "true")
			replay(w, kept.Answer)
			return
		}
		// It goes on when its sender goes away: it is done, or it is not.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), lineTime)
		defer cancel()
		r = r.WithContext(context.WithValue(ctx, onceKey{}, fmt.Sprintf("once %s %x", name, asked[:8])))
		r.Body = io.NopCloser(bytes.NewReader(body))
		c := &captured{header: w.Header(), limit: maxAPIBody}
		h(c, r)
		if c.status < http.StatusInternalServerError && c.status != http.StatusTooManyRequests && !c.over {
			kept.Answer = c.answer()
		}
		if err := s.Office.Service.EndRequest(context.WithoutCancel(ctx), kept); err != nil { // a repetition waits, and finds what was done
			s.Log.LogAttrs(ctx, slog.LevelWarn, "an answer was not kept",
				slog.String("request_id", requestID(ctx)), slog.Any("error", err))
		}
		replay(w, c.answer())
	}
}

type onceKey struct{}

// onceKeyOf names a request with a key, and what it asks, for the core to do it
// once even if this process dies before its answer is kept; empty without a key.
func onceKeyOf(ctx context.Context) string {
	name, _ := ctx.Value(onceKey{}).(string)
	return name
}

// visible says that a name is of visible ASCII characters.
func visible(name string, limit int) bool {
	return name != "" && len(name) <= limit && !strings.ContainsFunc(name, func(c rune) bool { return c < '!' || c > '~' })
}

func replay(w http.ResponseWriter, a document.KeptAnswer) {
	w.Header().Set("Content-Type", a.ContentType)
	if a.Location != "" {
		w.Header().Set("Location", a.Location)
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // who has hung up is not told so
}

// captured holds an answer back until it is kept.
type captured struct {
	header http.Header
	status int
	body   bytes.Buffer
	limit  int
	over   bool // longer than is kept
}

func (c *captured) Header() http.Header { return c.header }

func (c *captured) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

func (c *captured) Write(b []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	c.over = c.over || c.body.Len()+len(b) > c.limit
	return c.body.Write(b)
}

func (c *captured) answer() document.KeptAnswer {
	if c.status == 0 { // nothing was answered: nobody was there
		c.status = http.StatusInternalServerError
	}
	return document.KeptAnswer{
		Status: c.status, ContentType: c.header.Get("Content-Type"), Location: c.header.Get("Location"), Body: c.body.Bytes(),
	}
}
