package testservers

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
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
	number := func(name string) []byte {
		b, _ := base64.RawURLEncoding.DecodeString(key[name]) // a wrong number fails below
		return b
	}
	switch alg {
	case "RS256":
		public := &rsa.PublicKey{N: new(big.Int).SetBytes(number("n")), E: int(new(big.Int).SetBytes(number("e")).Int64())}
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest, signature)
	case "ES256":
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, number("x"), number("y")))
		if err != nil || len(signature) != 64 {
			return fmt.Errorf("key %v, signature of %d bytes: %w", key, len(signature), err)
		}
		der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])})
		if err != nil {
			return err
		}
		if !ecdsa.VerifyASN1(public, digest, der) {
			return errors.New("wrong")
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
