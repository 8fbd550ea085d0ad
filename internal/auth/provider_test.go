package auth_test

import (
	"crypto"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"docsvc/internal/auth"
	"docsvc/internal/document"
)

func TestAuthURL(t *testing.T) {
	f := newFakeProvider(t)
	for name, c := range map[string]struct {
		begin  auth.Start
		config func(*auth.Config)
		want   map[string]string
	}{
		"login": {plainLogin, func(*auth.Config) {}, map[string]string{"max_age": "900", "prompt": "", "acr_values": strongACR + " urn:az:sima"}},
		"fresh": {auth.Start{Purpose: auth.PurposeLogin, Fresh: true}, func(*auth.Config) {}, map[string]string{"max_age": "0", "prompt": "login"}},
		"batch": {batch, func(*auth.Config) {}, map[string]string{"max_age": "0", "prompt": "login", "nonce": batch.Nonce}},
		"any":   {plainLogin, func(c *auth.Config) { c.MaxLoginAgeSeconds, c.StrongValues = -1, nil }, map[string]string{"max_age": "", "acr_values": ""}},
		"other": {plainLogin, func(c *auth.Config) { c.StrongClaim, c.Scopes = "loa", []string{"openid", "certificate"} }, map[string]string{"acr_values": "", "scope": "openid certificate"}},
	} {
		_, address := f.begin(f.provider(c.config), c.begin)
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(address, f.server.URL+"/authorize?") {
			t.Errorf("%s: %s", name, address)
		}
		want := map[string]string{
			"response_type": "code", "client_id": clientID, "code_challenge_method": "S256", "redirect_uri": "https://icra.example.az/login/callback",
		}
		for k, v := range c.want {
			want[k] = v
		}
		for k, v := range want {
			if got := u.Query().Get(k); got != v {
				t.Errorf("%s: %s = %q, want %q", name, k, got, v)
			}
		}
		for _, k := range []string{"state", "nonce", "code_challenge"} {
			if len(u.Query().Get(k)) != 43 {
				t.Errorf("%s: %s = %q", name, k, u.Query().Get(k))
			}
		}
	}
	p := f.provider()
	a, address := f.begin(p, plainLogin)
	if strings.Contains(address, a.Verifier) || strings.Contains(address, "s3cret") {
		t.Errorf("the address holds a secret: %s", address)
	}
	if _, err := p.AuthURL(t.Context(), a.Stored()); err == nil {
		t.Error("an address for an attempt that was read from the store")
	}
}

// TestSecretsDiffer: no two attempts share a state, a verifier or a nonce.
func TestSecretsDiffer(t *testing.T) {
	f := newFakeProvider(t)
	p := f.provider()
	seen := map[string]bool{}
	for range 50 {
		a, address := f.begin(p, plainLogin)
		_, state := f.authorize(address)
		for _, secret := range []string{a.Nonce, a.Verifier, state} {
			if seen[secret] {
				t.Fatalf("%s twice", secret)
			}
			seen[secret] = true
		}
	}
}

func TestClientAuthentication(t *testing.T) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(clientID+":s3cret+%26+more")) // RFC 6749, 2.3.1
	for name, c := range map[string]struct {
		methods     []string
		public      bool
		auth, param string
	}{
		"not said":    {nil, false, basic, ""},
		"both":        {[]string{"client_secret_post", "client_secret_basic"}, false, basic, ""},
		"in the form": {[]string{"client_secret_post"}, false, "", clientSecret},
		"public":      {[]string{"none"}, true, "", ""},
	} {
		f := newFakeProvider(t)
		f.metadata = func(m map[string]any) {
			if c.methods != nil {
				m["token_endpoint_auth_methods_supported"] = c.methods
			}
		}
		p := f.provider(func(cfg *auth.Config) {
			if c.public {
				cfg.ClientSecretFile = ""
			}
		})
		if _, err := f.login(p, plainLogin); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if f.lastAuth != c.auth || f.lastForm.Get("client_secret") != c.param || c.auth == "" && f.lastForm.Get("client_id") != clientID {
			t.Errorf("%s: %q, %v", name, f.lastAuth, f.lastForm)
		}
		if n := f.count("/token"); n != 1 {
			t.Errorf("%s: the code was sent %d times", name, n)
		}
	}
}

func TestSecretFile(t *testing.T) {
	f := newFakeProvider(t)
	var file string
	p := f.provider(func(c *auth.Config) { file = c.ClientSecretFile })
	for name, change := range map[string]error{
		"empty":   os.WriteFile(file, []byte(" \n"), 0o600),
		"missing": nil,
	} {
		if name == "missing" {
			change = os.Remove(file)
		}
		if change != nil {
			t.Fatal(change)
		}
		_, err := f.login(p, plainLogin)
		wantKey(t, name, err, document.Unavailable, "error.login.client")
	}
	if err := os.WriteFile(file, []byte("changed"), 0o600); err != nil { // without a restart
		t.Fatal(err)
	}
	if _, err := f.login(p, plainLogin); err != nil {
		t.Error(err)
	}
	if want := "Basic " + base64.StdEncoding.EncodeToString([]byte(clientID+":changed")); f.lastAuth != want {
		t.Errorf("%q", f.lastAuth)
	}
}

func TestTokenEndpointErrors(t *testing.T) {
	reply := func(status int, v any) func(http.ResponseWriter) bool {
		return func(w http.ResponseWriter) bool { writeJSON(w, status, v); return true }
	}
	oauthError := func(code string) map[string]any {
		return map[string]any{"error": code, "error_description": strings.Repeat("x", 5000)}
	}
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter) bool
		kind   document.Kind
		key    string
	}{
		"code used":             {reply(400, oauthError("invalid_grant")), document.Conflict, "error.login.state"},
		"client unknown":        {reply(401, oauthError("invalid_client")), document.Unavailable, "error.login.client"},
		"error with status 200": {reply(200, oauthError("invalid_grant")), document.Conflict, "error.login.state"},
		"refused, no reason":    {reply(403, "no"), document.Unavailable, "error.login.client"},
		"out of order":          {reply(503, map[string]any{}), document.Unavailable, "error.login.unreachable"},
		"too many requests":     {reply(429, map[string]any{}), document.Unavailable, "error.login.unreachable"},
		"not JSON":              {func(w http.ResponseWriter) bool { _, _ = w.Write([]byte("<html>")); return true }, document.Unavailable, "error.login.unreachable"},
		"no access token":       {reply(200, map[string]any{"id_token": "x"}), document.Unavailable, "error.login.unreachable"},
		"no ID token":           {reply(200, map[string]any{"access_token": "x"}), document.Forbidden, "error.login.token"},
		"ID token a number":     {reply(200, map[string]any{"access_token": "x", "id_token": 7}), document.Forbidden, "error.login.token"},
		"two megabytes":         {reply(200, map[string]any{"access_token": "x", "x": strings.Repeat("x", 2<<20)}), document.Unavailable, "error.login.unreachable"},
		"cut":                   {func(w http.ResponseWriter) bool { cutOff(w, nil); return true }, document.Unavailable, "error.login.unreachable"},
		"redirect elsewhere": {func(w http.ResponseWriter) bool {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(307)
			return true
		}, document.Unavailable, "error.login.unreachable"},
	} {
		f := newFakeProvider(t)
		f.answer = c.answer
		_, err := f.login(f.provider(), plainLogin)
		wantKey(t, name, err, c.kind, c.key)
		if err != nil && (len(err.Error()) > 600 || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("%s: %v", name, err)
		}
		if n := f.count("/token"); n != 1 {
			t.Errorf("%s: the code was sent %d times", name, n)
		}
		if f.count("/elsewhere") != 0 {
			t.Errorf("%s: the code was sent elsewhere", name)
		}
	}
}

// TestCodeOfAnother: a code that was obtained for one attempt is worth nothing
// in another (PKCE), and nothing twice.
func TestCodeOfAnother(t *testing.T) {
	f := newFakeProvider(t)
	p := f.provider()
	mine, _ := f.begin(p, plainLogin)
	_, theirs := f.begin(p, plainLogin)
	code, _ := f.authorize(theirs)
	_, err := p.Exchange(t.Context(), mine, code)
	wantKey(t, "code of another", err, document.Conflict, "error.login.state")
	a, address := f.begin(p, plainLogin)
	code, _ = f.authorize(address)
	if _, err := p.Exchange(t.Context(), a, code); err != nil {
		t.Error(err)
	}
	_, err = p.Exchange(t.Context(), a, code)
	wantKey(t, "code twice", err, document.Conflict, "error.login.state")
	for name, code := range map[string]string{"no code": "", "long code": strings.Repeat("x", 3000)} {
		_, err := p.Exchange(t.Context(), a, code)
		wantKey(t, name, err, document.Invalid, "error.login.callback")
	}
}

// TestKeyRotation: a new key is found by itself; a key that was withdrawn is
// trusted for an hour at the longest.
func TestKeyRotation(t *testing.T) {
	f := newFakeProvider(t)
	p := f.provider()
	old := f.mint
	if _, err := f.login(p, plainLogin); err != nil {
		t.Fatal(err)
	}
	f.publish(map[string]*rsa.PrivateKey{"rsa-2": keys().rsa2})
	f.mint = func(c map[string]any) string {
		return sign(map[string]any{"alg": "RS256", "kid": "rsa-2"}, c, keys().rsa2)
	}
	if _, err := f.login(p, plainLogin); err != nil {
		t.Errorf("new key: %v", err)
	}
	if n := f.count("/keys"); n != 2 {
		t.Errorf("keys fetched %d times", n)
	}
	f.mint = old
	_, err := f.login(p, plainLogin)
	wantKey(t, "withdrawn key, the new one being known", err, document.Forbidden, "error.login.token")

	f = newFakeProvider(t)
	p = f.provider()
	if _, err := f.login(p, plainLogin); err != nil {
		t.Fatal(err)
	}
	f.publish(map[string]*rsa.PrivateKey{"rsa-2": keys().rsa2})
	f.pass(time.Hour)
	_, err = f.login(p, plainLogin)
	wantKey(t, "withdrawn key an hour later", err, document.Forbidden, "error.login.token")
}

func (f *fakeProvider) publish(list map[string]*rsa.PrivateKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.published = map[string]crypto.PublicKey{}
	for kid, k := range list {
		f.published[kid] = k.Public()
	}
}

// TestKeysUnavailable: keys that cannot be had are not a forged token.
func TestKeysUnavailable(t *testing.T) {
	for name, page := range map[string]func(http.ResponseWriter) bool{
		"out of order": func(w http.ResponseWriter) bool { http.Error(w, "x", 500); return true },
		"not found":    func(w http.ResponseWriter) bool { http.Error(w, "x", 404); return true },
		"not JSON":     func(w http.ResponseWriter) bool { _, _ = fmt.Fprint(w, "<html>"); return true },
		"cut":          func(w http.ResponseWriter) bool { cutOff(w, nil); return true },
		"endless":      func(w http.ResponseWriter) bool { endless(w, nil); return true },
	} {
		f := newFakeProvider(t)
		f.keysPage = page
		p := f.provider()
		_, err := f.login(p, plainLogin)
		wantKey(t, name, err, document.Unavailable, "error.login.unreachable")
		f.keysPage = nil
		if _, err := f.login(p, plainLogin); err != nil {
			t.Errorf("%s, mended: %v", name, err)
		}
	}
	f := newFakeProvider(t)
	f.keysPage = func(w http.ResponseWriter) bool { writeJSON(w, 200, map[string]any{"keys": []any{}}); return true }
	_, err := f.login(f.provider(), plainLogin)
	wantKey(t, "no keys", err, document.Forbidden, "error.login.token")
}
