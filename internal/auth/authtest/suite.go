// Package authtest is the suite that every auth.Store passes, and a fake store
// for the tests of those who use one.
package authtest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"docsvc/internal/auth"
	"docsvc/internal/document"
)

// Run checks that the stores which open returns keep the contract. Each is
// empty and the test's own.
func Run(t *testing.T, open func(t *testing.T) auth.Store) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*testing.T, auth.Store)
	}{
		{"AttemptOnce", attemptOnce},
		{"AttemptTwice", attemptTwice},
		{"AttemptRace", attemptRace},
		{"Session", session},
		{"SessionTwice", sessionTwice},
		{"Touch", touch},
		{"TouchRace", touchRace},
		{"List", list},
		{"End", end},
		{"PurgeAttempts", purgeAttempts},
		{"PurgeSessions", purgeSessions},
		{"Cancelled", cancelled},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// begun has microseconds, and digits that a float would lose.
var begun = time.Date(2026, 11, 22, 12, 0, 59, 987654000, time.UTC)

// An Attempt of each purpose, with fields as long as they may be.
func attempts() []auth.Attempt {
	return []auth.Attempt{
		{
			StateHash: auth.HashOf("1"), Verifier: secret('v'), Nonce: secret('n'), Purpose: auth.PurposeLogin,
			ReturnTo: "/", BrowserBinding: auth.HashOf("cookie"), Begun: begun, Expires: begun.Add(10 * time.Minute),
		},
		{
			StateHash: auth.HashOf("2"), Verifier: secret('w'), Nonce: secret('_'), Purpose: auth.PurposeAuthorise, Fresh: true,
			Authorisation: "019f0000-0000-7000-8000-000000000001" + text('x', auth.MaxAuthorisation-36),
			Login:         "a" + text('z', 62),
			ReturnTo:      "/officer/batch?" + text('q', auth.MaxReturnTo-15),
			Begun:         begun, Expires: begun.Add(time.Microsecond),
		},
		{
			StateHash: auth.HashOf("3"), Verifier: secret('-'), Nonce: secret('m'), Purpose: auth.PurposeLogin, Fresh: true,
			ReturnTo: "/act/EI2611000000001T-003?lang=ru&q=%C6%8F", Begun: begun.Add(-time.Hour), Expires: begun,
		},
	}
}

func sessions() []auth.Session {
	return []auth.Session{
		{
			IDHash: auth.HashOf("a"), Login: "r.quliyeva", Subject: "5VBK5VR", Begun: begun, LastSeen: begun,
			Expires: begun.Add(12 * time.Hour),
		},
		{
			IDHash: auth.HashOf("b"), Login: "r.quliyeva", Subject: text('S', auth.MaxSubject),
			ProviderSession: text('s', auth.MaxProviderSession), ACR: text('c', auth.MaxACR), AuthTime: begun.Truncate(time.Second),
			Begun: begun.Add(time.Microsecond), LastSeen: begun.Add(time.Hour), Expires: begun.Add(2 * time.Hour),
			UserAgent: "Мозилла “Ə” 😀 'x'; DROP TABLE sessions",
		},
		{
			IDHash: auth.HashOf("c"), Login: "s.eliyev", Subject: "1ABC234", Begun: begun.Add(-time.Hour),
			LastSeen: begun, Expires: begun.Add(time.Hour),
		},
	}
}

func text(r byte, n int) string { return string(slices.Repeat([]byte{r}, n)) }

// secret has the form of 256 random bits in base64url.
func secret(r byte) string { return text(r, 42) + "A" }

func mustPutAttempt(t *testing.T, s auth.Store, list ...auth.Attempt) {
	t.Helper()
	for _, a := range list {
		if err := s.PutAttempt(t.Context(), a); err != nil {
			t.Fatalf("PutAttempt: %v", err)
		}
	}
}

func mustPutSession(t *testing.T, s auth.Store, list ...auth.Session) {
	t.Helper()
	for _, x := range list {
		if err := s.PutSession(t.Context(), x); err != nil {
			t.Fatalf("PutSession: %v", err)
		}
	}
}

func mustSession(t *testing.T, s auth.Store, want auth.Session) {
	t.Helper()
	if got, err := s.SessionByID(t.Context(), want.IDHash); err != nil || got != want {
		t.Errorf("SessionByID = %+v, %v\nwant %+v", got, err, want)
	}
}

func want(t *testing.T, what string, err, wanted error) {
	t.Helper()
	if !errors.Is(err, wanted) {
		t.Errorf("%s: %v, want %v", what, err, wanted)
	}
}

func attemptOnce(t *testing.T, s auth.Store) {
	all := attempts()
	for _, a := range all {
		if err := a.Check(); err != nil {
			t.Fatal(err)
		}
	}
	mustPutAttempt(t, s, all...)
	for _, a := range all {
		if got, err := s.TakeAttempt(t.Context(), a.StateHash); err != nil || got != a {
			t.Errorf("TakeAttempt = %+v, %v\nwant %+v", got, err, a)
		}
		got, err := s.TakeAttempt(t.Context(), a.StateHash)
		want(t, "taken again", err, document.ErrNotFound)
		if got != (auth.Attempt{}) {
			t.Errorf("taken again: %+v", got)
		}
	}
	_, err := s.TakeAttempt(t.Context(), auth.HashOf("never begun"))
	want(t, "never begun", err, document.ErrNotFound)
}

func attemptTwice(t *testing.T, s auth.Store) {
	a := attempts()[0]
	other := attempts()[1]
	other.StateHash = a.StateHash
	mustPutAttempt(t, s, a)
	want(t, "the same again", s.PutAttempt(t.Context(), a), document.ErrExists)
	want(t, "another with its state", s.PutAttempt(t.Context(), other), document.ErrExists)
	if got, err := s.TakeAttempt(t.Context(), a.StateHash); err != nil || got != a {
		t.Errorf("TakeAttempt = %+v, %v: the first was replaced", got, err)
	}
}

// attemptRace lets several take the same attempt at once.
func attemptRace(t *testing.T, s auth.Store) {
	for round := range 20 {
		a := attempts()[0]
		a.StateHash = auth.HashOf(string(rune('a' + round)))
		mustPutAttempt(t, s, a)
		var got, refused atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				switch _, err := s.TakeAttempt(t.Context(), a.StateHash); {
				case err == nil:
					got.Add(1)
				case errors.Is(err, document.ErrNotFound):
					refused.Add(1)
				default:
					t.Errorf("TakeAttempt: %v", err)
				}
			})
		}
		wg.Wait()
		if got.Load() != 1 || refused.Load() != 7 {
			t.Fatalf("round %d: %d got it, %d were refused", round, got.Load(), refused.Load())
		}
	}
}

func session(t *testing.T, s auth.Store) {
	all := sessions()
	for _, x := range all {
		if err := x.Check(); err != nil {
			t.Fatal(err)
		}
	}
	mustPutSession(t, s, all...)
	for _, x := range all {
		mustSession(t, s, x)
	}
	_, err := s.SessionByID(t.Context(), auth.HashOf("never begun"))
	want(t, "never begun", err, document.ErrNotFound)
}

func sessionTwice(t *testing.T, s auth.Store) {
	x, other := sessions()[0], sessions()[1]
	other.IDHash = x.IDHash
	mustPutSession(t, s, x)
	want(t, "the same again", s.PutSession(t.Context(), x), document.ErrExists)
	want(t, "another with its id", s.PutSession(t.Context(), other), document.ErrExists)
	mustSession(t, s, x)
}

func touch(t *testing.T, s auth.Store) {
	x, other := sessions()[0], sessions()[1]
	mustPutSession(t, s, x, other)
	later := begun.Add(90*time.Second + time.Microsecond)
	for _, seen := range []time.Time{later, later, begun, begun.Add(time.Minute)} {
		if err := s.TouchSession(t.Context(), x.IDHash, seen); err != nil {
			t.Fatalf("TouchSession: %v", err)
		}
		x.LastSeen = later // the later ones are earlier
		mustSession(t, s, x)
	}
	mustSession(t, s, other)
	want(t, "never begun", s.TouchSession(t.Context(), auth.HashOf("never begun"), later), document.ErrNotFound)
	if err := s.EndSessions(t.Context(), x.IDHash); err != nil {
		t.Fatal(err)
	}
	want(t, "ended", s.TouchSession(t.Context(), x.IDHash, later.Add(time.Hour)), document.ErrNotFound)
	_, err := s.SessionByID(t.Context(), x.IDHash)
	want(t, "ended and touched", err, document.ErrNotFound)
}

// touchRace: the latest time stays, whatever the order.
func touchRace(t *testing.T, s auth.Store) {
	x := sessions()[0]
	mustPutSession(t, s, x)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			if err := s.TouchSession(t.Context(), x.IDHash, begun.Add(time.Duration(i)*time.Minute)); err != nil {
				t.Errorf("TouchSession: %v", err)
			}
		})
	}
	wg.Wait()
	x.LastSeen = begun.Add(15 * time.Minute)
	mustSession(t, s, x)
}

func list(t *testing.T, s auth.Store) {
	all := sessions()
	same := all[0] // begun at the same time
	same.IDHash = auth.Hash{0: 0xff, 31: 1}
	mustPutSession(t, s, all[0], same, all[1], all[2])
	expect := []auth.Session{all[1], all[0], same}
	got, err := s.SessionsOf(t.Context(), all[0].Login)
	if err != nil || !slices.Equal(got, expect) {
		t.Errorf("SessionsOf = %+v, %v\nwant %+v", got, err, expect)
	}
	for _, login := range []string{"nobody", "", "R.QULIYEVA", "r_quliyeva", "%"} {
		if got, err := s.SessionsOf(t.Context(), login); err != nil || len(got) != 0 {
			t.Errorf("SessionsOf(%q) = %d sessions, %v", login, len(got), err)
		}
	}
}

func end(t *testing.T, s auth.Store) {
	all := sessions()
	mustPutSession(t, s, all...)
	if err := s.EndSessions(t.Context()); err != nil {
		t.Errorf("end none: %v", err)
	}
	if err := s.EndSessions(t.Context(), auth.HashOf("never begun")); err != nil {
		t.Errorf("end what is not there: %v", err)
	}
	for _, x := range all {
		mustSession(t, s, x)
	}
	if err := s.EndSessions(t.Context(), all[0].IDHash, auth.HashOf("never begun"), all[1].IDHash, all[0].IDHash); err != nil {
		t.Fatalf("EndSessions: %v", err)
	}
	for _, x := range all[:2] {
		_, err := s.SessionByID(t.Context(), x.IDHash)
		want(t, "ended", err, document.ErrNotFound)
	}
	mustSession(t, s, all[2])
}

func purgeAttempts(t *testing.T, s auth.Store) {
	all := attempts() // they expire at begun + 10 min, begun + 1 µs, begun
	mustPutAttempt(t, s, all...)
	for _, c := range []struct {
		now     time.Time
		removed int
	}{{begun.Add(-time.Microsecond), 0}, {begun, 1}, {begun.Add(time.Microsecond), 1}, {begun.Add(time.Minute), 0}} {
		if n, err := s.Purge(t.Context(), c.now, time.Time{}); err != nil || n != c.removed {
			t.Errorf("Purge at %v: %d, %v, want %d", c.now, n, err, c.removed)
		}
	}
	for i, a := range all {
		switch got, err := s.TakeAttempt(t.Context(), a.StateHash); {
		case i == 0 && (err != nil || got != a):
			t.Errorf("the one that had time left: %v", err)
		case i > 0:
			want(t, "purged", err, document.ErrNotFound)
		}
	}
}

func purgeSessions(t *testing.T, s auth.Store) {
	all := sessions() // last seen at begun, begun + 1 h, begun; the last expires at begun + 1 h
	mustPutSession(t, s, all...)
	for _, c := range []struct {
		now, idle time.Time
		left      []auth.Session
	}{
		{begun.Add(time.Hour - time.Microsecond), begun.Add(-time.Microsecond), all},
		{begun.Add(time.Hour), begun.Add(-time.Microsecond), all[:2]},
		{begun.Add(time.Hour), begun, all[1:2]},
		{begun.Add(time.Hour), begun.Add(time.Hour - time.Microsecond), all[1:2]},
		{begun.Add(2 * time.Hour), begun, nil},
	} {
		if _, err := s.Purge(t.Context(), c.now, c.idle); err != nil {
			t.Fatalf("Purge: %v", err)
		}
		for _, x := range all {
			if slices.Contains(c.left, x) {
				mustSession(t, s, x)
				continue
			}
			_, err := s.SessionByID(t.Context(), x.IDHash)
			want(t, "purged", err, document.ErrNotFound)
		}
	}
}

// cancelled: nothing is done for who has gone.
func cancelled(t *testing.T, s auth.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a, x := attempts()[0], sessions()[0]
	if err := s.PutAttempt(ctx, a); err == nil {
		t.Error("PutAttempt for who has gone")
	}
	if err := s.PutSession(ctx, x); err == nil {
		t.Error("PutSession for who has gone")
	}
	mustPutAttempt(t, s, a)
	if _, err := s.TakeAttempt(ctx, a.StateHash); err == nil || errors.Is(err, document.ErrNotFound) {
		t.Errorf("TakeAttempt for who has gone: %v", err)
	}
	if got, err := s.TakeAttempt(t.Context(), a.StateHash); err != nil || got != a {
		t.Errorf("it was taken by who has gone: %v", err)
	}
}
