package vault

import (
	"crypto"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"docsvc/deploy"
	"docsvc/internal/testservers"
)

// TestSetupTwice: the second run changes nothing and says so.
func TestSetupTwice(t *testing.T) {
	w := setUp(t, testservers.NewVault(t, false, false))
	did, err := w.client.Setup(t.Context(), w.admin, w.options(t))
	if err != nil || len(did) != 0 {
		t.Errorf("the second run did %v, %v", did, err)
	}
	// What somebody changed is put right again.
	w.must(t, w.server.RootToken, "PUT", "sys/policies/acl/docsvc-service", map[string]any{"policy": `path "*" { capabilities = ["sudo"] }`}, nil)
	w.must(t, w.server.RootToken, "PUT", "auth/jwt/role/officer", map[string]any{"role_type": "jwt", "user_claim": "sub", "bound_audiences": "x", "token_num_uses": 0, "token_ttl": "100s"}, nil)
	did, err = w.client.Setup(t.Context(), w.admin, w.options(t))
	t.Log(strings.Join(did, "\n"))
	if err != nil || len(did) != 2 || !strings.HasPrefix(did[0], "sys/policies/acl/docsvc-service: changed") || !strings.HasPrefix(did[1], "auth/jwt/role/officer: changed") {
		t.Errorf("%v", err)
	}
	if _, err := w.client.OpenServiceKeys(t.Context(), w.identity(t, "service")); err != nil {
		t.Error(err)
	}
}

// TestSetupElsewhere: mounts of other names, an authority that is not Vault's,
// and an audit log that Setup makes.
func TestSetupElsewhere(t *testing.T) {
	server := testservers.NewVault(t, true, false)
	w := &world{server: server, issuer: newIssuer(t), login: map[string]Login{}}
	w.config = Config{
		Address: server.Address, CAFile: server.CA, TransitMount: "icra/transit", JWTMount: "login/asan", AppRoleMount: "machines", OfficerRole: "signer",
	}
	w.client = newClient(t, w.config)
	w.admin = w.client.WithToken("admin", server.RootToken)
	w.must(t, server.RootToken, "DELETE", "sys/audit/file", nil, nil)
	o := w.options(t)
	o.Authority, o.UserClaim = nil, "fin"
	if _, err := w.client.Setup(t.Context(), w.admin, o); !errors.Is(err, ErrSetup) || !strings.Contains(err.Error(), "audit") {
		t.Fatalf("no audit log: %v", err)
	}
	o.AuditFile = server.AuditLog
	did, err := w.client.Setup(t.Context(), w.admin, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(strings.Join(did, "\n"))
	for _, role := range []string{"service", "enrol"} {
		if w.login[role], err = w.client.NewLogin(t.Context(), w.admin, role); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := w.client.OpenServiceKeys(t.Context(), w.identity(t, "service"))
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.CheckOfficerKeys(t.Context()); err != nil {
		t.Errorf("no officer yet: %v", err)
	}
	subject, keyID := w.officer(t, TypeP256)
	k, err := w.client.Unlock(t.Context(), w.issuer.token(t, "5f6e-opaque", map[string]any{"fin": subject}), keyID)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := k.Sign(t.Context(), digests(1), crypto.SHA256); err != nil {
		t.Error(err)
	}
	if err := keys.CheckOfficerKeys(t.Context()); err != nil {
		t.Error(err)
	}
	if public, err := keys.OfficerPublicKey(t.Context(), keyID); err != nil || public == nil {
		t.Error(err)
	}
}

// TestSetupRefuses: what Setup does not build upon.
func TestSetupRefuses(t *testing.T) {
	w := setUp(t, testservers.NewVault(t, false, false))
	for name, change := range map[string]func(*SetupOptions){
		"no audience":          func(o *SetupOptions) { o.Audiences = nil },
		"empty audience":       func(o *SetupOptions) { o.Audiences = []string{""} },
		"no strength":          func(o *SetupOptions) { o.Strong = nil },
		"any strength":         func(o *SetupOptions) { o.Strong = map[string][]string{"acr": {"*"}} },
		"no value":             func(o *SetupOptions) { o.Strong = map[string][]string{"acr": nil} },
		"the nonce as name":    func(o *SetupOptions) { o.UserClaim = "nonce" },
		"the nonce as proof":   func(o *SetupOptions) { o.Strong = map[string][]string{"nonce": {"x"}} },
		"no provider":          func(o *SetupOptions) { o.Provider = Provider{} },
		"two providers":        func(o *SetupOptions) { o.Provider.JWKSURL = "http://127.0.0.1:1" },
		"no issuer":            func(o *SetupOptions) { o.Provider.Issuer = "" },
		"authority, no name":   func(o *SetupOptions) { o.Authority.CommonName = "" },
		"provider that is off": func(o *SetupOptions) { o.Provider = Provider{DiscoveryURL: "http://127.0.0.1:1"} },
	} {
		o := w.options(t)
		change(&o)
		if _, err := w.client.Setup(t.Context(), w.admin, o); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	again := func(want string) {
		t.Helper()
		if _, err := w.client.Setup(t.Context(), w.admin, w.options(t)); !errors.Is(err, ErrSetup) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		} else {
			t.Log(err)
		}
	}
	w.must(t, w.server.RootToken, "PUT", "transit/keys/docsvc-seal/config", map[string]any{"exportable": true}, nil)
	again("can be exported")
	w.must(t, w.server.RootToken, "PUT", "sys/audit/raw", map[string]any{"type": "file", "options": map[string]any{"file_path": "/dev/null", "log_raw": "true"}}, nil)
	again("log_raw")
	w.must(t, w.server.RootToken, "DELETE", "sys/audit/raw", nil, nil)
	c := w.config
	c.TransitMount = "pki"
	if _, err := newClient(t, c).Setup(t.Context(), w.admin, w.options(t)); err == nil {
		t.Error("transit and pki in one mount")
	}
	if _, err := w.client.Setup(t.Context(), w.identity(t, "service"), w.options(t)); !errors.Is(err, ErrDenied) {
		t.Errorf("under the service's own token: %v", err)
	}
}

// TestOpenRefuses: serve does not start on a Vault that is not as it must be,
// and says how to mend it.
func TestOpenRefuses(t *testing.T) {
	server := testservers.NewVault(t, false, false)
	w := setUp(t, server)
	root := server.RootToken
	seal := "transit/keys/docsvc-seal"
	var officer map[string]any
	role := func(over map[string]any) func() {
		return func() {
			body := maps.Clone(officer)
			maps.Copy(body, over)
			w.must(t, root, "PUT", "auth/jwt/role/officer", body, nil)
		}
	}
	var read struct{ Data map[string]any }
	w.must(t, root, "GET", "auth/jwt/role/officer", nil, &read)
	officer = read.Data
	text, err := w.config.withDefaults().policy(policyOfficer, "auth_jwt_1")
	if err != nil {
		t.Fatal(err)
	}
	put := func(path string, body map[string]any) func() {
		return func() { w.must(t, root, "PUT", path, body, nil) }
	}
	mend := func() {
		if _, err := w.client.Setup(t.Context(), w.admin, w.options(t)); err != nil {
			t.Fatal(err)
		}
	}
	service := policyService
	for _, c := range []struct {
		name  string
		spoil func()
		undo  func()
		want  []string
	}{
		{"deletable", put(seal+"/config", map[string]any{"deletion_allowed": true}), put(seal+"/config", map[string]any{"deletion_allowed": false}),
			[]string{"docsvc-seal", "vault write transit/keys/docsvc-seal/config deletion_allowed=false"}},
		{"old versions hidden", func() {
			w.must(t, root, "PUT", seal+"/rotate", nil, nil)
			w.must(t, root, "PUT", seal+"/config", map[string]any{"min_decryption_version": 2}, nil)
		}, put(seal+"/config", map[string]any{"min_decryption_version": 1}), []string{"min_decryption_version=1"}},
		{"logins without end", role(map[string]any{"token_num_uses": 0}), mend, []string{"token_num_uses=2"}},
		{"long logins", role(map[string]any{"token_ttl": 3600, "token_max_ttl": 3600, "token_explicit_max_ttl": 0}), mend, []string{"token_ttl=60s"}},
		{"any audience", role(map[string]any{"bound_audiences": ""}), mend, []string{"bound_audiences"}},
		{"any strength", role(map[string]any{"bound_claims": map[string]any{"nonce": "*"}}), mend, []string{"strong"}},
		{"every strength", role(map[string]any{"bound_claims": map[string]any{"nonce": "*", "acr": "*"}}), mend, []string{"strong"}},
		{"no nonce", role(map[string]any{"bound_claims": map[string]any{"acr": testStrong}}), mend, []string{"nonce"}},
		{"another policy", role(map[string]any{"token_policies": []string{policyOfficer, "default"}}), mend, []string{"token_policies"}},
		{"default policy", role(map[string]any{"token_no_default_policy": false}), mend, []string{"token_no_default_policy"}},
		{"expired tokens", role(map[string]any{"expiration_leeway": 0}), mend, []string{"expiration_leeway"}},
		{"no subject", role(map[string]any{"claim_mappings": map[string]any{}}), mend, []string{"claim_mappings"}},
		{"no role", func() { w.must(t, root, "DELETE", "auth/jwt/role/officer", nil, nil) }, mend, []string{"docsvc init"}},
		{"wider policy", put("sys/policies/acl/"+policyOfficer, map[string]any{"policy": strings.ReplaceAll(text, "/sha2-256", "")}), mend, []string{policyOfficer}},
		{"service signs for officers", put("sys/policies/acl/"+service, map[string]any{"policy": servicePolicy(t, w) + `path "transit/sign/officer-x" { capabilities = ["update"] }`}), mend,
			[]string{"transit/sign/officer-x", "token_no_default_policy"}},
		{"service reads evidence", put("sys/policies/acl/"+service, map[string]any{"policy": servicePolicy(t, w) + `path "transit/decrypt/docsvc-evidence" { capabilities = ["update"] }`}), mend,
			[]string{"transit/decrypt"}},
		{"service may do all", put("sys/policies/acl/"+service, map[string]any{"policy": servicePolicy(t, w) + `path "*" { capabilities = ["create", "update", "read"] }`}), mend,
			[]string{"more of the kind"}},
		{"service may not ask", put("sys/policies/acl/"+service, map[string]any{"policy": strings.ReplaceAll(servicePolicy(t, w), "sys/capabilities-self", "sys/x")}), mend,
			[]string{policyService}},
		{"exportable", put(seal+"/config", map[string]any{"exportable": true}), nil, []string{"can be exported"}},
		{"no key", func() {
			w.must(t, root, "PUT", seal+"/config", map[string]any{"deletion_allowed": true}, nil)
			w.must(t, root, "DELETE", seal, nil, nil)
		}, nil, []string{"docsvc-seal is not there", "docsvc init"}},
		{"another type", put(seal, map[string]any{"type": "rsa-3072"}), nil, []string{"its type is"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.spoil()
			i := w.identity(t, "service")
			_, err := w.client.OpenServiceKeys(t.Context(), i)
			t.Log(err)
			if !errors.Is(err, ErrSetup) || slices.ContainsFunc(c.want, func(s string) bool { return !strings.Contains(err.Error(), s) }) {
				t.Errorf("want %q", c.want)
			}
			if c.undo == nil {
				return
			}
			c.undo()
			if _, err := w.client.OpenServiceKeys(t.Context(), i); err != nil {
				t.Errorf("mended: %v", err)
			}
		})
	}
	if _, err := w.client.OpenServiceKeys(t.Context(), w.admin); !errors.Is(err, ErrSetup) {
		t.Errorf("under the root token: %v", err)
	}
}

func servicePolicy(t *testing.T, w *world) string {
	t.Helper()
	text, err := w.config.withDefaults().policy(policyService, "")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestPolicyFiles: every policy that is delivered is applied, with nothing left
// to fill in.
func TestPolicyFiles(t *testing.T) {
	entries, err := deploy.Vault.ReadDir("vault/policies")
	if err != nil || len(entries) != len(policyFiles()) {
		t.Errorf("%d files, %d are applied, %v", len(entries), len(policyFiles()), err)
	}
	for name := range policyFiles() {
		text, err := Config{}.withDefaults().policy(name, "auth_jwt_1")
		if err != nil || strings.Contains(text, "@") {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}
