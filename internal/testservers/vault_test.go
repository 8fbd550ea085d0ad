package testservers

import (
	"crypto/rand"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

func TestVault(t *testing.T) {
	began := time.Now()
	v := Vault(t)
	t.Logf("Vault %s ready after %v", v.Version, time.Since(began))
	mount := "transit-" + strings.ToLower(rand.Text()) // others use this Vault
	call(t, v, http.MethodPost, "sys/mounts/"+mount, map[string]any{"type": "transit"}, nil)
	call(t, v, http.MethodPost, mount+"/keys/a", map[string]any{"type": "ecdsa-p256"}, nil)
	var signed struct {
		Data struct{ Signature string }
	}
	call(t, v, http.MethodPost, mount+"/sign/a", map[string]any{"input": "YQ=="}, &signed)
	if !strings.HasPrefix(signed.Data.Signature, "vault:v1:") {
		t.Errorf("signature %q", signed.Data.Signature)
	}
	if audit, err := os.ReadFile(v.AuditLog); err != nil || !strings.Contains(string(audit), `"path":"`+mount+`/sign/a"`) {
		t.Errorf("the audit log does not know of the signature: %v", err)
	}
	err := v.Call(t.Context(), "", http.MethodPost, mount+"/sign/a", map[string]any{"input": "YQ=="}, nil)
	if err == nil || !strings.Contains(err.Error(), "permission denied") && !strings.Contains(err.Error(), "missing client token") {
		t.Errorf("without a token: %v", err)
	}
}

// TestVaultAgain wants a raft node to keep its keys and one in memory not to.
func TestVaultAgain(t *testing.T) {
	for name, keep := range map[string]bool{"raft": true, "memory": false} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			v := NewVault(t, true, keep)
			t.Logf("ready after %v", time.Since(began))
			if got := status(t, trusting(t, v.CA), v.Address+"/v1/sys/health"); got != http.StatusOK {
				t.Errorf("status %d over TLS", got)
			}
			token := v.RootToken
			call(t, v, http.MethodPost, "sys/mounts/transit", map[string]any{"type": "transit"}, nil)
			v.Kill()
			if err := v.Call(t.Context(), token, http.MethodGet, "sys/mounts/transit", nil, nil); err == nil {
				t.Fatal("a server that was killed answers")
			}
			if err := v.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			err := v.Call(t.Context(), token, http.MethodGet, "sys/mounts/transit", nil, nil)
			if kept := err == nil; kept != keep {
				t.Errorf("after a new start: %v", err)
			}
			if (v.RootToken == token) != keep {
				t.Error("the root token is not that of the data")
			}
		})
	}
}

func call(t *testing.T, v *VaultServer, method, path string, body, answer any) {
	t.Helper()
	if err := v.Call(t.Context(), v.RootToken, method, path, body, answer); err != nil {
		t.Fatal(err)
	}
}
