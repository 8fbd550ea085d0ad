package vault

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/testservers"
)

// TestSignatureLost: what becomes of the one call that signs, when the network
// or Vault fails. The key is refused only where Vault's own log shows that it
// was not used, and no call is ever made twice.
func TestSignatureLost(t *testing.T) {
	w := newWorld(t)
	proxy := testservers.HTTPProxy(t, strings.TrimPrefix(w.server.Address, "http://"))
	c := w.config
	c.Address, c.Timeout = "http://"+proxy.Addr, time.Second
	client := newClient(t, c)
	subject, keyID := w.officer(t, TypeP256)
	path := "transit/sign/officer-" + subject + "/sha2-256"
	answer := func(results string) testservers.Fault {
		return testservers.Fault{Mode: testservers.Answer, Status: 200, Body: `{"request_id":"r","data":{"batch_results":[` + results + `]}}`}
	}
	for _, row := range []struct {
		name    string
		fault   testservers.Fault
		refused bool // the key was certainly not used
		down    bool // ErrUnavailable
		used    int  // by Vault's audit log
	}{
		{"works", testservers.Fault{}, false, false, 1},
		{"answer lost", testservers.Fault{Mode: testservers.DropAnswer}, false, true, 1},
		{"answer cut", testservers.Fault{Mode: testservers.Cut, Bytes: 100}, false, true, 1},
		{"answer too late", testservers.Fault{Mode: testservers.Slow, Bytes: 20}, false, true, 1},
		{"silence", testservers.Fault{Mode: testservers.Blackhole}, false, true, 0},
		{"connection reset", testservers.Fault{Mode: testservers.Refuse}, false, true, 0},
		{"a proxy's 502", testservers.Fault{Mode: testservers.Answer, Status: 502, Body: "bad gateway"}, false, true, 0},
		{"a proxy's 503", testservers.Fault{Mode: testservers.Answer, Status: 503, Body: "no server"}, false, true, 0},
		{"sealed", testservers.Fault{Mode: testservers.Answer, Status: 503, Body: `{"errors":["Vault is sealed"]}`}, true, true, 0},
		{"no active server", testservers.Fault{Mode: testservers.Answer, Status: 500, Body: `{"errors":["local node not active but active cluster node not found"]}`}, false, true, 0},
		{"too many requests", testservers.Fault{Mode: testservers.Answer, Status: 429, Body: `{"errors":["request path \"x\": rate limit quota exceeded"]}`}, true, true, 0},
		{"sent elsewhere", testservers.Fault{Mode: testservers.Answer, Status: 307}, true, true, 0},
		{"not Vault: empty", testservers.Fault{Mode: testservers.Answer, Status: 200}, false, false, 0},
		{"not Vault: a page", testservers.Fault{Mode: testservers.Answer, Status: 200, Body: "<html>"}, false, true, 0},
		{"not Vault: other JSON", testservers.Fault{Mode: testservers.Answer, Status: 200, Body: `{"data":{"signature":"vault:v1:AAAA"}}`}, false, false, 0},
		{"another version of the key", answer(`{"signature":"vault:v2:AAAA"},{"signature":"vault:v2:AAAA"}`), false, false, 0},
		{"one of two not signed", answer(`{"signature":"vault:v1:AAAA"},{"error":"internal"}`), false, false, 0},
		{"one signature too few", answer(`{"signature":"vault:v1:AAAA"}`), false, false, 0},
		{"one signature too many", answer(`{"signature":"vault:v1:AAAA"},{"signature":"vault:v1:AAAA"},{"signature":"vault:v1:AAAA"}`), false, false, 0},
		{"no base64", answer(`{"signature":"vault:v1:AAAA"},{"signature":"vault:v1:A=A"}`), false, false, 0},
		{"empty signature", answer(`{"signature":"vault:v1:AAAA"},{"signature":"vault:v1:"}`), false, false, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			k, err := client.Unlock(t.Context(), w.issuer.token(t, subject, nil), keyID)
			if err != nil {
				t.Fatal(err)
			}
			before := w.answered(t, path)
			row.fault.On = "/sign/"
			proxy.Set(row.fault)
			values, _, err := k.Sign(t.Context(), digests(2), crypto.SHA256)
			asked := proxy.Reached("/sign/")
			proxy.Set(testservers.Fault{})
			used := w.answered(t, path) - before
			t.Logf("refused %v, unavailable %v, used %d, reached Vault %d: %v",
				errors.Is(err, document.ErrKeyRefused), errors.Is(err, ErrUnavailable), used, asked, err)
			if row.fault.Mode == testservers.Pass {
				if err != nil || len(values) != 2 {
					t.Fatal(err)
				}
				return
			}
			if err == nil || len(values) != 0 {
				t.Fatalf("%d values, %v", len(values), err)
			}
			if errors.Is(err, document.ErrKeyRefused) != row.refused || errors.Is(err, ErrUnavailable) != row.down {
				t.Errorf("refused %v, unavailable %v", errors.Is(err, document.ErrKeyRefused), errors.Is(err, ErrUnavailable))
			}
			if used != row.used || asked > 1 {
				t.Errorf("Vault signed %d times, want %d; asked %d times", used, row.used, asked)
			}
			if row.refused && used != 0 {
				t.Error("the key was used and is said not to have been")
			}
			if strings.Contains(err.Error(), k.token) {
				t.Error("the token is in the error")
			}
			// Whatever happened, the token is dead: revoked, or without uses left.
			if err := w.lookup(t, k.token); err == nil {
				t.Error("the token lives on")
			}
		})
	}
}

// TestSignatureDoubled: a network that repeats the call spends the token's
// second use on the same digests. Vault's log shows both, docsvc knows of one.
func TestSignatureDoubled(t *testing.T) {
	w := newWorld(t)
	proxy := testservers.HTTPProxy(t, strings.TrimPrefix(w.server.Address, "http://"))
	c := w.config
	c.Address = "http://" + proxy.Addr
	subject, keyID := w.officer(t, TypeP256)
	k, err := newClient(t, c).Unlock(t.Context(), w.issuer.token(t, subject, nil), keyID)
	if err != nil {
		t.Fatal(err)
	}
	proxy.Set(testservers.Fault{Mode: testservers.Duplicate, On: "/sign/"})
	_, use, err := k.Sign(t.Context(), digests(1), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if n := w.answered(t, "transit/sign/officer-"+subject+"/sha2-256"); n != 2 {
		t.Fatalf("signed %d times", n)
	}
	if w.lookup(t, k.token) == nil {
		t.Error("the token lives on")
	}
	log, err := os.Open(w.server.AuditLog)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	uses, _, err := reconcile(log, use)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, u := range uses {
		if u.Key == "officer-"+subject && u.Outcome == UseAnswered {
			found++
		}
	}
	if found != 1 {
		t.Errorf("%d unknown uses, want the repeated one", found)
	}
}

// TestSealed: a Vault that was sealed after the login says so before it does
// anything.
func TestSealed(t *testing.T) {
	w := setUp(t, testservers.NewVault(t, true, false))
	subject, keyID := w.officer(t, TypeP256)
	service := w.identity(t, "service")
	keys, err := w.client.OpenServiceKeys(t.Context(), service)
	if err != nil {
		t.Fatal(err)
	}
	info, err := keys.Current(t.Context(), purposeSeal)
	if err != nil {
		t.Fatal(err)
	}
	k, err := w.client.Unlock(t.Context(), w.issuer.token(t, subject, nil), keyID)
	if err != nil {
		t.Fatal(err)
	}
	w.must(t, w.server.RootToken, "PUT", "sys/seal", nil, nil)
	down := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, ErrUnavailable) || !errors.Is(err, document.ErrKeyRefused) {
			t.Errorf("%s: %v", what, err)
		}
		t.Logf("%s: %v", what, err)
	}
	_, _, err = k.Sign(t.Context(), digests(1), crypto.SHA256)
	down("sign", err)
	_, err = w.client.Unlock(t.Context(), w.issuer.token(t, subject, nil), keyID)
	down("unlock", err)
	_, err = keys.Sign(t.Context(), info.KID, digests(1)[0])
	down("seal", err)
	if h, err := w.client.Health(t.Context()); !errors.Is(err, ErrUnavailable) || !h.Sealed {
		t.Errorf("health: %v", err)
	}
	if _, err := w.client.OpenServiceKeys(t.Context(), service); !errors.Is(err, ErrUnavailable) {
		t.Errorf("open: %v", err)
	}
	if list, err := keys.list(t.Context(), purposeSeal, 0); err != nil || len(list) != 1 {
		t.Errorf("published keys while sealed: %d, %v", len(list), err)
	}
}

// answered counts the answers to a path in Vault's log that are no refusals.
func (w *world) answered(t *testing.T, path string) int {
	t.Helper()
	time.Sleep(20 * time.Millisecond) // an answer that nobody waited for
	n := 0
	for _, e := range w.audited(t, "response", path) {
		if e["error"] == nil {
			n++
		}
	}
	return n
}

// TestLoginFails: without a login no key is used, and nothing is left behind.
func TestLoginFails(t *testing.T) {
	w := newWorld(t)
	proxy := testservers.HTTPProxy(t, strings.TrimPrefix(w.server.Address, "http://"))
	c := w.config
	c.Address, c.Timeout = "http://"+proxy.Addr, time.Second
	client := newClient(t, c)
	subject, keyID := w.officer(t, TypeP256)
	other, _ := w.officer(t, TypeP256)
	good := w.issuer.token(t, subject, nil)
	auth := func(format string, args ...any) testservers.Fault {
		return testservers.Fault{Mode: testservers.Answer, Status: 200, Body: fmt.Sprintf(format, args...)}
	}
	for _, row := range []struct {
		name, token, key string
		fault            testservers.Fault
		want             error // beside ErrKeyRefused
	}{
		{"not a key of Vault", good, "file:0102030405060708", testservers.Fault{}, ErrKeyID},
		{"not a token", "abc", keyID, testservers.Fault{}, document.ErrKeyRefused},
		{"an enormous token", strings.Repeat("a", maxIDToken) + ".b.c", keyID, testservers.Fault{}, document.ErrKeyRefused},
		{"another officer's token", w.issuer.token(t, other, nil), keyID, testservers.Fault{}, ErrDenied},
		{"another audience", w.issuer.token(t, subject, map[string]any{"aud": "x"}), keyID, testservers.Fault{}, ErrDenied},
		{"silence", good, keyID, testservers.Fault{Mode: testservers.Blackhole}, ErrUnavailable},
		{"refused", good, keyID, testservers.Fault{Mode: testservers.Refuse}, ErrUnavailable},
		{"answer lost", good, keyID, testservers.Fault{Mode: testservers.DropAnswer}, ErrUnavailable},
		{"sealed", good, keyID, testservers.Fault{Mode: testservers.Answer, Status: 503, Body: `{"errors":["Vault is sealed"]}`}, ErrUnavailable},
		{"no token in the answer", good, keyID, auth(`{"auth":{}}`), ErrAnswer},
		{"a token with a line break", good, keyID, auth(`{"auth":{"client_token":"a\nb","lease_duration":60,"metadata":{"subject":%q}}}`, subject), ErrAnswer},
		{"a token for long", good, keyID, auth(`{"auth":{"client_token":"a","lease_duration":3600,"metadata":{"subject":%q}}}`, subject), ErrSetup},
		{"a token for ever", good, keyID, auth(`{"auth":{"client_token":"a","lease_duration":0,"metadata":{"subject":%q}}}`, subject), ErrSetup},
		{"nobody's token", good, keyID, auth(`{"auth":{"client_token":"a","lease_duration":60}}`), ErrSetup},
		{"the token comes back in the error", good, keyID, testservers.Fault{Mode: testservers.Answer, Status: 400, Body: fmt.Sprintf(`{"errors":[%q]}`, "jwt "+good)}, ErrDenied},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.fault.On = "/login"
			proxy.Set(row.fault)
			defer proxy.Set(testservers.Fault{})
			_, err := client.Unlock(t.Context(), row.token, row.key)
			t.Log(err)
			if !errors.Is(err, document.ErrKeyRefused) || !errors.Is(err, row.want) {
				t.Errorf("want %v", row.want)
			}
			if err != nil && strings.Contains(err.Error(), good) {
				t.Error("the ID token is in the error")
			}
		})
	}
}

// TestRevocationFails: it is logged, and the signature counts.
func TestRevocationFails(t *testing.T) {
	w := newWorld(t)
	proxy := testservers.HTTPProxy(t, strings.TrimPrefix(w.server.Address, "http://"))
	var log strings.Builder
	c := w.config
	c.Address, c.Log = "http://"+proxy.Addr, slog.New(slog.NewTextHandler(&log, nil))
	subject, keyID := w.officer(t, TypeP256)
	k, err := newClient(t, c).Unlock(t.Context(), w.issuer.token(t, subject, nil), keyID)
	if err != nil {
		t.Fatal(err)
	}
	proxy.Set(testservers.Fault{Mode: testservers.Refuse, On: "revoke-self"})
	if _, _, err := k.Sign(t.Context(), digests(1), crypto.SHA256); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "was not revoked") || strings.Contains(log.String(), k.token) {
		t.Errorf("log: %s", log.String())
	}
}

// TestCancelled: an officer who goes away before the call has not signed, and
// the login is given up all the same.
func TestCancelled(t *testing.T) {
	w := newWorld(t)
	subject, keyID := w.officer(t, TypeP256)
	k, err := w.client.Unlock(t.Context(), w.issuer.token(t, subject, nil), keyID)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := k.Sign(ctx, digests(1), crypto.SHA256); !errors.Is(err, document.ErrKeyRefused) {
		t.Error(err)
	}
	if w.lookup(t, k.token) == nil {
		t.Error("the token lives on")
	}
	k, err = w.client.Unlock(t.Context(), w.issuer.token(t, subject, nil), keyID)
	if err != nil {
		t.Fatal(err)
	}
	k.Close(ctx)
	k.Close(ctx)
	if w.lookup(t, k.token) == nil {
		t.Error("closed, and the token lives on")
	}
}

// TestNobodyThere: a server that does not listen has done nothing.
func TestNobodyThere(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	c := newClient(t, Config{Address: gone.URL})
	_, err := c.call(t.Context(), request{op: "sign", write: true, path: "transit/sign/x"})
	if !errors.Is(err, document.ErrKeyRefused) || !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	if _, err := c.Health(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
}
