package vault

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"docsvc/internal/testservers"
)

// clock is a time that a test moves.
type clock struct {
	sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.Lock()
	defer c.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.Lock()
	defer c.Unlock()
	c.now = c.now.Add(d)
}

// timed is a service identity with a clock, and a count of its calls.
func (w *world) timed(t *testing.T) (*Identity, *clock, func(op string) int) {
	t.Helper()
	at := &clock{now: time.Now()}
	var mu sync.Mutex
	calls := map[string]int{}
	c := w.config
	c.Now = at.Now
	c.Observe = func(op string, _ time.Duration, _ error) {
		mu.Lock()
		defer mu.Unlock()
		calls[op]++
	}
	count := func(op string) int {
		mu.Lock()
		defer mu.Unlock()
		n := calls[op]
		calls[op] = 0
		return n
	}
	return w.identityOf(t, newClient(t, c), "service"), at, count
}

func ping(ctx context.Context, i *Identity) error {
	_, err := readKey(ctx, i, servicePrefix+purposeSeal)
	return err
}

func TestIdentityRenews(t *testing.T) {
	w := newWorld(t)
	i, at, calls := w.timed(t)
	for _, step := range []struct {
		name          string
		after         time.Duration
		login, renews int
	}{
		{"first use", 0, 1, 0},
		{"soon after", time.Minute, 0, 0},
		{"after two thirds of its 30 minutes", 20 * time.Minute, 0, 1},
		{"soon after that", time.Minute, 0, 0},
		{"after its end", time.Hour, 1, 0},
	} {
		at.add(step.after)
		if err := ping(t.Context(), i); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if l, r := calls("login"), calls("renew"); l != step.login || r != step.renews {
			t.Errorf("%s: %d logins, %d renewals, want %d and %d", step.name, l, r, step.login, step.renews)
		}
	}
}

// TestIdentityManyAtOnce: one logs in, the others wait for it.
func TestIdentityManyAtOnce(t *testing.T) {
	w := newWorld(t)
	i, at, calls := w.timed(t)
	all := func() {
		t.Helper()
		errs := make(chan error)
		for range 20 {
			go func() { errs <- ping(t.Context(), i) }()
		}
		for range 20 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	}
	all()
	if l := calls("login"); l != 1 {
		t.Errorf("%d logins", l)
	}
	at.add(25 * time.Minute)
	all()
	if l, r := calls("login"), calls("renew"); l != 0 || r != 1 {
		t.Errorf("%d logins, %d renewals", l, r)
	}
}

func TestIdentityAfterItsTokenWasRevoked(t *testing.T) {
	w := newWorld(t)
	i, at, calls := w.timed(t)
	token := tokenOf(t, i)
	w.must(t, w.server.RootToken, "PUT", "auth/token/revoke", map[string]any{"token": token}, nil)
	at.add(loginPause)
	calls("login")
	if err := ping(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	if l := calls("login"); l != 1 {
		t.Errorf("%d logins", l)
	}
	// What the policy forbids is no reason to log in again and again.
	for range 5 {
		if _, err := readKey(t.Context(), i, "x/config"); !errors.Is(err, ErrDenied) {
			t.Error(err)
		}
	}
	if l := calls("login"); l != 0 {
		t.Errorf("%d logins for what is forbidden", l)
	}
	if err := i.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := ping(t.Context(), i); err != nil {
		t.Errorf("after Close: %v", err)
	}
}

func TestIdentityWhileVaultIsAway(t *testing.T) {
	w := newWorld(t)
	proxy := testservers.HTTPProxy(t, strings.TrimPrefix(w.server.Address, "http://"))
	at := &clock{now: time.Now()}
	c := w.config
	c.Address, c.Timeout, c.Now, c.Log = "http://"+proxy.Addr, time.Second, at.Now, slog.New(slog.DiscardHandler)
	i := w.identityOf(t, newClient(t, c), "service")
	token := tokenOf(t, i)
	proxy.Set(testservers.Fault{Mode: testservers.Refuse})
	at.add(25 * time.Minute) // time to renew, and the token is still good
	if again, err := i.current(t.Context()); err != nil || again != token {
		t.Errorf("%v", err)
	}
	at.add(time.Hour)
	if err := ping(t.Context(), i); !errors.Is(err, ErrUnavailable) {
		t.Errorf("%v", err)
	}
	proxy.Set(testservers.Fault{})
	if err := ping(t.Context(), i); err != nil {
		t.Errorf("Vault is back: %v", err)
	}
}

func TestIdentityOfATokenFile(t *testing.T) {
	w := newWorld(t)
	at := &clock{now: time.Now()}
	c := w.config
	c.Now = at.Now
	client := newClient(t, c)
	dir := t.TempDir()
	path := file(t, dir, "token", w.policyToken(t, policyService))
	i, err := client.Identity("agent", Credential{TokenFile: path})
	if err != nil {
		t.Fatal(err)
	}
	first := tokenOf(t, i)
	file(t, dir, "token", w.policyToken(t, policyService)) // the agent has a new one
	if tokenOf(t, i) != first {
		t.Error("the file is read at each use")
	}
	at.add(reread + time.Second)
	if tokenOf(t, i) == first {
		t.Error("the new token was not seen")
	}
	second := tokenOf(t, i)
	w.must(t, w.server.RootToken, "PUT", "auth/token/revoke", map[string]any{"token": second}, nil)
	if err := ping(t.Context(), i); !errors.Is(err, ErrDenied) {
		t.Errorf("a dead token: %v", err)
	}
	file(t, dir, "token", first) // refused, so the file is looked at before its time
	if err := ping(t.Context(), i); err != nil {
		t.Errorf("the agent has brought another: %v", err)
	}
	if err := i.Close(t.Context()); err != nil || w.lookup(t, first) != nil {
		t.Errorf("the agent's token was revoked: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	at.add(time.Hour)
	if err := ping(t.Context(), i); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestIdentityRefuses(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	good := file(t, dir, "role", w.login["service"].RoleID)
	for name, cred := range map[string]Credential{
		"nothing": {}, "half": {RoleIDFile: good}, "other half": {SecretIDFile: good},
		"both": {RoleIDFile: good, SecretIDFile: good, TokenFile: good},
	} {
		if _, err := w.client.Identity("x", cred); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	open := file(t, dir, "open", "s.x")
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path, want string
	}{
		"missing":       {filepath.Join(dir, "none"), "no such file"},
		"open to all":   {open, "chmod"},
		"empty":         {file(t, dir, "empty", ""), "one line"},
		"two lines":     {file(t, dir, "two", "a\nb"), "one line"},
		"too long":      {file(t, dir, "long", strings.Repeat("a", maxCredential+1)), "more than"},
		"not printable": {file(t, dir, "bin", "a\x00b"), "one line"},
		"wrong secret":  {file(t, dir, "wrong", "00000000-0000-0000-0000-000000000000"), "invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			i, err := w.client.Identity("x", Credential{RoleIDFile: good, SecretIDFile: c.path})
			if err != nil {
				t.Fatal(err)
			}
			err = ping(t.Context(), i)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if name == "wrong secret" && (!errors.Is(err, ErrDenied) || strings.Contains(err.Error(), "00000000-0000")) {
				t.Errorf("%v", err)
			}
		})
	}
}
