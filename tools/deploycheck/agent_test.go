package deploycheck

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// get reads from the API of Vault.
func (v *vaultServer) get(path, token string, out any) error {
	req, err := http.NewRequest(http.MethodGet, v.url(path), nil)
	if err != nil {
		return err
	}
	req.Header.Set("X-Vault-Token", token)
	resp, err := v.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d", path, resp.StatusCode)
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// TestVaultAgent: the agent of the unit logs in by the AppRole of deploy/vault
// and leaves a token that only its user can read.
func TestVaultAgent(t *testing.T) {
	dir := prepared(t)
	v := startVault(t, dir)
	v.unseal(v.initialise())
	v.put("sys/auth/approle", map[string]string{"type": "approle"}, nil)
	var role map[string]any
	if err := json.Unmarshal(read(t, deploy+"/vault/auth/approle-service.json"), &role); err != nil {
		t.Fatal(err)
	}
	v.put("auth/approle/role/docsvc-service", role, nil)
	var id struct {
		Data struct {
			RoleID string `json:"role_id"`
		}
	}
	if err := v.get("auth/approle/role/docsvc-service/role-id", v.token, &id); err != nil {
		t.Fatal(err)
	}
	var secret struct {
		Data struct {
			SecretID string `json:"secret_id"`
		}
	}
	v.put("auth/approle/role/docsvc-service/secret-id", map[string]string{}, &secret)
	for name, text := range map[string]string{
		"vault_role_id": id.Data.RoleID, "vault_secret_id": secret.Data.SecretID, "ca.pem": string(read(t, dir+"/secrets/ca.pem")),
		"agent.hcl": replace(t, string(read(t, deploy+"/systemd/vault-agent.hcl")), "https://vault.example.az:8200", fmt.Sprint("https://127.0.0.1:", v.port),
			"/run/credentials/docsvc-vault-agent.service/", dir+"/", "/run/docsvc-vault/", dir+"/"),
	} {
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(v.binary, "agent", "-config="+dir+"/agent.hcl")
	cmd.Env = append(os.Environ(), "HOME="+dir)
	start(t, cmd, func() error {
		_, err := os.Stat(dir + "/token")
		return err
	})
	if info, err := os.Stat(dir + "/token"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the token: %v, %v", info.Mode(), err)
	}
	var self struct{ Data struct{ Policies []string } }
	if err := v.get("auth/token/lookup-self", strings.TrimSpace(string(read(t, dir+"/token"))), &self); err == nil {
		t.Errorf("a token of the service may do more than its policies say: %v", self)
	}
	v.put("sys/policies/acl/docsvc-service", map[string]string{"policy": `path "auth/token/lookup-self" { capabilities = ["read"] }`}, nil)
	if err := v.get("auth/token/lookup-self", strings.TrimSpace(string(read(t, dir+"/token"))), &self); err != nil || len(self.Data.Policies) != 1 || self.Data.Policies[0] != "docsvc-service" {
		t.Errorf("the token: %v, %v", self, err)
	}
}
