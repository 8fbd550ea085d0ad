package testservers

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

const callback = "http://127.0.0.1:8080/login/callback"

// relying is a client of the provider, made of the standard library alone.
type relying struct {
	t         *testing.T
	server    *OIDCServer
	id        string
	secret    string
	discovery struct {
		Issuer                string   `json:"issuer"`
		AuthorizationEndpoint string   `json:"authorization_endpoint"`
		TokenEndpoint         string   `json:"token_endpoint"`
		JWKS                  string   `json:"jwks_uri"`
		EndSessionEndpoint    string   `json:"end_session_endpoint"`
		Algorithms            []string `json:"id_token_signing_alg_values_supported"`
		ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	}
}

func newRelying(t *testing.T, o OIDCOptions) *relying {
	t.Helper()
	o.RedirectURIs = []string{callback}
	server := OIDC(t, o)
	r := &relying{t: t, server: server, id: server.ClientID, secret: server.ClientSecret}
	r.get(server.Issuer+"/.well-known/openid-configuration", &r.discovery)
	if r.discovery.Issuer != server.Issuer || !slices.Equal(r.discovery.ChallengeMethods, []string{"S256"}) {
		t.Errorf("discovery: %+v", r.discovery)
	}
	return r
}

func (r *relying) get(at string, answer any) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, at, http.NoBody)
	if err != nil {
		r.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		r.t.Fatalf("%s: %s: %v", at, response.Status, err)
	}
}

const verifier = "a-verifier-of-at-least-43-characters-as-RFC-7636-asks"

// ask is an authorization URL; more replaces or, if empty, removes parameters.
func (r *relying) ask(more map[string]string) string {
	challenge := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"client_id": {r.id}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid profile"},
		"state": {"state-1"}, "nonce": {"nonce-1"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	for key, value := range more {
		q.Set(key, value)
		if value == "" {
			q.Del(key)
		}
	}
	return r.discovery.AuthorizationEndpoint + "?" + q.Encode()
}

// code takes the code from where the provider sends the browser.
func (r *relying) code(redirect string) string {
	r.t.Helper()
	u, err := url.Parse(redirect)
	if err != nil {
		r.t.Fatal(err)
	}
	if u.Query().Get("state") != "state-1" || u.Query().Get("code") == "" {
		r.t.Fatalf("redirected to %s", redirect)
	}
	return u.Query().Get("code")
}

// exchange redeems a code; the error is the provider's.
func (r *relying) exchange(code string, more map[string]string) (idToken, providerError string) {
	r.t.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}}
	if r.secret == "" {
		form.Set("client_id", r.id)
	}
	for key, value := range more {
		form.Set(key, value)
	}
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.discovery.TokenEndpoint, strings.NewReader(form.Encode()))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if r.secret != "" {
		request.SetBasicAuth(r.id, r.secret)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	var answer struct {
		IDToken string `json:"id_token"`
		Error   string `json:"error"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		r.t.Fatalf("%s: %s", response.Status, text)
	}
	return answer.IDToken, answer.Error
}

// claims checks the signature of an ID token with the published keys.
func (r *relying) claims(token string) (kid string, claims map[string]any) {
	r.t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		r.t.Fatalf("token %q", token)
	}
	var header struct{ Alg, Kid string }
	for i, into := range []any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			r.t.Fatal(err)
		}
		if err := json.Unmarshal(text, into); err != nil {
			r.t.Fatal(err)
		}
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		r.t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := checkJWS(r.key(header.Kid), header.Alg, digest[:], signature); err != nil {
		r.t.Errorf("signature of the ID token: %v", err)
	}
	return header.Kid, claims
}

func (r *relying) key(kid string) map[string]string {
	r.t.Helper()
	var set struct{ Keys []map[string]string }
	r.get(r.discovery.JWKS, &set)
	for _, key := range set.Keys {
		if key["kid"] == kid {
			return key
		}
	}
	r.t.Fatalf("no key %s among %d", kid, len(set.Keys))
	return nil
}

func checkJWS(key map[string]string, alg string, digest, signature []byte) error {
	number := func(name string) *big.Int {
		b, _ := base64.RawURLEncoding.DecodeString(key[name]) // a wrong number fails below
		return new(big.Int).SetBytes(b)
	}
	switch alg {
	case "RS256":
		public := &rsa.PublicKey{N: number("n"), E: int(number("e").Int64())}
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest, signature)
	case "ES256":
		public := &ecdsa.PublicKey{Curve: elliptic.P256(), X: number("x"), Y: number("y")}
		if len(signature) != 64 || !ecdsa.Verify(public, digest, new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
			return fmt.Errorf("wrong")
		}
		return nil
	}
	return fmt.Errorf("algorithm %q", alg)
}

// login signs in and returns the claims.
func (r *relying) login(b *OIDCBrowser, login string, more map[string]string) map[string]any {
	r.t.Helper()
	redirect, err := b.Login(r.t.Context(), r.ask(more), login, r.server.Password(login))
	if err != nil {
		r.t.Fatal(err)
	}
	token, fault := r.exchange(r.code(redirect), nil)
	if fault != "" {
		r.t.Fatal(fault)
	}
	_, claims := r.claims(token)
	return claims
}

func (r *relying) browser() *OIDCBrowser {
	r.t.Helper()
	b, err := r.server.NewBrowser()
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

func TestOIDC(t *testing.T) {
	began := time.Now()
	r := newRelying(t, OIDCOptions{})
	t.Logf("provider %s ready after %v", r.server.Version, time.Since(began))
	claims := r.login(r.browser(), "a.aliyev", nil)
	now := float64(time.Now().Unix())
	for name, want := range map[string]any{
		"iss": r.server.Issuer, "sub": "5VBK5VR", "nonce": "nonce-1", "acr": "high", "fin": "5VBK5VR",
		"name": "Əli Əliyev", "preferred_username": "a.aliyev",
	} {
		if claims[name] != want {
			t.Errorf("%s is %v, want %v", name, claims[name], want)
		}
	}
	if fmt.Sprint(claims["aud"], claims["amr"]) != "[docsvc] [pwd otp]" || claims["sid"] == nil {
		t.Errorf("claims %v", claims)
	}
	if exp, _ := claims["exp"].(float64); exp < now+290 || exp > now+301 {
		t.Errorf("it lives until %v, now is %v", exp, now)
	}
	if at, _ := claims["auth_time"].(float64); at < now-5 || at > now {
		t.Errorf("auth_time is %v, now is %v", at, now)
	}
}

// TestOIDCSessions wants a silent second login, and none where the client
// does not want one.
func TestOIDCSessions(t *testing.T) {
	r := newRelying(t, OIDCOptions{Algorithm: "ES256", Life: time.Minute})
	b := r.browser()
	first := r.login(b, "a.aliyev", nil)
	second := r.login(b, "g.agayeva", nil) // nobody asks for the name
	if b.Forms != 1 || second["sub"] != first["sub"] || second["auth_time"] != first["auth_time"] || second["sid"] != first["sid"] {
		t.Errorf("%d forms, then %v", b.Forms, second)
	}
	silent := r.login(b, "", map[string]string{"prompt": "none"})
	if b.Forms != 1 || silent["sub"] != first["sub"] {
		t.Errorf("%d forms, then %v", b.Forms, silent)
	}
	time.Sleep(1100 * time.Millisecond) // the claim has seconds
	if kept := r.login(b, "a.aliyev", map[string]string{"max_age": "60"}); kept["auth_time"] != first["auth_time"] || b.Forms != 1 {
		t.Errorf("max_age=60: %d forms, %v", b.Forms, kept["auth_time"])
	}
	for i, more := range []map[string]string{{"prompt": "login"}, {"max_age": "0"}, {"max_age": "1"}} {
		if i == 2 {
			time.Sleep(1100 * time.Millisecond)
		}
		fresh := r.login(b, "a.aliyev", more)
		if b.Forms != 2+i || fresh["auth_time"].(float64) <= first["auth_time"].(float64) || fresh["sid"] != first["sid"] {
			t.Errorf("%v: %d forms, then %v after %v", more, b.Forms, fresh["auth_time"], first["auth_time"])
		}
	}
	other := r.login(b, "g.agayeva", map[string]string{"prompt": "login"})
	if other["sub"] != "7ABC1DE" || other["sid"] == first["sid"] {
		t.Errorf("somebody else: %v", other)
	}
	if exp, iat := other["exp"].(float64), other["iat"].(float64); exp-iat != 60 {
		t.Errorf("it lives for %v s", exp-iat)
	}
}

func TestOIDCRefuses(t *testing.T) {
	r := newRelying(t, OIDCOptions{})
	password := r.server.Password("a.aliyev")
	refused := func(more map[string]string) string {
		t.Helper()
		redirect, err := r.server.Login(t.Context(), r.ask(more), "a.aliyev", password)
		if err != nil {
			return "page" // never to an address that is not the client's
		}
		u, err := url.Parse(redirect)
		if err != nil {
			t.Fatal(err)
		}
		return u.Query().Get("error")
	}
	for name, tc := range map[string]struct {
		more map[string]string
		want string
	}{
		"all right":            {nil, ""},
		"unknown client":       {map[string]string{"client_id": "x"}, "page"},
		"another redirect":     {map[string]string{"redirect_uri": callback + "/"}, "page"},
		"another port":         {map[string]string{"redirect_uri": "http://127.0.0.1:8081/login/callback"}, "page"},
		"no PKCE":              {map[string]string{"code_challenge": "", "code_challenge_method": ""}, "invalid_request"},
		"plain PKCE":           {map[string]string{"code_challenge_method": "plain"}, "invalid_request"},
		"implicit":             {map[string]string{"response_type": "id_token"}, "page"},
		"silent without login": {map[string]string{"prompt": "none"}, "login_required"},
	} {
		if got := refused(tc.more); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
	for _, login := range []string{"a.aliyev", "nobody", ""} {
		if redirect, err := r.server.Login(t.Context(), r.ask(nil), login, "wrong"); err == nil {
			t.Errorf("%q with a wrong password is sent to %s", login, redirect)
		}
	}
}

func TestOIDCCodes(t *testing.T) {
	r := newRelying(t, OIDCOptions{})
	fresh := func(ctx context.Context) string {
		t.Helper()
		redirect, err := r.server.Login(ctx, r.ask(nil), "a.aliyev", r.server.Password("a.aliyev"))
		if err != nil {
			t.Fatal(err)
		}
		return r.code(redirect)
	}
	code := fresh(t.Context())
	if _, fault := r.exchange(code, nil); fault != "" {
		t.Fatal(fault)
	}
	if token, fault := r.exchange(code, nil); fault != "invalid_grant" || token != "" {
		t.Errorf("a used code: %q", fault)
	}
	for name, more := range map[string]map[string]string{
		"another verifier": {"code_verifier": verifier + "x"},
		"no verifier":      {"code_verifier": ""},
		"another redirect": {"redirect_uri": callback + "/"},
	} {
		code := fresh(t.Context())
		if token, fault := r.exchange(code, more); fault == "" || token != "" {
			t.Errorf("%s: a token", name)
		}
		if token, fault := r.exchange(code, nil); fault == "" || token != "" {
			t.Errorf("%s: a second try succeeds", name)
		}
	}
	code = fresh(t.Context())
	thief := *r
	thief.secret = rand.Text()
	if token, fault := thief.exchange(code, nil); fault == "" || token != "" {
		t.Error("a token for a wrong secret")
	}
}

// TestOIDCNative wants a program on the command line to get its tokens at any
// port of this machine, and nowhere else.
func TestOIDCNative(t *testing.T) {
	r := newRelying(t, OIDCOptions{})
	r.id, r.secret = r.server.NativeClientID, ""
	for at, want := range map[string]bool{
		"http://127.0.0.1:35017/callback":       true,
		"http://127.0.0.1:35017/else":           false,
		"http://192.0.2.1:35017/callback":       false,
		"http://127.0.0.1.evil.test/callback":   false,
		"http://127.0.0.1:1@evil.test/callback": false,
	} {
		redirect, err := r.server.Login(t.Context(), r.ask(map[string]string{"redirect_uri": at}), "a.aliyev", r.server.Password("a.aliyev"))
		if (err == nil) != want {
			t.Errorf("%s: sent to %q, %v", at, redirect, err)
		}
		if !want || err != nil {
			continue
		}
		token, fault := r.exchange(r.code(redirect), map[string]string{"redirect_uri": at})
		if fault != "" {
			t.Fatal(fault)
		}
		if _, claims := r.claims(token); fmt.Sprint(claims["aud"]) != "[docsvc-cli]" {
			t.Errorf("audience %v", claims["aud"])
		}
	}
}

func TestOIDCRotation(t *testing.T) {
	for _, algorithm := range []string{"RS256", "ES256"} {
		r := newRelying(t, OIDCOptions{Algorithm: algorithm})
		if !slices.Equal(r.discovery.Algorithms, []string{algorithm}) {
			t.Errorf("algorithms %q", r.discovery.Algorithms)
		}
		kids := map[string]bool{}
		var tokens []string
		for range 3 {
			redirect, err := r.server.Login(t.Context(), r.ask(nil), "g.agayeva", r.server.Password("g.agayeva"))
			if err != nil {
				t.Fatal(err)
			}
			token, fault := r.exchange(r.code(redirect), nil)
			if fault != "" {
				t.Fatal(fault)
			}
			tokens = append(tokens, token)
			if err := r.server.Rotate(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, token := range tokens {
			kid, _ := r.claims(token)
			kids[kid] = true
		}
		if len(kids) != 3 {
			t.Errorf("%s: keys %q", algorithm, slices.Collect(maps.Keys(kids)))
		}
	}
}

// TestOIDCBehindProxy loses the answer to a code, which is then used up.
func TestOIDCBehindProxy(t *testing.T) {
	p := HTTPProxy(t, "")
	r := newRelying(t, OIDCOptions{Behind: p})
	redirect, err := r.server.Login(t.Context(), r.ask(nil), "a.aliyev", r.server.Password("a.aliyev"))
	if err != nil {
		t.Fatal(err)
	}
	code := r.code(redirect)
	p.Set(Fault{Mode: Duplicate, On: "POST /oauth/token"})
	if _, fault := r.exchange(code, nil); fault != "invalid_grant" || p.Reached("/oauth/token") != 2 {
		t.Errorf("the code was asked for twice: %q, %d times", fault, p.Reached("/oauth/token"))
	}
}
