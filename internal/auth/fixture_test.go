package auth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"docsvc/internal/auth"
	"docsvc/internal/document"
	"docsvc/internal/i18n"
)

const (
	clientID     = "docsvc"
	clientSecret = "s3cret & more"
	strongACR    = "urn:az:asan"
)

// start is where the clock of each test stands, with a part of a second.
var start = time.Date(2026, 11, 22, 9, 30, 15, 123456789, time.UTC)

// keys of the fake provider, made once.
var keys = sync.OnceValue(func() (k struct {
	rsa, rsa2 *rsa.PrivateKey
	p256      *ecdsa.PrivateKey
	p384      *ecdsa.PrivateKey
}) {
	var errs [4]error
	k.rsa, errs[0] = rsa.GenerateKey(rand.Reader, 2048)
	k.rsa2, errs[1] = rsa.GenerateKey(rand.Reader, 2048)
	k.p256, errs[2] = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	k.p384, errs[3] = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err := errors.Join(errs[:]...); err != nil {
		panic(err)
	}
	return k
})

// fakeProvider is a provider of one person that does whatever a test wants.
type fakeProvider struct {
	t      *testing.T
	server *httptest.Server

	mu        sync.Mutex
	now       time.Time
	down      bool
	published map[string]crypto.PublicKey
	grants    map[string]url.Values // of the authorization request, by code
	calls     map[string]int
	lastAuth  string // Authorization header of the last token request
	lastForm  url.Values

	// What a test changes.
	metadata func(map[string]any)
	claims   func(map[string]any)
	mint     func(claims map[string]any) string
	answer   func(http.ResponseWriter) bool // of the token endpoint, true when it answered
	keysPage func(http.ResponseWriter) bool
}

func newFakeProvider(t *testing.T) *fakeProvider {
	f := &fakeProvider{
		t: t, now: start, grants: map[string]url.Values{}, calls: map[string]int{},
		published: map[string]crypto.PublicKey{"rsa": keys().rsa.Public(), "p256": keys().p256.Public(), "p384": keys().p384.Public()},
	}
	f.mint = func(c map[string]any) string {
		return sign(map[string]any{"alg": "RS256", "kid": "rsa"}, c, keys().rsa)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", f.serveMetadata)
	mux.HandleFunc("GET /keys", f.serveKeys)
	mux.HandleFunc("POST /token", f.serveToken)
	f.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.calls[r.URL.Path]++
		down := f.down
		f.mu.Unlock()
		if down {
			http.Error(w, "out of order", http.StatusBadGateway)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(f.server.Close)
	return f
}

func (f *fakeProvider) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fakeProvider) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func (f *fakeProvider) setDown(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

func (f *fakeProvider) count(path string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[path]
}

// config is docsvc's at this provider.
func (f *fakeProvider) config() auth.Config {
	dir := f.t.TempDir()
	secret, ca := filepath.Join(dir, "secret"), filepath.Join(dir, "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: f.server.Certificate().Raw}
	if err := errors.Join(os.WriteFile(secret, []byte(clientSecret+"\n"), 0o600), os.WriteFile(ca, pem.EncodeToMemory(block), 0o600)); err != nil {
		f.t.Fatal(err)
	}
	return auth.Config{
		Issuer: f.server.URL, ClientID: clientID, ClientSecretFile: secret, CAFile: ca,
		StrongValues: []string{strongACR, "urn:az:sima"}, RedirectURL: "https://icra.example.az/login/callback",
	}
}

// provider is docsvc's view of f, by a changed configuration.
func (f *fakeProvider) provider(change ...func(*auth.Config)) *auth.Provider {
	f.t.Helper()
	c := f.config()
	for _, ch := range change {
		ch(&c)
	}
	if err := c.Validate(false); err != nil {
		f.t.Fatal(err)
	}
	p, err := auth.New(c, f.clock)
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

func (f *fakeProvider) serveMetadata(w http.ResponseWriter, _ *http.Request) {
	m := map[string]any{
		"issuer": f.server.URL, "authorization_endpoint": f.server.URL + "/authorize", "token_endpoint": f.server.URL + "/token",
		"jwks_uri": f.server.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256", "ES256"},
	}
	if f.metadata != nil {
		f.metadata(m)
	}
	writeJSON(w, http.StatusOK, m)
}

func (f *fakeProvider) serveKeys(w http.ResponseWriter, _ *http.Request) {
	if f.keysPage != nil && f.keysPage(w) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []map[string]string
	for kid, key := range f.published {
		list = append(list, jwk(kid, key))
	}
	writeJSON(w, http.StatusOK, map[string]any{"keys": list})
}

func jwk(kid string, key crypto.PublicKey) map[string]string {
	b64 := base64.RawURLEncoding.EncodeToString
	switch k := key.(type) {
	case *rsa.PublicKey:
		return map[string]string{"kty": "RSA", "kid": kid, "use": "sig", "n": b64(k.N.Bytes()), "e": "AQAB"}
	case *ecdsa.PublicKey:
		point, err := k.Bytes()
		if err != nil {
			panic(err)
		}
		half := len(point) / 2
		return map[string]string{"kty": "EC", "kid": kid, "use": "sig", "crv": k.Params().Name, "x": b64(point[1 : 1+half]), "y": b64(point[1+half:])}
	}
	panic("no such key")
}

// authorize is what the person and the browser do: the code for an
// authorization URL.
func (f *fakeProvider) authorize(address string) (code, state string) {
	f.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		f.t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	code = rand.Text()
	f.grants[code] = u.Query()
	return code, u.Query().Get("state")
}

func (f *fakeProvider) serveToken(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		f.t.Error(err)
	}
	f.mu.Lock()
	grant, ok := f.grants[r.Form.Get("code")]
	delete(f.grants, r.Form.Get("code"))
	f.lastAuth, f.lastForm = r.Header.Get("Authorization"), r.Form
	now := f.now
	f.mu.Unlock()
	if f.answer != nil && f.answer(w) {
		return
	}
	sum := sha256.Sum256([]byte(r.Form.Get("code_verifier")))
	if !ok || base64.RawURLEncoding.EncodeToString(sum[:]) != grant.Get("code_challenge") || grant.Get("code_challenge_method") != "S256" ||
		r.Form.Get("redirect_uri") != grant.Get("redirect_uri") {
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant", "error_description": "no such code"})
		return
	}
	c := map[string]any{
		"iss": f.server.URL, "aud": clientID, "sub": "5VBK5VR", "name": "Quliyeva Rəna", "nonce": grant.Get("nonce"),
		"iat": now.Unix(), "exp": now.Add(2 * time.Minute).Unix(), "auth_time": now.Unix(), "acr": strongACR, "amr": []string{"hwk"}, "jti": "token-1",
	}
	if f.claims != nil {
		f.claims(c)
	}
	writeJSON(w, http.StatusOK, map[string]any{"access_token": "access", "token_type": "Bearer", "id_token": f.mint(c)})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(err)
	}
}

// sign makes a JWT by hand: key is a private key, or bytes for a MAC, or nil
// for no signature.
func sign(header, claims map[string]any, key any) string {
	part := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return base64.RawURLEncoding.EncodeToString(data)
	}
	return signText(part(header)+"."+part(claims), header["alg"], key)
}

func signText(text string, alg, key any) string {
	var sig []byte
	var err error
	digest := sha256.Sum256([]byte(text))
	switch k := key.(type) {
	case nil:
	case []byte:
		mac := hmac.New(sha256.New, k)
		mac.Write([]byte(text))
		sig = mac.Sum(nil)
	case *rsa.PrivateKey:
		if alg == "PS256" {
			sig, err = rsa.SignPSS(rand.Reader, k, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		} else {
			sig, err = rsa.SignPKCS1v15(nil, k, crypto.SHA256, digest[:])
		}
	case *ecdsa.PrivateKey:
		hashed, size := digest[:], 32
		if k.Curve == elliptic.P384() {
			long := sha512.Sum384([]byte(text))
			hashed, size = long[:], 48
		}
		r, s, e := ecdsa.Sign(rand.Reader, k, hashed)
		sig, err = make([]byte, 2*size), e
		r.FillBytes(sig[:size])
		s.FillBytes(sig[size:])
	}
	if err != nil {
		panic(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// login is a whole login: begin, provider, callback, finish.
func (f *fakeProvider) login(p *auth.Provider, begin auth.Start) (auth.Identity, error) {
	f.t.Helper()
	a, address := f.begin(p, begin)
	code, state := f.authorize(address)
	c, err := auth.ParseCallback(url.Values{"code": {code}, "state": {state}}.Encode())
	if err != nil {
		f.t.Fatal(err)
	}
	return p.Finish(f.t.Context(), a, c)
}

// begin starts an attempt that is kept nowhere.
func (f *fakeProvider) begin(p *auth.Provider, begin auth.Start) (auth.Attempt, string) {
	f.t.Helper()
	a, err := auth.NewAttempt(begin, f.clock(), nil)
	if err != nil {
		f.t.Fatal(err)
	}
	address, err := p.AuthURL(f.t.Context(), a)
	if err != nil {
		f.t.Fatal(err)
	}
	return a, address
}

var (
	plainLogin = auth.Start{Purpose: auth.PurposeLogin}
	batch      = auth.Start{
		Purpose: auth.PurposeAuthorise, Authorisation: "019f0000-0000-7000-8000-000000000001", Login: "r.quliyeva",
		Nonce: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
	}
)

// wantKey holds an error to its message, which must be in the catalogues.
func wantKey(t *testing.T, what string, err error, kind document.Kind, key string) {
	t.Helper()
	e, ok := errors.AsType[*document.Error](err)
	if !ok || e.Key != key || e.Kind != kind || !i18n.Has(key) {
		t.Errorf("%s: %v (%s), want %s %s", what, err, document.KindOf(err), kind, key)
	}
}

func with(m map[string]any, name string, value any) map[string]any {
	m = maps.Clone(m)
	m[name] = value
	return m
}
