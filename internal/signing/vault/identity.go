package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"
)

// Credential is how docsvc itself proves to Vault who it is: AppRole with two
// files, or a token in a file that a Vault Agent keeps fresh.
type Credential struct {
	RoleIDFile, SecretIDFile string
	TokenFile                string
}

var printable = regexp.MustCompile(`^[!-~]+$`)

// isToken bounds what is put into a header.
func isToken(s string) bool { return len(s) <= 4096 && printable.MatchString(s) }

const (
	maxCredential = 8 << 10
	// loginPause keeps a token that is refused again and again from becoming a
	// flood of logins.
	loginPause = 5 * time.Second
	// reread is how long a token from a file is used before the file is looked
	// at again.
	reread = 10 * time.Second
	// early is how long before its end a token counts as ended.
	early = 5 * time.Second
)

// Identity is docsvc, or a part of it, at Vault. It keeps a token and renews
// it or logs in anew when it is used: after two thirds of the token's life,
// after its end, and when Vault refuses it. It is safe for concurrent use.
type Identity struct {
	client *Client
	name   string // for messages
	cred   Credential
	fixed  bool // a token that was given

	gate chan struct{} // held while renewing or logging in

	mu     sync.Mutex
	token  string
	last   time.Time // of the login, renewal or reading
	renew  time.Time // when to begin to renew
	ends   time.Time
	agents bool // from a file that somebody else renews
}

// Identity makes an identity from its files. It does not use the network. name
// stands in messages.
func (c *Client) Identity(name string, cred Credential) (*Identity, error) {
	appRole := cred.RoleIDFile != "" && cred.SecretIDFile != ""
	if appRole == (cred.TokenFile != "") || (cred.RoleIDFile == "") != (cred.SecretIDFile == "") {
		return nil, fmt.Errorf("vault: %s: either a token file, or a file with the role id and one with the secret id", name)
	}
	return &Identity{client: c, name: name, cred: cred, agents: cred.TokenFile != "", gate: make(chan struct{}, 1)}, nil
}

// WithToken makes an identity of a token at hand, which is not renewed: of an
// administrator who sets up, or an auditor.
func (c *Client) WithToken(name, token string) *Identity {
	return &Identity{client: c, name: name, token: token, fixed: true, gate: make(chan struct{}, 1)}
}

// call makes a call under this identity. Where Vault refuses the token before
// doing anything, it is made once more under a new one.
func (i *Identity) call(ctx context.Context, r request) (*api.Secret, error) {
	token, err := i.current(ctx)
	if err != nil {
		return nil, err
	}
	r.token = token
	secret, err := i.client.call(ctx, r)
	if err == nil || i.fixed || !errors.Is(err, ErrDenied) {
		return secret, err
	}
	again, renewErr := i.replace(ctx, token)
	if renewErr != nil {
		return nil, errors.Join(err, renewErr)
	}
	if again == token {
		return nil, err // the token is good: the policy says no
	}
	r.token = again
	return i.client.call(ctx, r)
}

// current returns a token that is good as far as one can know.
func (i *Identity) current(ctx context.Context) (string, error) {
	i.mu.Lock()
	token, renew, ends := i.token, i.renew, i.ends
	i.mu.Unlock()
	now := i.client.config.Now()
	switch {
	case i.fixed || token != "" && now.Before(renew):
		return token, nil
	case token != "" && now.Before(ends):
		select {
		case i.gate <- struct{}{}: // one caller renews, the others go on meanwhile
			defer func() { <-i.gate }()
			i.tryRenew(ctx, token)
		default:
		}
		i.mu.Lock()
		defer i.mu.Unlock()
		return i.token, nil
	}
	return i.replace(ctx, token)
}

// replace gets another token than old, unless somebody has just done so.
func (i *Identity) replace(ctx context.Context, old string) (string, error) {
	select {
	case i.gate <- struct{}{}:
		defer func() { <-i.gate }()
	case <-ctx.Done():
		return "", fmt.Errorf("vault: waiting for the login of %s: %w", i.name, ctx.Err())
	}
	i.mu.Lock()
	token, last, ends := i.token, i.last, i.ends
	i.mu.Unlock()
	now := i.client.config.Now()
	if token != old && token != "" && now.Before(ends) {
		return token, nil
	}
	if token == old && token != "" && !i.agents && now.Before(ends) && now.Sub(last) < loginPause {
		return token, nil
	}
	if err := i.login(ctx); err != nil {
		return "", fmt.Errorf("vault: login of %s: %w", i.name, err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.token, nil
}

// tryRenew prolongs a token that is still good; what does not work is no error
// yet.
func (i *Identity) tryRenew(ctx context.Context, token string) {
	if i.agents {
		if err := i.login(ctx); err != nil {
			i.client.config.Log.WarnContext(ctx, "vault token file was not read", slog.String("identity", i.name), slog.Any("error", err))
		}
		return
	}
	secret, err := i.client.call(ctx, request{op: "renew", write: true, path: "auth/token/renew-self", token: token})
	if err == nil && secret != nil && secret.Auth != nil && secret.Auth.LeaseDuration > 0 {
		before := i.life()
		i.set(token, time.Duration(secret.Auth.LeaseDuration)*time.Second)
		if i.life() > before/2 { // near its greatest age a token is given ever less
			return
		}
	}
	if err := i.login(ctx); err != nil {
		i.client.config.Log.WarnContext(ctx, "vault token was not renewed", slog.String("identity", i.name), slog.Any("error", err))
	}
}

func (i *Identity) life() time.Duration {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.ends.Sub(i.last)
}

// login gets a new token: from Vault, or from the agent's file.
func (i *Identity) login(ctx context.Context) error {
	if i.agents {
		token, err := readCredential(i.cred.TokenFile)
		if err != nil {
			return err
		}
		i.set(token, reread*3/2) // to be renewed after two thirds
		return nil
	}
	role, err := readCredential(i.cred.RoleIDFile)
	if err != nil {
		return err
	}
	secretID, err := readCredential(i.cred.SecretIDFile)
	if err != nil {
		return err
	}
	secret, err := i.client.call(ctx, request{
		op: "login", write: true, path: "auth/" + i.client.config.AppRoleMount + "/login", hide: []string{role, secretID},
		body: map[string]any{"role_id": role, "secret_id": secretID},
	})
	if call := (*CallError)(nil); errors.As(err, &call) && call.Status == 400 { // so Vault answers to a wrong role or secret
		return fmt.Errorf("%w: %w", ErrDenied, err)
	}
	if err != nil {
		return err
	}
	if secret == nil || secret.Auth == nil || !isToken(secret.Auth.ClientToken) || secret.Auth.LeaseDuration <= 0 {
		return fmt.Errorf("%w: no token", ErrAnswer)
	}
	i.set(secret.Auth.ClientToken, time.Duration(secret.Auth.LeaseDuration)*time.Second)
	return nil
}

func (i *Identity) set(token string, life time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	now := i.client.config.Now()
	i.token, i.last = token, now
	i.renew, i.ends = now.Add(life*2/3), now.Add(life-min(early, life/10))
}

// Close ends the token of a login. A token that was given, or that an agent
// keeps, stays.
func (i *Identity) Close(ctx context.Context) error {
	i.mu.Lock()
	token := i.token
	i.mu.Unlock()
	if token == "" || i.fixed || i.agents {
		return nil
	}
	_, err := i.client.call(ctx, request{op: "revoke", write: true, path: "auth/token/revoke-self", token: token})
	i.mu.Lock()
	defer i.mu.Unlock()
	i.token = ""
	return err
}

// readCredential reads a one-line file that nobody else on the machine may
// read.
func readCredential(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("credential: %w", err)
	}
	if info.Mode().Perm()&0o007 != 0 {
		return "", fmt.Errorf("credential: %s can be read by everybody on this machine (chmod o-rwx)", path)
	}
	b, err := readSmall(path, maxCredential)
	if err != nil {
		return "", fmt.Errorf("credential: %w", err)
	}
	text := string(bytes.TrimSpace(b))
	if !isToken(text) {
		return "", fmt.Errorf("credential: %s does not hold one line of printable characters", path)
	}
	return text, nil
}
