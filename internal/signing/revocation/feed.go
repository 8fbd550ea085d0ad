package revocation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"docsvc/internal/signing"
)

// feed is one address of a list. Its fields are guarded by Source.mu.
type feed struct {
	url            string
	list           *signing.List // what it gave last, if that is held; else nil
	etag, modified string        // validators of list
	checked        time.Time     // when it last gave or confirmed list
	due            time.Time     // when to ask again
	failures       int           // in a row
	err            error         // of the last attempt
	flight         *flight       // an attempt under way
}

type flight struct {
	done chan struct{}
	err  error
}

// addFeed takes an address up and reads what the cache knows of it.
func (s *Source) addFeed(url string) {
	s.mu.RLock()
	known, full := s.feeds[url] != nil, len(s.feeds) >= maxFeeds
	s.mu.RUnlock()
	if known || full { // without its list, what needs it is Unavailable
		return
	}
	s.mu.Lock()
	f := s.feeds[url]
	if f == nil {
		f = &feed{url: url}
		s.feeds[url] = f
	}
	s.mu.Unlock()
	s.load(f)
	s.nudge()
}

// ask fetches a list, or waits for who does it already.
func (s *Source) ask(ctx context.Context, f *feed) error {
	s.mu.Lock()
	if under := f.flight; under != nil {
		s.mu.Unlock()
		select {
		case <-under.done:
			return under.err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	own := &flight{done: make(chan struct{})}
	f.flight = own
	etag, modified := s.validators(f)
	s.mu.Unlock()

	start := time.Now()
	outcome, err := s.exchange(ctx, f, etag, modified)
	own.err = err
	s.mu.Lock()
	f.flight = nil
	s.mu.Unlock()
	close(own.done)
	if s.c.Observe != nil {
		s.c.Observe(Exchange{URL: f.url, Outcome: outcome, Took: time.Since(start), Err: err})
	}
	return err
}

// validators ask for the list only if it changed. A list that has run out is
// asked for in full: a server that says "not modified" for ever would be wrong.
func (s *Source) validators(f *feed) (etag, modified string) {
	if f.list == nil || s.c.Now().After(f.list.NextUpdate) {
		return "", ""
	}
	return f.etag, f.modified
}

// exchange asks once and notes what came of it.
func (s *Source) exchange(ctx context.Context, f *feed, etag, modified string) (Outcome, error) {
	outcome := Failed
	answer, err := s.get(ctx, f.url, etag, modified)
	if errors.Is(ctx.Err(), context.Canceled) {
		return Failed, ctx.Err() // the process stops: nothing is said about the address
	}
	if err == nil {
		outcome, err = s.take(ctx, f, answer)
	}
	now := s.c.Now()
	s.mu.Lock()
	f.err = err
	if err != nil {
		f.failures++
		f.due = now.Add(s.pause(f, now))
	} else {
		f.failures, f.checked, f.due = 0, now, s.next(f, now)
	}
	due := f.due
	s.mu.Unlock()
	if err == nil || errors.Is(err, errRunOut) {
		s.save(ctx, f, outcome != Unchanged)
	}
	if err != nil {
		s.c.Log.LogAttrs(ctx, slog.LevelWarn, "revocation list not refreshed", slog.String("url", f.url),
			slog.Any("error", err), slog.Time("again", due))
		err = fmt.Errorf("revocation list %s: %w", f.url, err)
	}
	return outcome, err
}

var errRunOut = errors.New("list has run out")

// take judges an answer. A list that has run out is kept, for what it says is
// revoked, and is a failure all the same.
func (s *Source) take(ctx context.Context, f *feed, a answer) (Outcome, error) {
	s.mu.RLock()
	l, issuers := f.list, s.issuers
	s.mu.RUnlock()
	// Vault sends the whole list each time; the same bytes need no second look.
	if same := l != nil && bytes.Equal(a.der, l.Raw); !a.unchanged && !same {
		var err error
		if l, err = s.parse(a.der, issuers); err != nil {
			return Failed, fmt.Errorf("%w (content type %q)", err, a.contentType)
		}
	}
	now := s.c.Now()
	kept, changed, err := s.keep(l, now)
	s.mu.Lock()
	if kept != nil {
		f.list = kept
	}
	switch {
	case err != nil:
		f.etag, f.modified = "", "" // next time all of it
	case !a.unchanged:
		f.etag, f.modified = a.etag, a.modified
	}
	s.mu.Unlock()
	switch {
	case err != nil:
		return outcomeOf(err), err
	case now.After(l.NextUpdate):
		return Failed, fmt.Errorf("%w on %s", errRunOut, l.NextUpdate.Format(time.RFC3339))
	case !changed:
		return Unchanged, nil
	}
	s.c.Log.LogAttrs(ctx, slog.LevelInfo, "revocation list", slog.String("url", f.url),
		slog.String("issuer", l.Issuer.Subject.String()), slog.Time("this_update", l.ThisUpdate),
		slog.Time("next_update", l.NextUpdate), slog.Int("entries", l.Len()))
	return Updated, nil
}

func (s *Source) parse(der []byte, issuers []*x509.Certificate) (*signing.List, error) {
	l, err := signing.ParseList(der, issuers...)
	if err == nil && s.keepers[issuerKey(l.Issuer)] {
		l = l.KeepingExpired()
	}
	return l, err
}

func outcomeOf(err error) Outcome {
	if errors.Is(err, errOlder) {
		return Older
	}
	return Failed
}

// next is when to ask again after a success: a while before the list runs out,
// but not at once if that is near.
func (s *Source) next(f *feed, now time.Time) time.Time {
	due := now.Add(s.c.Refresh)
	if f.list == nil {
		return due
	}
	life := f.list.NextUpdate.Sub(f.list.ThisUpdate)
	early := later(f.list.NextUpdate.Add(-min(10*time.Minute, life/4)), now.Add(max(time.Second, min(30*time.Second, life/4))))
	if early.Before(due) {
		return early
	}
	return due
}

// pause is how long to leave an address alone after a failure. While there is
// no fresh list, somebody waits.
func (s *Source) pause(f *feed, now time.Time) time.Duration {
	longest := maxPause
	if f.list == nil || now.After(f.list.NextUpdate) {
		longest = 30 * time.Second
	}
	return min(10*time.Second<<min(f.failures-1, 10), longest)
}

// fileName is how the cache names an address.
func fileName(url string) string {
	sum := sha256.Sum256([]byte(url))
	return fmt.Sprintf("%x", sum[:16])
}
