package start

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
)

// VaultOptions says where a Vault lives.
type VaultOptions struct {
	Dir  string // made if missing
	Port int    // 0: a free one
	TLS  bool
	// Keep makes a Vault of one raft node that finds its data again in Dir, at
	// the same Port. Otherwise it forgets all when it ends.
	Keep bool
}

// Vault is a running, unsealed Vault with a file audit device. It is not a dev
// server, which would mount what production does not have; but its unseal key
// and root token lie in its directory: for tests and for trying out.
type Vault struct {
	*Process
	Address   string // http://127.0.0.1:PORT
	RootToken string // another one after each start of a Vault that does not keep
	AuditLog  string // path
	CA        string // file with the authority's certificate; empty without TLS
	Version   string

	options VaultOptions
	client  *http.Client
	keys    vaultKeys
}

// vaultKeys are what `sys/init` answers.
type vaultKeys struct {
	Keys      []string `json:"keys_base64"`
	RootToken string   `json:"root_token"`
}

// NewVault starts a Vault.
func NewVault(ctx context.Context, o VaultOptions) (*Vault, error) {
	program, err := Find(ctx, "vault")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(o.Dir, "data"), 0o700); err != nil {
		return nil, err
	}
	v := &Vault{AuditLog: filepath.Join(o.Dir, "audit.log"), Version: program.Version, options: o}
	var c certificates
	if o.TLS {
		if c, err = newCertificates(filepath.Join(o.Dir, "certs")); err != nil {
			return nil, err
		}
		v.CA = c.ca
	}
	if v.client, err = webClient(v.CA); err != nil {
		return nil, err
	}
	if v.keys, err = loadSecrets(v.keyFile(), func() (none vaultKeys) { return none }); err != nil {
		return nil, err
	}
	return onPort(o.Port, func(port int) (*Vault, error) {
		v.Address = scheme(v.CA) + loopback(port)
		config := filepath.Join(o.Dir, "vault.json")
		if err := saveSecrets(config, v.config(port, c)); err != nil {
			return nil, err
		}
		v.Process, err = run(ctx, spec{
			name: "vault", path: program.Path, args: []string{"server", "-config=" + config}, dir: o.Dir, port: port,
			stop: syscall.SIGTERM, death: syscall.SIGKILL, ready: v.ready,
		})
		return v, err
	})
}

func (v *Vault) keyFile() string { return filepath.Join(v.options.Dir, "keys.json") }

func (v *Vault) config(port int, c certificates) map[string]any {
	listener := map[string]any{"address": loopback(port), "cluster_address": loopback(port + 1), "tls_disable": true}
	if v.options.TLS {
		listener["tls_disable"], listener["tls_cert_file"], listener["tls_key_file"] = false, c.cert, c.key
	}
	storage := map[string]any{"inmem": map[string]any{}}
	if v.options.Keep {
		storage = map[string]any{"raft": map[string]any{
			"path": filepath.Join(v.options.Dir, "data"), "node_id": "one",
			"performance_multiplier": 1, // elects itself in a second, and not in five
		}}
	}
	return map[string]any{
		"listener": []any{map[string]any{"tcp": listener}}, "storage": storage, "disable_mlock": true,
		"api_addr": v.Address, "cluster_addr": "https://" + loopback(port+1),
	}
}

// ready initialises, unseals and audits what is not yet, and is nil when Vault
// works.
func (v *Vault) ready(ctx context.Context) error {
	var status struct{ Initialized, Sealed bool }
	if err := v.Call(ctx, "", http.MethodGet, "sys/seal-status", nil, &status); err != nil {
		return err
	}
	if !status.Initialized {
		shares := map[string]any{"secret_shares": 1, "secret_threshold": 1}
		if err := v.Call(ctx, "", http.MethodPut, "sys/init", shares, &v.keys); err != nil {
			return err
		}
		if err := saveSecrets(v.keyFile(), v.keys); err != nil {
			return err
		}
	}
	v.RootToken = v.keys.RootToken
	if status.Sealed {
		for _, key := range v.keys.Keys {
			if err := v.Call(ctx, "", http.MethodPut, "sys/unseal", map[string]any{"key": key}, nil); err != nil {
				return err
			}
		}
	}
	if err := answers(ctx, v.client, v.Address+"/v1/sys/health", http.StatusOK); err != nil {
		return err
	}
	return v.audit(ctx)
}

func (v *Vault) audit(ctx context.Context) error {
	var devices struct{ Data map[string]any }
	if err := v.Call(ctx, v.RootToken, http.MethodGet, "sys/audit", nil, &devices); err != nil {
		return err
	}
	if devices.Data["file/"] != nil {
		return nil
	}
	device := map[string]any{"type": "file", "options": map[string]any{"file_path": v.AuditLog}}
	return v.Call(ctx, v.RootToken, http.MethodPut, "sys/audit/file", device, nil)
}

// Call asks Vault's API: path without /v1/, body and answer as JSON, either may
// be nil.
func (v *Vault) Call(ctx context.Context, token, method, path string, body, answer any) error {
	var content io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, v.Address+"/v1/"+path, content)
	if err != nil {
		return err
	}
	if token != "" {
		request.Header.Set("X-Vault-Token", token)
	}
	response, err := v.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("vault: %s %s: %s: %s", method, path, response.Status, bytes.TrimSpace(text))
	}
	if answer == nil || len(text) == 0 {
		return nil
	}
	return json.Unmarshal(text, answer)
}
