package vault

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"docsvc/internal/document"
)

// attempt is one try of somebody who speaks to Vault past docsvc.
type attempt struct {
	name   string
	who    string // whose token
	method string
	path   string
	body   map[string]any
	want   int // status of HTTP
}

// try makes the attempt and says how Vault answered.
func (w *world) try(t *testing.T, token string, a attempt) int {
	t.Helper()
	err := w.server.Call(t.Context(), token, a.method, a.path, a.body, nil)
	if err == nil {
		return 200
	}
	for status := 400; status < 600; status++ {
		if strings.Contains(err.Error(), fmt.Sprintf(": %d %s:", status, http.StatusText(status))) {
			return status
		}
	}
	t.Fatalf("%s: %v", a.name, err)
	return 0
}

// signBody is what docsvc itself would send; over changes it, nil removes.
func signBody(over map[string]any) map[string]any {
	digest := base64.StdEncoding.EncodeToString(digests(1)[0])
	body := map[string]any{
		"batch_input": []map[string]string{{"input": digest}}, "key_version": 1, "prehashed": true,
		"marshaling_algorithm": "asn1", "signature_algorithm": "pkcs1v15",
	}
	maps.Copy(body, over)
	maps.DeleteFunc(body, func(_ string, v any) bool { return v == nil })
	return body
}

// rawLogin logs in at Vault as an officer, past docsvc.
func (w *world) rawLogin(t *testing.T, idToken string) (string, error) {
	t.Helper()
	var answer struct {
		Auth struct {
			Token string `json:"client_token"`
		}
	}
	err := w.server.Call(t.Context(), "", http.MethodPut, "auth/jwt/login", map[string]any{"role": "officer", "jwt": idToken}, &answer)
	return answer.Auth.Token, err
}

// TestAttacksOnKeys: who holds which token can do what at Vault itself.
func TestAttacksOnKeys(t *testing.T) {
	w := newWorld(t)
	mine, _ := w.officer(t, TypeP256)
	other, _ := w.officer(t, TypeP256)
	rsaOfficer, _ := w.officer(t, TypeRSA3072)
	fixed := map[string]string{
		"service": tokenOf(t, w.identity(t, "service")), "enrolment": tokenOf(t, w.identity(t, "enrol")),
		"operator": w.policyToken(t, "docsvc-operator"), "auditor": w.policyToken(t, "docsvc-auditor"), "nobody": "",
	}
	sign, key := "transit/sign/officer-", "transit/keys/officer-"
	rows := []attempt{ // first, that the tokens work where they should
		{"officer signs with the own key", "officer", "PUT", sign + mine + "/sha2-256", signBody(nil), 200},
		{"officer with an RSA key signs with PSS", "rsa", "PUT", sign + rsaOfficer + "/sha2-256", signBody(map[string]any{"signature_algorithm": "pss", "salt_length": "hash"}), 200},
		{"service signs a seal", "service", "PUT", "transit/sign/docsvc-seal/sha2-256", map[string]any{"input": "AAAA", "key_version": 1, "prehashed": true}, 200},
		{"enrolment reads a key", "enrolment", "GET", key + mine, nil, 200},
		{"operator reads a key", "operator", "GET", key + mine, nil, 200},
		{"auditor reads a key", "auditor", "GET", key + mine, nil, 200},

		{"another officer's key", "officer", "PUT", sign + other + "/sha2-256", signBody(nil), 403},
		{"the seal key with an officer's token", "officer", "PUT", "transit/sign/docsvc-seal/sha2-256", signBody(nil), 403},
		{"the ledger's key with an officer's token", "officer", "PUT", "transit/sign/docsvc-checkpoint", map[string]any{"input": "AAAA", "key_version": 1}, 403},
		{"no hash in the path", "officer", "PUT", sign + mine, signBody(map[string]any{"hash_algorithm": "sha2-256"}), 403},
		{"hash none in the path", "rsa", "PUT", sign + rsaOfficer + "/none", signBody(nil), 403},
		{"hash none in the body", "rsa", "PUT", sign + rsaOfficer + "/sha2-256", signBody(map[string]any{"hash_algorithm": "none"}), 403},
		{"SHA-1 in the path", "officer", "PUT", sign + mine + "/sha1", signBody(nil), 403},
		{"old parameter algorithm", "officer", "PUT", sign + mine + "/sha2-256", signBody(map[string]any{"algorithm": "sha1"}), 403},
		{"raw text instead of a digest", "officer", "PUT", sign + mine + "/sha2-256", signBody(map[string]any{"prehashed": false}), 403},
		{"prehashed left out", "officer", "PUT", sign + mine + "/sha2-256", signBody(map[string]any{"prehashed": nil}), 403},
		{"a single input", "officer", "PUT", sign + mine + "/sha2-256", signBody(map[string]any{"batch_input": nil, "input": "AAAA"}), 403},
		{"no key version", "officer", "PUT", sign + mine + "/sha2-256", signBody(map[string]any{"key_version": nil}), 403},
		{"JWS form", "officer", "PUT", sign + mine + "/sha2-256", signBody(map[string]any{"marshaling_algorithm": "jws"}), 403},
		{"longest salt", "rsa", "PUT", sign + rsaOfficer + "/sha2-256", signBody(map[string]any{"signature_algorithm": "pss", "salt_length": "auto"}), 403},
		{"a key version that does not exist", "officer", "PUT", sign + mine + "/sha2-256", signBody(map[string]any{"key_version": 2}), 200}, // an error for each digest inside
		{"HMAC with the own key", "officer", "PUT", "transit/hmac/officer-" + mine, map[string]any{"input": "AAAA"}, 403},
		{"officer reads the own key", "officer", "GET", key + mine, nil, 403},
		{"officer makes the own key exportable", "officer", "PUT", key + mine + "/config", map[string]any{"exportable": true}, 403},
		{"officer asks for a request by Vault", "officer", "PUT", key + mine + "/csr", nil, 403},
		{"officer prolongs the token", "officer", "PUT", "auth/token/renew-self", nil, 403},
		{"officer makes another token", "officer", "PUT", "auth/token/create", nil, 403},
		{"officer's cubbyhole", "officer", "PUT", "cubbyhole/x", map[string]any{"a": "b"}, 403},
	}
	for _, who := range []string{"service", "enrolment", "operator", "auditor", "nobody"} {
		rows = append(rows,
			attempt{"signs for an officer", who, "PUT", sign + mine + "/sha2-256", signBody(nil), 403},
			attempt{"signs for an officer, old path", who, "PUT", sign + mine, map[string]any{"input": "AAAA"}, 403},
			attempt{"has the key make a request", who, "PUT", key + mine + "/csr", map[string]any{"type": TypeP256}, 403},
			attempt{"exports an officer's key", who, "GET", "transit/export/signing-key/officer-" + mine, nil, 403},
			attempt{"exports the seal key", who, "GET", "transit/export/signing-key/docsvc-seal", nil, 403},
			attempt{"backs an officer's key up", who, "GET", "transit/backup/officer-" + mine, nil, 403},
			attempt{"restores a key", who, "PUT", "transit/restore/officer-" + mine, map[string]any{"backup": "AAAA", "force": true}, 403},
			attempt{"deletes an officer's key", who, "DELETE", key + mine, nil, 403},
			attempt{"deletes the seal key", who, "DELETE", "transit/keys/docsvc-seal", nil, 403},
			attempt{"trims an officer's key", who, "PUT", key + mine + "/trim", map[string]any{"min_available_version": 1}, 403},
			attempt{"trims the seal key", who, "PUT", "transit/keys/docsvc-seal/trim", map[string]any{"min_available_version": 1}, 403},
			attempt{"makes a key exportable", who, "PUT", key + mine + "/config", map[string]any{"exportable": true}, 403},
			attempt{"makes a key exportable, beside what is allowed", who, "PUT", key + mine + "/config", map[string]any{"min_encryption_version": 1, "exportable": true}, 403},
			attempt{"makes a key deletable", who, "PUT", key + mine + "/config", map[string]any{"deletion_allowed": true}, 403},
			attempt{"hides old seal keys", who, "PUT", "transit/keys/docsvc-seal/config", map[string]any{"min_decryption_version": 1}, 403},
			attempt{"makes an exportable key", who, "PUT", key + "X" + rand.Text()[:6], map[string]any{"type": TypeP256, "exportable": true}, 403},
			attempt{"makes a key with plain backup", who, "PUT", key + "X" + rand.Text()[:6], map[string]any{"type": TypeP256, "allow_plaintext_backup": true}, 403},
			attempt{"makes a key for the service", who, "PUT", "transit/keys/docsvc-other", map[string]any{"type": TypeP256}, 403},
			attempt{"imports a key", who, "PUT", "transit/keys/officer-imported/import", map[string]any{"ciphertext": "AAAA", "type": TypeP256}, 403},
			attempt{"issues a certificate with its key", who, "PUT", "pki/issue/officer", map[string]any{"common_name": "X"}, 403},
			attempt{"signs a request as it stands", who, "PUT", "pki/sign-verbatim/officer", map[string]any{"csr": "x"}, 403},
			attempt{"widens the officers' role", who, "PUT", "auth/jwt/role/officer", map[string]any{"token_num_uses": 0}, 403},
			attempt{"trusts another provider", who, "PUT", "auth/jwt/config", map[string]any{"jwt_validation_pubkeys": "x"}, 403},
			attempt{"widens the officers' policy", who, "PUT", "sys/policies/acl/docsvc-officer-sign", map[string]any{"policy": "x"}, 403},
			attempt{"gives a person another alias", who, "PUT", "identity/entity-alias", map[string]any{"name": mine}, 403},
			attempt{"makes a token", who, "PUT", "auth/token/create", nil, 403},
			attempt{"turns the audit log off", who, "DELETE", "sys/audit/file", nil, 403},
		)
	}
	for _, who := range []string{"service", "enrolment", "operator"} {
		rows = append(rows, attempt{"decrypts evidence", who, "PUT", "transit/decrypt/docsvc-evidence", map[string]any{"ciphertext": "vault:v1:AAAA"}, 403})
	}
	for _, who := range []string{"service", "enrolment", "auditor"} {
		rows = append(rows, attempt{"rotates the seal key", who, "PUT", "transit/keys/docsvc-seal/rotate", nil, 403})
	}
	for _, who := range []string{"enrolment", "operator", "auditor"} {
		rows = append(rows, attempt{"signs a seal", who, "PUT", "transit/sign/docsvc-seal/sha2-256", map[string]any{"input": "AAAA", "key_version": 1, "prehashed": true}, 403})
	}
	for _, who := range []string{"service", "operator", "auditor"} {
		rows = append(rows,
			attempt{"makes an officer's key", who, "PUT", key + "X" + rand.Text()[:6], map[string]any{"type": TypeP256}, 403},
			attempt{"rotates an officer's key", who, "PUT", key + mine + "/rotate", nil, 403},
			attempt{"certifies", who, "PUT", "pki/sign/officer", map[string]any{"csr": "x", "common_name": "X", "exclude_cn_from_sans": true}, 403})
	}
	for _, a := range rows {
		token := fixed[a.who]
		if a.who == "officer" || a.who == "rsa" {
			subject := map[string]string{"officer": mine, "rsa": rsaOfficer}[a.who]
			var err error
			if token, err = w.rawLogin(t, w.issuer.token(t, subject, nil)); err != nil {
				t.Fatal(err)
			}
		}
		got := w.try(t, token, a)
		t.Logf("%-9s  %-45s  %-6s %-55s %d", a.who, a.name, a.method, a.path, got)
		if got != a.want {
			t.Errorf("%s %s: Vault answered %d, want %d", a.who, a.name, got, a.want)
		}
	}
}

// TestAttacksOnLogin: which ID tokens Vault takes.
func TestAttacksOnLogin(t *testing.T) {
	w := newWorld(t)
	subject, _ := w.officer(t, TypeP256)
	now := time.Now().Unix()
	type claims = map[string]any
	good := w.issuer.token(t, subject, nil)
	parts := strings.Split(good, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))
	for _, a := range []struct {
		name, token string
		taken       bool
	}{
		{"a good token", good, true},
		{"expired two seconds ago, which clocks may differ", w.issuer.token(t, subject, claims{"iat": now - 62, "exp": now - 2}), true},
		{"expired 15 seconds ago", w.issuer.token(t, subject, claims{"iat": now - 75, "exp": now - 15}), false},
		{"expired an hour ago", w.issuer.token(t, subject, claims{"iat": now - 3700, "exp": now - 3600}), false},
		{"not yet valid", w.issuer.token(t, subject, claims{"nbf": now + 60}), false},
		{"another audience", w.issuer.token(t, subject, claims{"aud": "docsvc-login"}), false},
		{"no audience", w.issuer.token(t, subject, claims{"aud": nil}), false},
		{"weak authentication", w.issuer.token(t, subject, claims{"acr": "urn:example:acr:password"}), false},
		{"no word of strength", w.issuer.token(t, subject, claims{"acr": nil}), false},
		{"another issuer", w.issuer.token(t, subject, claims{"iss": "https://evil.example"}), false},
		{"no subject", w.issuer.token(t, subject, claims{"sub": nil}), false},
		{"subject that is no text", w.issuer.token(t, subject, claims{"sub": 5}), false},
		{"signed with another key", newIssuer(t).token(t, subject, nil), false},
		{"not signed", none + "." + parts[1] + ".", false},
		{"cut off", parts[0] + "." + parts[1], false},
		{"without a nonce, as a refresh brings it", w.issuer.token(t, subject, claims{"nonce": nil}), false},
		{"for another batch (docsvc refuses it)", w.issuer.token(t, subject, claims{"nonce": "another"}), true},
	} {
		_, err := w.rawLogin(t, a.token)
		t.Logf("%-40s taken: %v %v", a.name, err == nil, err)
		if (err == nil) != a.taken {
			t.Errorf("%s: %v", a.name, err)
		}
	}
}

// TestTokenUses: two uses, then nothing; after revocation, nothing.
func TestTokenUses(t *testing.T) {
	w := newWorld(t)
	mine, _ := w.officer(t, TypeP256)
	sign := attempt{"sign", "", "PUT", "transit/sign/officer-" + mine + "/sha2-256", signBody(nil), 0}
	token, err := w.rawLogin(t, w.issuer.token(t, mine, nil))
	if err != nil {
		t.Fatal(err)
	}
	for use, want := range []int{200, 200, 403} {
		if got := w.try(t, token, sign); got != want {
			t.Errorf("use %d: %d, want %d", use+1, got, want)
		}
	}
	// What is refused is counted too: a thief has no more tries than uses.
	if token, err = w.rawLogin(t, w.issuer.token(t, mine, nil)); err != nil {
		t.Fatal(err)
	}
	forbidden := sign
	forbidden.path = "transit/sign/docsvc-seal/sha2-256"
	for range 2 {
		if got := w.try(t, token, forbidden); got != 403 {
			t.Errorf("the seal key: %d", got)
		}
	}
	if got := w.try(t, token, sign); got != 403 {
		t.Errorf("after two refusals: %d", got)
	}
	if token, err = w.rawLogin(t, w.issuer.token(t, mine, nil)); err != nil {
		t.Fatal(err)
	}
	if got := w.try(t, token, attempt{"revoke", "", "PUT", "auth/token/revoke-self", nil, 0}); got != 200 {
		t.Fatalf("revoke: %d", got)
	}
	if got := w.try(t, token, sign); got != 403 {
		t.Errorf("after revocation: %d", got)
	}
}

// TestSubjectsThatAreNotNames: Vault puts the subject into the policy's path as
// it stands. Whatever it is, it opens no other officer's key.
func TestSubjectsThatAreNotNames(t *testing.T) {
	w := newWorld(t)
	victim, keyID := w.officer(t, TypeP256)
	for _, subject := range []string{
		"*", victim[:3] + "*", "+", victim + "/sha2-256", victim + "/*", victim + "/+", "../officer-" + victim, "x/../officer-" + victim,
		victim + "?", victim + "#", victim + "%2f", "}}" + victim, "{{identity.entity.id}}", victim + "\"\n}\npath \"*\" {capabilities=[\"update\"]}\n#",
	} {
		for _, path := range []string{"/sha2-256", "/sha2-384", "", "/none", "/sha2-256/sha2-256"} {
			token, err := w.rawLogin(t, w.issuer.token(t, subject, nil))
			if err != nil {
				break // not even a login
			}
			got := w.try(t, token, attempt{subject, "", "PUT", "transit/sign/officer-" + victim + path, signBody(nil), 403})
			t.Logf("subject %-50q signs officer-%s%s: %d", subject, victim, path, got)
			if got != 403 && got != 400 { // 400: let through, and no hash of that name
				t.Errorf("subject %q at %q: %d", subject, path, got)
			}
		}
		if _, err := w.client.Unlock(t.Context(), w.issuer.token(t, subject, nil), keyID); !errors.Is(err, document.ErrKeyRefused) {
			t.Errorf("subject %q unlocked the key: %v", subject, err)
		}
	}
}

// TestSubjectsThatDifferInCase: Vault keeps one identity for both, which
// docs/threats.md says; docsvc tells them apart.
func TestSubjectsThatDifferInCase(t *testing.T) {
	w := newWorld(t)
	upper, keyID := w.officer(t, TypeP256)
	lower := strings.ToLower(upper)
	if _, err := w.rawLogin(t, w.issuer.token(t, upper, nil)); err != nil {
		t.Fatal(err)
	}
	token, err := w.rawLogin(t, w.issuer.token(t, lower, nil))
	if err != nil {
		t.Fatal(err)
	}
	sign := attempt{"sign", "", "PUT", "transit/sign/officer-" + upper + "/sha2-256", signBody(nil), 0}
	t.Logf("%s at the key of %s, past docsvc: %d", lower, upper, w.try(t, token, sign))
	if _, err := w.client.Unlock(t.Context(), w.issuer.token(t, lower, nil), keyID); !errors.Is(err, ErrDenied) || !errors.Is(err, document.ErrKeyRefused) {
		t.Errorf("docsvc took %s for %s: %v", lower, upper, err)
	}
	if _, err := w.client.Enrolment(w.identity(t, "enrol")).CreateKey(t.Context(), lower, TypeP256); !errors.Is(err, ErrSetup) {
		t.Errorf("a second officer, %s: %v", lower, err)
	}
}
