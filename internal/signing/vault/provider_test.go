package vault

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"docsvc/internal/document"
	"docsvc/internal/signing/cms"
	"docsvc/internal/testservers"
)

// fetch asks the provider for JSON.
func fetch(t *testing.T, method, address string, form url.Values, answer any) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 {
		t.Fatalf("%s: %s %s %v", address, r.Status, b, err)
	}
	if err := json.Unmarshal(b, answer); err != nil {
		t.Fatal(err)
	}
}

// idToken logs a user in for a nonce, as the command line does.
func idToken(t *testing.T, p *testservers.OIDCServer, login, nonce string) string {
	t.Helper()
	var endpoints struct {
		Auth  string `json:"authorization_endpoint"`
		Token string `json:"token_endpoint"`
	}
	fetch(t, "GET", p.Issuer+"/.well-known/openid-configuration", nil, &endpoints)
	verifier := rand.Text() + rand.Text()
	challenge := sha256.Sum256([]byte(verifier))
	const callback = "http://127.0.0.1:4711/callback"
	ask := url.Values{
		"client_id": {p.NativeClientID}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid profile"},
		"state": {"s"}, "nonce": {nonce}, "prompt": {"login"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	back, err := p.Login(t.Context(), endpoints.Auth+"?"+ask.Encode(), login, p.Password(login))
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(back)
	if err != nil || u.Query().Get("code") == "" {
		t.Fatalf("%s %v", back, err)
	}
	var answer struct {
		IDToken string `json:"id_token"`
	}
	fetch(t, "POST", endpoints.Token, url.Values{
		"grant_type": {"authorization_code"}, "code": {u.Query().Get("code")}, "redirect_uri": {callback},
		"client_id": {p.NativeClientID}, "code_verifier": {verifier},
	}, &answer)
	return answer.IDToken
}

// TestProvider: the whole way with a real provider. Vault knows it by its
// discovery document alone.
func TestProvider(t *testing.T) {
	p := testservers.OIDC(t, testservers.OIDCOptions{})
	server := testservers.NewVault(t, false, false)
	w := &world{server: server, config: Config{Address: server.Address}, login: map[string]Login{}}
	w.client = newClient(t, w.config)
	w.admin = w.client.WithToken("admin", server.RootToken)
	_, err := w.client.Setup(t.Context(), w.admin, SetupOptions{
		Provider: Provider{DiscoveryURL: p.Issuer}, Audiences: []string{p.NativeClientID}, UserClaim: "fin",
		Strong: map[string][]string{"acr": {"high"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if w.login["enrol"], err = w.client.NewLogin(t.Context(), w.admin, "enrol"); err != nil {
		t.Fatal(err)
	}
	e := w.client.Enrolment(w.identity(t, "enrol"))
	keyID, err := e.CreateKey(t.Context(), "5VBK5VR", TypeP256)
	if err != nil {
		t.Fatal(err)
	}
	public, err := e.PublicKey(t.Context(), keyID)
	if err != nil {
		t.Fatal(err)
	}
	batch := digests(3)
	nonce := document.BatchNonce(batch)
	k, err := w.client.Unlock(t.Context(), idToken(t, p, "a.aliyev", nonce), keyID)
	if err != nil {
		t.Fatal(err)
	}
	values, _, err := k.Sign(t.Context(), batch, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range batch {
		if err := cms.ECDSAP256.Verify(public, d, values[i]); err != nil {
			t.Error(err)
		}
	}
	entries := w.audited(t, "response", "transit/sign/officer-5VBK5VR/sha2-256")
	if len(entries) != 1 || entries[0]["auth"].(map[string]any)["metadata"].(map[string]any)["nonce"] != nonce {
		t.Errorf("Vault's log does not name the batch: %v", entries)
	}
	for login, what := range map[string]string{"a.aliyev.weak": "weak authentication", "g.agayeva": "another officer", "stranger": "a stranger"} {
		if _, err := w.client.Unlock(t.Context(), idToken(t, p, login, nonce), keyID); !errors.Is(err, ErrDenied) || !errors.Is(err, document.ErrKeyRefused) {
			t.Errorf("%s: %v", what, err)
		} else {
			t.Logf("%s: %v", what, err)
		}
	}
}
