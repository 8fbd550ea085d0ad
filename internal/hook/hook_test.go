package hook_test

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/hook"
)

// memory is what a sender needs of the register: one webhook and deliveries.
type memory struct {
	document.Tx
	mu    sync.Mutex
	hook  document.Webhook
	list  map[string]*document.Message
	claim int
}

func (m *memory) View(ctx context.Context, fn func(document.Tx) error) error {
	return m.Update(ctx, fn)
}
func (m *memory) Update(_ context.Context, fn func(document.Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return fn(m)
}

func (m *memory) Webhooks(context.Context) ([]document.Webhook, error) {
	return []document.Webhook{m.hook}, nil
}

func (m *memory) ClaimMessages(_ context.Context, now, again time.Time, _ int) ([]document.Message, error) {
	m.claim++
	var list []document.Message
	for _, d := range m.list {
		if d.State == document.MessageWaiting && !d.NextAt.After(now) {
			d.Attempts, d.NextAt = d.Attempts+1, again
			list = append(list, *d)
		}
	}
	return list, nil
}

func (m *memory) SettleMessage(_ context.Context, d document.Message) error {
	if old := m.list[d.ID]; old.Attempts != d.Attempts || old.State != document.MessageWaiting {
		return document.ErrStale
	}
	m.list[d.ID] = &d
	return nil
}

type secrets struct{}

func (secrets) WebhookSecret(_ context.Context, kid, id string) ([]byte, string, error) {
	sum := sha256.Sum256([]byte(kid + id))
	return sum[:], kid, nil
}

// sender delivers one message to a receiver on this machine, which Networks
// must allow.
func sender(t *testing.T, handler http.HandlerFunc, networks ...string) (*hook.Sender, *memory, *time.Time) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	m := &memory{
		hook: document.Webhook{ID: "w", KID: "k", URL: server.URL + "/hook"},
		list: map[string]*document.Message{"d": {ID: "d", WebhookID: "w", Body: []byte(`{"a":"ə"}`), State: document.MessageWaiting, NextAt: now}},
	}
	s := &hook.Sender{Store: m, Secrets: secrets{}, Roots: roots, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
	for _, n := range networks {
		s.Networks = append(s.Networks, netip.MustParsePrefix(n))
	}
	return s, m, &now
}

func once(t *testing.T, s *hook.Sender) {
	t.Helper()
	if _, err := s.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestSigned: the receiver can check who sent the message, and that it is new.
func TestSigned(t *testing.T) {
	var header http.Header
	var body []byte
	s, m, now := sender(t, func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusNoContent)
	}, "127.0.0.0/8")
	once(t, s)
	d := m.list["d"]
	if d.State != document.MessageDelivered || d.Status != 204 || d.Error != "" || !d.DoneAt.Equal(*now) {
		t.Errorf("%+v", d)
	}
	secret, _, _ := secrets{}.WebhookSecret(t.Context(), "k", "w")
	at, err := strconv.ParseInt(header.Get("Webhook-Timestamp"), 10, 64)
	if err != nil || header.Get("Webhook-Signature") != hook.Sign(secret, "d", time.Unix(at, 0), body) || header.Get("Webhook-Id") != "d" {
		t.Errorf("%v %v", header, err)
	}
	once(t, s)
	if m.list["d"].Attempts != 1 {
		t.Error("it is delivered again")
	}
}

// TestSignVector holds the signature to one that another program made (Python, hmac).
func TestSignVector(t *testing.T) {
	got := hook.Sign([]byte("0123456789abcdef0123456789abcdef"), "msg_1", time.Unix(1700000000, 0), []byte(`{"test":1}`))
	if want := "v1,Z+/TRcXAirX5gV0lZDxYDworZp4nz0pFaG7DaqldHw0="; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestTriedAgain: with growing pauses, and then given up.
func TestTriedAgain(t *testing.T) {
	calls := 0
	s, m, now := sender(t, func(w http.ResponseWriter, _ *http.Request) {
		calls++
		w.WriteHeader(http.StatusInternalServerError)
	}, "127.0.0.0/8")
	pause := time.Duration(0)
	for range 9 {
		once(t, s)
		d := m.list["d"]
		next := d.NextAt.Sub(*now)
		if d.State != document.MessageWaiting || d.Status != 500 || next <= pause || !strings.Contains(d.Error, "500") {
			t.Fatalf("after %d: %+v", calls, d)
		}
		once(t, s) // not before it is due
		pause, *now = next, d.NextAt
	}
	once(t, s)
	if d := m.list["d"]; calls != 10 || d.State != document.MessageFailed || d.DoneAt.IsZero() {
		t.Errorf("%d calls, %+v", calls, d)
	}
}

func TestHostileReceivers(t *testing.T) {
	for name, c := range map[string]struct {
		handler  http.HandlerFunc
		networks []string
		state    document.MessageState
		status   int
		wants    string
	}{
		"private address": {func(http.ResponseWriter, *http.Request) { t.Error("it was called") }, nil, document.MessageWaiting, 0, "not a public address"},
		"another network": {func(http.ResponseWriter, *http.Request) { t.Error("it was called") }, []string{"10.0.0.0/8"}, document.MessageWaiting, 0, "not a public address"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/hook" {
				t.Error("the redirect was followed")
			}
			http.Redirect(w, r, "/other", http.StatusTemporaryRedirect)
		}, []string{"127.0.0.0/8"}, document.MessageWaiting, 307, "307"},
		"gone": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }, []string{"127.0.0.0/8"}, document.MessageFailed, 410, "410"},
		"endless answer": {func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := fmt.Fprint(w, strings.Repeat("x", 1<<16)); err != nil {
					return
				}
			}
		}, []string{"127.0.0.0/8"}, document.MessageDelivered, 200, ""},
		"huge header": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 1<<20))
		}, []string{"127.0.0.0/8"}, document.MessageWaiting, 0, "header"},
	} {
		t.Run(name, func(t *testing.T) {
			s, m, _ := sender(t, c.handler, c.networks...)
			once(t, s)
			if d := m.list["d"]; d.State != c.state || d.Status != c.status || !strings.Contains(d.Error, c.wants) {
				t.Errorf("%+v", d)
			}
		})
	}
	t.Run("unknown certificate", func(t *testing.T) {
		s, m, _ := sender(t, func(http.ResponseWriter, *http.Request) { t.Error("it was called") }, "127.0.0.0/8")
		s.Roots = x509.NewCertPool()
		once(t, s)
		if d := m.list["d"]; !strings.Contains(d.Error, "certificate") {
			t.Errorf("%+v", d)
		}
	})
	t.Run("no webhook", func(t *testing.T) {
		s, m, _ := sender(t, func(http.ResponseWriter, *http.Request) {})
		m.hook.Disabled = true
		once(t, s)
		if m.claim != 0 {
			t.Error("an idle service writes")
		}
	})
}
