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

// begin notes that a batch is being signed, unless it is already, or was.
func (b *batches) begin(id string, now time.Time) (*batch, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if old := b.all[id]; old != nil && (!old.over() || old.err == nil) {
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

// end notes what came of a batch.
func (g *batch) end(results []document.SignResult, err error, now time.Time) {
	g.results, g.err, g.ended = results, err, now
	close(g.done)
}

// finishSigning takes the fresh authentication for a batch and signs it. It
// must come back to the person who began it, still logged in.
func (s *site) finishSigning(w http.ResponseWriter, r *http.Request, attempt auth.Attempt, c auth.Callback) {
	me, err := s.person(r)
	if err == nil && me.account.Login != attempt.Login {
		err = auth.ErrNoSession
	}
	if isSessionOver(err) {
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
		http.Redirect(w, r, attempt.ReturnTo, http.StatusSeeOther)
		return
	}
	s.signUnder(w, r, attempt.Authorisation, attempt.ReturnTo, g, consent{
		proof: document.Proof{
			Subject: identity.Subject, Nonce: identity.Nonce, At: identity.AuthTime, TokenID: identity.TokenID,
			Token: []byte(identity.RawIDToken.Reveal()),
		},
		level: identity.ACR,
		unlock: func(ctx context.Context, a document.Account) (document.KeyHolder, error) {
			return s.Office.Unlock(ctx, identity, a)
		},
	})
}

// consent is a fresh authentication for a batch, however it was made, and the key
// that it unlocks.
type consent struct {
	proof  document.Proof
	level  string // of the authentication
	unlock func(context.Context, document.Account) (document.KeyHolder, error)
}

// signUnder signs a batch, which was begun, under a consent, and goes to its page
// as soon as it is signed, or when the browser has waited long enough.
func (s *site) signUnder(w http.ResponseWriter, r *http.Request, id, back string, g *batch, c consent) {
	// The person going away must not stop what was authorised.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), signingTime)
	s.Office.start(func() {
		defer cancel()
		s.signBatch(ctx, personOf(ctx).actor, id, c, g)
	})
	select {
	case <-g.done:
	case <-time.After(signingPatience):
	}
	if g.over() && g.err != nil && !isBatchUsed(g.err) {
		s.fail(w, r, g.err)
		return
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}

// isBatchUsed says that a batch was signed already: its page tells what became of
// it.
func isBatchUsed(err error) bool { return errorKey(err) == "error.batch.used" }

// signBatch signs a batch in the name of who proved to be its officer, and keeps
// what came of it.
func (s *site) signBatch(ctx context.Context, actor document.Actor, id string, c consent, g *batch) {
	var results []document.SignResult
	var err error
	defer func() {
		if p := recover(); p != nil { // no request is around this to catch it
			err = fmt.Errorf("signing panicked: %v", p)
			s.Log.LogAttrs(ctx, slog.LevelError, "signing panicked", slog.String("request_id", actor.RequestID),
				slog.String("panic", fmt.Sprint(p)), slog.String("stack", string(debug.Stack())))
		}
		g.end(results, err, s.Now())
	}()
	results, err = s.Office.Service.SignAuthorised(ctx, actor, id, c.proof, c.unlock)
	if document.KindOf(err) == document.Forbidden { // another person's authentication, or for something else
		err = errors.Join(err, s.Office.Service.RecordLogin(ctx, document.Login{
			Account: actor.Login, TokenID: c.proof.TokenID, Level: c.level, RequestID: actor.RequestID, Refused: err,
		}))
	}
	s.logBatch(ctx, actor, id, results, err)
}

func (s *site) logBatch(ctx context.Context, actor document.Actor, id string, results []document.SignResult, err error) {
	failed, level := 0, slog.LevelInfo
	for _, result := range results {
		if result.Err != nil {
			failed++
			s.Log.LogAttrs(ctx, slog.LevelWarn, "act of a batch", slog.String("request_id", actor.RequestID),
				slog.String("act", result.Act.Number), slog.Any("error", result.Err))
		}
	}
	if err != nil {
		level = slog.LevelWarn
	}
	s.Log.LogAttrs(ctx, level, "batch", slog.String("request_id", actor.RequestID), slog.String("authorisation", id),
		slog.Int("acts", len(results)), slog.Int("failed", failed), slog.Any("error", err))
}
