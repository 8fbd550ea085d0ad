package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"docsvc/internal/auth"
	"docsvc/internal/document"
)

const (
	// signingTime bounds the work on a batch: each act takes milliseconds, the
	// call of the key at most a few seconds.
	signingTime = 5 * time.Minute
	// signingPatience is how long the browser waits for the end before it gets
	// a page that shows how far the work is.
	signingPatience = 3 * time.Second
	// keepSignings is how long this process remembers why an act was not signed.
	keepSignings = 15 * time.Minute
	maxSignings  = 1000
)

// batches are those that this process signs or has just signed. What became of
// one stands in the register, for every process; only the reasons of failures
// are here.
type batches struct {
	mu  sync.Mutex
	all map[string]*batch // by the id of the authorisation
}

type batch struct {
	done chan struct{}
	// The rest is set before done is closed.
	results []document.SignResult
	err     error
	ended   time.Time
}

// begin notes that a batch is being signed, unless it is already.
func (b *batches) begin(id string, now time.Time) (*batch, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if old := b.all[id]; old != nil && !old.over() {
		return nil, false
	}
	for key, old := range b.all {
		if old.over() && (now.Sub(old.ended) > keepSignings || len(b.all) >= maxSignings) {
			delete(b.all, key)
		}
	}
	if b.all == nil {
		b.all = map[string]*batch{}
	}
	b.all[id] = &batch{done: make(chan struct{})}
	return b.all[id], true
}

func (b *batches) of(id string) *batch {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all[id]
}

func (g *batch) over() bool {
	select {
	case <-g.done:
		return true
	default:
		return false
	}
}

// finishSigning takes the fresh authentication for a batch and signs it. It
// must come back to the person who began it, still logged in.
func (s *site) finishSigning(w http.ResponseWriter, r *http.Request, attempt auth.Attempt, c auth.Callback) {
	me, err := s.person(r)
	if err == nil && me.account.Login != attempt.Login {
		err = auth.ErrNoSession
	}
	if errors.Is(err, auth.ErrNoSession) || errors.Is(err, auth.ErrIdle) {
		err = &document.Error{Kind: document.Forbidden, Key: "error.batch.session", Err: err}
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	r = r.WithContext(context.WithValue(r.Context(), personKey{}, me))
	identity, err := s.Office.Provider.Finish(r.Context(), attempt, c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	g, ok := s.batches.begin(attempt.Authorisation, s.Now())
	if !ok {
		s.fail(w, r, &document.Error{Kind: document.Conflict, Key: "error.batch.used"})
		return
	}
	// The person going away must not stop what was authorised.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), signingTime)
	s.Office.start(func() {
		defer cancel()
		s.signBatch(ctx, me.actor, attempt.Authorisation, identity, g)
	})
	select {
	case <-g.done:
	case <-time.After(signingPatience):
	}
	if g.over() && g.err != nil {
		s.fail(w, r, g.err)
		return
	}
	http.Redirect(w, r, attempt.ReturnTo, http.StatusSeeOther)
}

// signBatch signs a batch in the name of who proved to be its officer, and keeps
// what came of it.
func (s *site) signBatch(ctx context.Context, actor document.Actor, id string, identity auth.Identity, g *batch) {
	defer close(g.done)
	defer func() {
		if p := recover(); p != nil { // no request is around this to catch it
			g.err = fmt.Errorf("signing panicked: %v", p)
			s.Log.LogAttrs(ctx, slog.LevelError, "signing panicked", slog.String("request_id", actor.RequestID),
				slog.String("panic", fmt.Sprint(p)), slog.String("stack", string(debug.Stack())))
		}
		g.ended = s.Now()
	}()
	proof := document.Proof{
		Subject: identity.Subject, Nonce: identity.Nonce, At: identity.AuthTime, TokenID: identity.TokenID,
		Token: []byte(identity.RawIDToken.Reveal()),
	}
	g.results, g.err = s.Office.Service.SignAuthorised(ctx, actor, id, proof,
		func(ctx context.Context, a document.Account) (document.KeyHolder, error) {
			return s.Office.Unlock(ctx, identity, a)
		})
	if document.KindOf(g.err) == document.Forbidden { // another person's authentication, or for something else
		g.err = errors.Join(g.err, s.Office.Service.RecordLogin(ctx, document.Login{
			Account: actor.Login, TokenID: identity.TokenID, Level: identity.ACR, RequestID: actor.RequestID, Refused: g.err,
		}))
	}
	s.logBatch(ctx, actor, id, g)
}

func (s *site) logBatch(ctx context.Context, actor document.Actor, id string, g *batch) {
	failed, level := 0, slog.LevelInfo
	for _, result := range g.results {
		if result.Err != nil {
			failed++
			s.Log.LogAttrs(ctx, slog.LevelWarn, "act of a batch", slog.String("request_id", actor.RequestID),
				slog.String("act", result.Act.Number), slog.Any("error", result.Err))
		}
	}
	if g.err != nil {
		level = slog.LevelWarn
	}
	s.Log.LogAttrs(ctx, level, "batch", slog.String("request_id", actor.RequestID), slog.String("authorisation", id),
		slog.Int("acts", len(g.results)), slog.Int("failed", failed), slog.Any("error", g.err))
}
