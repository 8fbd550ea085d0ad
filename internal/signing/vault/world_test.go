package vault

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"docsvc/internal/testservers"
)

const (
	testIssuer   = "https://login.example.az"
	testAudience = "docsvc-sign"
	testStrong   = "urn:example:acr:strong"
)

// issuer is an identity provider as Vault sees it: a key, and ID tokens.
type issuer struct{ key *ecdsa.PrivateKey }

func newIssuer(tb testing.TB) *issuer {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return &issuer{key}
}

func (i *issuer) pem(tb testing.TB) string {
	tb.Helper()
	der, err := x509.MarshalPKIXPublicKey(i.key.Public())
	if err != nil {
		tb.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// token makes an ID token; over changes claims, nil removes one.
func (i *issuer) token(tb testing.TB, subject string, over map[string]any) string {
	tb.Helper()
	now := time.Now().Unix()
	claims := map[string]any{
		"iss": testIssuer, "sub": subject, "aud": testAudience, "iat": now, "exp": now + 120,
		"auth_time": now, "acr": testStrong, "nonce": "n-" + rand.Text(),
	}
	maps.Copy(claims, over)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			tb.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := part(map[string]any{"alg": "ES256", "typ": "JWT"}) + "." + part(claims)
	digest := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, i.key, digest[:])
	if err != nil {
		tb.Fatal(err)
	}
	value := make([]byte, 64)
	r.FillBytes(value[:32])
	s.FillBytes(value[32:])
	return text + "." + base64.RawURLEncoding.EncodeToString(value)
}

// world is a Vault set up as deploy/vault has it.
type world struct {
	server *testservers.VaultServer
	config Config
	client *Client
	admin  *Identity
	issuer *issuer
	login  map[string]Login // service, enrol
}

func (w *world) options(tb testing.TB) SetupOptions {
	tb.Helper()
	return SetupOptions{
		Provider:  Provider{Keys: []string{w.issuer.pem(tb)}, Issuer: testIssuer},
		Audiences: []string{testAudience}, Strong: map[string][]string{"acr": {testStrong}},
		Authority: &AuthorityOptions{CommonName: "Test kök", Country: "AZ", Organization: "Nümunə Rayon İcra Şöbəsi"},
	}
}

var sharedWorld struct {
	sync.Mutex
	*world
}

// newWorld returns the world that the tests of this binary share.
func newWorld(tb testing.TB) *world {
	tb.Helper()
	server := testservers.Vault(tb)
	sharedWorld.Lock()
	defer sharedWorld.Unlock()
	if sharedWorld.world == nil {
		sharedWorld.world = setUp(tb, server)
	}
	return sharedWorld.world
}

// setUp sets a Vault up with an issuer of its own.
func setUp(tb testing.TB, server *testservers.VaultServer) *world {
	tb.Helper()
	w := &world{server: server, issuer: newIssuer(tb), login: map[string]Login{}}
	w.config = Config{Address: server.Address, CAFile: server.CA, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	w.client = newClient(tb, w.config)
	w.admin = w.client.WithToken("admin", server.RootToken)
	if _, err := w.client.Setup(tb.Context(), w.admin, w.options(tb)); err != nil {
		tb.Fatal(err)
	}
	for _, role := range []string{"service", "enrol"} {
		l, err := w.client.NewLogin(tb.Context(), w.admin, role)
		if err != nil {
			tb.Fatal(err)
		}
		w.login[role] = l
	}
	return w
}

func newClient(tb testing.TB, c Config) *Client {
	tb.Helper()
	client, err := New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return client
}

// identity logs in as "service" or "enrol".
func (w *world) identity(tb testing.TB, role string) *Identity {
	tb.Helper()
	return w.identityOf(tb, w.client, role)
}

func (w *world) identityOf(tb testing.TB, c *Client, role string) *Identity {
	tb.Helper()
	dir := tb.TempDir()
	i, err := c.Identity(role, Credential{
		RoleIDFile:   file(tb, dir, "role-id", w.login[role].RoleID),
		SecretIDFile: file(tb, dir, "secret-id", w.login[role].SecretID),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return i
}

func file(tb testing.TB, dir, name, content string) string {
	tb.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content+"\n"), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// tokenOf returns the token that an identity uses.
func tokenOf(tb testing.TB, i *Identity) string {
	tb.Helper()
	token, err := i.current(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return token
}

// policyToken makes a token with one policy, as an administrator would give to
// an operator or an auditor.
func (w *world) policyToken(tb testing.TB, policy string) string {
	tb.Helper()
	var answer struct {
		Auth struct {
			Token string `json:"client_token"`
		}
	}
	w.must(tb, w.server.RootToken, http.MethodPut, "auth/token/create",
		map[string]any{"policies": []string{policy}, "no_default_policy": true}, &answer)
	return answer.Auth.Token
}

func (w *world) must(tb testing.TB, token, method, path string, body, answer any) {
	tb.Helper()
	if err := w.server.Call(tb.Context(), token, method, path, body, answer); err != nil {
		tb.Fatal(err)
	}
}

// officer enrols a key for a new officer and returns its id.
func (w *world) officer(tb testing.TB, keyType string) (subject, keyID string) {
	tb.Helper()
	subject = "5" + strings.ToUpper(rand.Text()[:6])
	keyID, err := w.client.Enrolment(w.identity(tb, "enrol")).CreateKey(tb.Context(), subject, keyType)
	if err != nil {
		tb.Fatal(err)
	}
	return subject, keyID
}

// audited returns the entries of Vault's audit log for a path, of type
// "request" or "response".
func (w *world) audited(tb testing.TB, kind, path string) []map[string]any {
	tb.Helper()
	f, err := os.Open(w.server.AuditLog)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var found []map[string]any
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		var entry map[string]any
		if err := json.Unmarshal(lines.Bytes(), &entry); err != nil {
			tb.Fatal(err)
		}
		if r := entry["request"].(map[string]any); entry["type"] == kind && r["path"] == path {
			found = append(found, entry)
		}
	}
	return found
}

func digests(n int) [][]byte {
	list := make([][]byte, n)
	for i := range list {
		d := sha256.Sum256(fmt.Appendf(nil, "act %d", i))
		list[i] = d[:]
	}
	return list
}
