package revocation

import (
	"bytes"
	"errors"
	"time"

	"docsvc/internal/signing"
)

var (
	errOlder  = errors.New("list is older than the one held")
	errLimit  = errors.New("no room for another list")
	errFuture = errors.New("list is from the future: is our clock behind, or the authority's ahead?")
	errNoEnd  = errors.New("list has no nextUpdate (RFC 5280 § 5.1.2.5)")
)

// keep takes a list whose signature is right, unless a newer one is held; then
// that one comes back with errOlder. changed is false when the list is the one
// that is held.
func (s *Source) keep(l *signing.List, confirmed time.Time) (kept *signing.List, changed bool, err error) {
	now := s.c.Now()
	switch {
	case l.ThisUpdate.After(now.Add(aheadOfUs)):
		return nil, false, errFuture
	case l.NextUpdate.IsZero():
		return nil, false, errNoEnd
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	issuer := issuerKey(l.Issuer)
	key := issuer + "\x00" + l.Scope()
	old, ok := s.lists[key]
	total := s.total + int64(len(l.Raw))
	switch {
	case ok && bytes.Equal(old.Raw, l.Raw):
		l, confirmed = old.List, later(confirmed, old.confirmed) // one copy
		total = s.total
	case ok && older(l, old.List, now):
		return old.List, false, errOlder
	case ok:
		total -= int64(len(old.Raw))
	}
	if total > 4*s.c.MaxSize || !ok && len(s.lists) >= maxFeeds {
		return nil, false, errLimit
	}
	s.total, s.lists[key] = total, held{l, confirmed}
	var list []held
	for _, h := range s.lists {
		if issuerKey(h.Issuer) == issuer {
			list = append(list, h)
		}
	}
	s.of[issuer] = list
	return l, l != old.List, nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// older says whether a list was made before another of the same scope. Time and
// number must agree on that it was not. A number that went back, as when a CA
// is restored from a backup, is accepted once the list held has run out.
func older(l, than *signing.List, now time.Time) bool {
	if l.ThisUpdate.Before(than.ThisUpdate) {
		return true
	}
	back := l.Number != nil && than.Number != nil && l.Number.Cmp(than.Number) < 0
	return back && (!now.After(than.NextUpdate) || !l.ThisUpdate.After(than.ThisUpdate))
}
