package auth_test

import (
	"bytes"
	"errors"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"docsvc/internal/auth"
	"docsvc/internal/auth/authtest"
	"docsvc/internal/document"
)

// beginner is Attempts over a fake store and a clock that stands.
func beginner(now *time.Time) (*auth.Attempts, *authtest.Fake) {
	store := &authtest.Fake{}
	return &auth.Attempts{Store: store, Now: func() time.Time { return *now }}, store
}

// stateOf takes the state out of the address, as the provider does.
func stateOf(t *testing.T, p *auth.Provider, a auth.Attempt) string {
	t.Helper()
	address, err := p.AuthURL(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("state")
}

func TestAttempt(t *testing.T) {
	f := newFakeProvider(t)
	p := f.provider()
	now := start
	s, store := beginner(&now)
	begin := batch
	begin.ReturnTo = "/officer/batch?done=1"
	a, browser, err := s.Begin(t.Context(), begin)
	if err != nil {
		t.Fatal(err)
	}
	state := stateOf(t, p, a)
	got, err := s.Take(t.Context(), state, browser)
	if err != nil || got != a.Stored() || !got.Fresh || got.ReturnTo != begin.ReturnTo || got.Nonce != batch.Nonce || got.Login != batch.Login {
		t.Errorf("%+v, %v", got, err)
	}
	if got.Expires != a.Begun.Add(10*time.Minute) {
		t.Errorf("it lives until %v", got.Expires)
	}
	_, err = s.Take(t.Context(), state, browser)
	wantKey(t, "taken twice", err, document.Conflict, "error.login.state")
	if store.Attempts() != 0 {
		t.Errorf("%d attempts are left", store.Attempts())
	}
}

// TestAttemptOfAnother: nobody finishes in one browser what was begun in
// another, and who tries has used it up.
func TestAttemptOfAnother(t *testing.T) {
	f := newFakeProvider(t)
	p := f.provider()
	now := start
	s, store := beginner(&now)
	_, other, err := s.Begin(t.Context(), plainLogin)
	if err != nil {
		t.Fatal(err)
	}
	for name, cookie := range map[string]string{"no cookie": "", "another's": other, "nonsense": "x", "long": strings.Repeat("A", 1000)} {
		a, browser, err := s.Begin(t.Context(), plainLogin)
		if err != nil {
			t.Fatal(err)
		}
		state := stateOf(t, p, a)
		_, err = s.Take(t.Context(), state, cookie)
		wantKey(t, name, err, document.Conflict, "error.login.state")
		_, err = s.Take(t.Context(), state, browser)
		wantKey(t, name+", then the right one", err, document.Conflict, "error.login.state")
	}
	before := store.Calls("TakeAttempt")
	for name, state := range map[string]string{
		"empty": "", "short": "abc", "long": strings.Repeat("A", 10000), "not base64url": strings.Repeat("+", 43), "loose end": strings.Repeat("A", 42) + "B",
	} {
		_, err := s.Take(t.Context(), state, other)
		wantKey(t, name, err, document.Conflict, "error.login.state")
	}
	if n := store.Calls("TakeAttempt") - before; n != 0 {
		t.Errorf("nonsense reached the store %d times", n)
	}
}

func TestAttemptRunsOut(t *testing.T) {
	f := newFakeProvider(t)
	p := f.provider()
	for name, c := range map[string]struct {
		life, wait time.Duration
		good       bool
	}{
		"in time":        {0, 10*time.Minute - time.Microsecond, true},
		"late":           {0, 10 * time.Minute, false},
		"shorter, late":  {time.Minute, time.Minute, false},
		"shorter":        {time.Minute, time.Minute - time.Microsecond, true},
		"never longer":   {time.Hour, 10 * time.Minute, false},
		"negative, late": {-time.Hour, 10 * time.Minute, false},
	} {
		now := start
		s, _ := beginner(&now)
		begin := plainLogin
		begin.Life = c.life
		a, browser, err := s.Begin(t.Context(), begin)
		if err != nil {
			t.Fatal(err)
		}
		now = a.Begun.Add(c.wait)
		_, err = s.Take(t.Context(), stateOf(t, p, a), browser)
		if c.good && err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !c.good {
			wantKey(t, name, err, document.Conflict, "error.login.state")
		}
	}
}

// TestTabs: attempts in several tabs share the browser's cookie; a cookie that
// we did not make is replaced.
func TestTabs(t *testing.T) {
	f := newFakeProvider(t)
	p := f.provider()
	now := start
	s, _ := beginner(&now)
	first, cookie, err := s.Begin(t.Context(), plainLogin)
	if err != nil {
		t.Fatal(err)
	}
	again := plainLogin
	again.Browser = cookie
	second, same, err := s.Begin(t.Context(), again)
	if err != nil || same != cookie {
		t.Fatal(same == cookie, err)
	}
	for _, a := range []auth.Attempt{second, first} {
		if _, err := s.Take(t.Context(), stateOf(t, p, a), cookie); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"x", strings.Repeat("A", 44), "<script>"} {
		again.Browser = bad
		if _, cookie, err := s.Begin(t.Context(), again); err != nil || cookie == bad || len(cookie) != 43 {
			t.Errorf("%q: %q, %v", bad, cookie, err)
		}
	}
}

func TestBadStarts(t *testing.T) {
	now := start
	s, store := beginner(&now)
	change := func(c func(*auth.Start)) auth.Start { b := batch; c(&b); return b }
	for name, begin := range map[string]auth.Start{
		"no purpose":           {},
		"another purpose":      {Purpose: "sign"},
		"login with a nonce":   {Purpose: auth.PurposeLogin, Nonce: batch.Nonce},
		"login of a batch":     {Purpose: auth.PurposeLogin, Authorisation: batch.Authorisation},
		"login of somebody":    {Purpose: auth.PurposeLogin, Login: batch.Login},
		"batch without nonce":  change(func(b *auth.Start) { b.Nonce = "" }),
		"batch, short nonce":   change(func(b *auth.Start) { b.Nonce = "abc" }),
		"batch, nonce in hex":  change(func(b *auth.Start) { b.Nonce = strings.Repeat("ab", 32) }),
		"batch without id":     change(func(b *auth.Start) { b.Authorisation = "" }),
		"batch, strange id":    change(func(b *auth.Start) { b.Authorisation = "../x" }),
		"batch, long id":       change(func(b *auth.Start) { b.Authorisation = strings.Repeat("x", 65) }),
		"batch of nobody":      change(func(b *auth.Start) { b.Login = "" }),
		"batch, strange login": change(func(b *auth.Start) { b.Login = "Ə" }),
	} {
		if _, _, err := s.Begin(t.Context(), begin); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if store.Attempts() != 0 {
		t.Errorf("%d attempts were stored", store.Attempts())
	}
	s.Random = bytes.NewReader(make([]byte, 40))
	if _, _, err := s.Begin(t.Context(), plainLogin); err == nil {
		t.Error("begun without randomness")
	}
}

// TestTakeOnce: of many callbacks with one state a single one goes on.
func TestTakeOnce(t *testing.T) {
	f := newFakeProvider(t)
	p := f.provider()
	now := start
	s, _ := beginner(&now)
	a, browser, err := s.Begin(t.Context(), plainLogin)
	if err != nil {
		t.Fatal(err)
	}
	state := stateOf(t, p, a)
	var got atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, err := s.Take(t.Context(), state, browser); err == nil {
				got.Add(1)
			}
		})
	}
	wg.Wait()
	if got.Load() != 1 {
		t.Errorf("%d went on", got.Load())
	}
}

// TestAttemptStoreFails: a lost answer never makes two logins of one attempt.
func TestAttemptStoreFails(t *testing.T) {
	f := newFakeProvider(t)
	p := f.provider()
	now := start
	broken := errors.New("the register is away")
	for _, c := range []struct {
		op     authtest.Op
		taken  bool // when it is tried again
		stored int  // after Begin
	}{
		{authtest.Op{Name: "PutAttempt", Stage: authtest.Before}, false, 0},
		{authtest.Op{Name: "PutAttempt", Stage: authtest.After}, false, 1},
		{authtest.Op{Name: "TakeAttempt", Stage: authtest.Before}, true, 1},
		{authtest.Op{Name: "TakeAttempt", Stage: authtest.After}, false, 1},
	} {
		s, store := beginner(&now)
		failing := true
		store.Fail = func(op authtest.Op) error {
			if failing && op == c.op {
				return broken
			}
			return nil
		}
		a, browser, err := s.Begin(t.Context(), plainLogin)
		if store.Attempts() != c.stored {
			t.Errorf("%v: %d attempts stored", c.op, store.Attempts())
		}
		if c.op.Name == "PutAttempt" {
			if !errors.Is(err, broken) || a != (auth.Attempt{}) || browser != "" {
				t.Errorf("%v: %v", c.op, err)
			}
			continue
		}
		state := stateOf(t, p, a)
		if got, err := s.Take(t.Context(), state, browser); !errors.Is(err, broken) || got != (auth.Attempt{}) {
			t.Errorf("%v: %v", c.op, err)
		}
		failing = false
		if _, err := s.Take(t.Context(), state, browser); (err == nil) != c.taken {
			t.Errorf("%v, tried again: %v", c.op, err)
		}
	}
}
