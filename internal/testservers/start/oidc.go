package start

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// OIDCClient is a client of the provider. A native one has no secret and may be
// at any port of this machine.
type OIDCClient struct {
	ID                     string   `json:"id"`
	Secret                 string   `json:"secret,omitempty"`
	Native                 bool     `json:"native,omitempty"`
	RedirectURIs           []string `json:"redirect_uris"`
	PostLogoutRedirectURIs []string `json:"post_logout_redirect_uris,omitempty"`
}

// OIDCUser is somebody who can sign in. Two logins may have one subject.
type OIDCUser struct {
	Login    string         `json:"login"`
	Password string         `json:"password"`
	Subject  string         `json:"subject"`
	Name     string         `json:"name"`
	ACR      string         `json:"acr,omitempty"`
	AMR      []string       `json:"amr,omitempty"`    // ["pwd"] if empty
	Claims   map[string]any `json:"claims,omitempty"` // more of the ID token
}

// OIDCOptions says whom a provider knows.
type OIDCOptions struct {
	Dir       string // made if missing
	Port      int    // 0: a free one
	Issuer    string // http://127.0.0.1:PORT if empty; for a provider behind a proxy
	Algorithm string // RS256 (also if empty) or ES256
	Life      time.Duration
	Clients   []OIDCClient
	Users     []OIDCUser
}

// OIDC is a running OpenID provider, tools/oidcop. It forgets sessions and keys
// when it ends.
type OIDC struct {
	*Process
	Addr    string // 127.0.0.1:PORT
	Issuer  string
	Version string

	client *http.Client
}

// NewOIDC starts a provider.
func NewOIDC(ctx context.Context, o OIDCOptions) (*OIDC, error) {
	program, err := Find(ctx, "oidcop")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	config := filepath.Join(o.Dir, "config.json")
	if err := saveSecrets(config, map[string]any{"clients": o.Clients, "users": o.Users}); err != nil {
		return nil, err
	}
	p := &OIDC{Version: program.Version}
	if p.client, err = webClient(""); err != nil {
		return nil, err
	}
	return onPort(o.Port, func(port int) (*OIDC, error) {
		p.Addr = loopback(port)
		p.Issuer = o.Issuer
		if p.Issuer == "" {
			p.Issuer = "http://" + p.Addr
		}
		args := []string{"-listen", p.Addr, "-issuer", p.Issuer, "-config", config}
		if o.Algorithm != "" {
			args = append(args, "-alg", o.Algorithm)
		}
		if o.Life != 0 {
			args = append(args, "-life", o.Life.String())
		}
		p.Process, err = run(ctx, spec{
			name: "oidcop", path: program.Path, args: args, dir: o.Dir, port: port, stop: syscall.SIGTERM, death: syscall.SIGKILL,
			ready: func(ctx context.Context) error {
				_, err := p.keys(ctx)
				return err
			},
		})
		return p, err
	})
}

// Rotate makes a new signing key and returns when it is in use. The old keys
// stay published.
func (p *OIDC) Rotate(ctx context.Context) error {
	before, err := p.keys(ctx)
	if err != nil {
		return err
	}
	if err := p.signal(syscall.SIGHUP); err != nil {
		return err
	}
	for {
		if now, err := p.keys(ctx); err != nil || now > before {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(errors.New("the provider made no new key"), ctx.Err())
		case <-time.After(readyEvery):
		}
	}
}

// keys counts the published keys.
func (p *OIDC) keys(ctx context.Context) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Addr+"/keys", http.NoBody)
	if err != nil {
		return 0, err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	var set struct{ Keys []json.RawMessage }
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&set); err != nil {
		return 0, fmt.Errorf("keys of the provider: %w", err)
	}
	return len(set.Keys), nil
}
