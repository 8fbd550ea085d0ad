package vault

import (
	"context"
	"crypto"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/api"

	"docsvc/internal/document"
)

const (
	// maxTokenLife is the longest life that an officer's token may have. The
	// role gives sixty seconds.
	maxTokenLife = 120 * time.Second
	// revokeTimeout bounds the call after the signature, for which the officer
	// waits.
	revokeTimeout = 3 * time.Second
	maxIDToken    = 16 << 10
)

// Where the role's claim_mappings put the user claim and the nonce, whose claim
// has the same name.
const (
	subjectMetadata = "subject"
	nonceMetadata   = "nonce"
)

var jwtForm = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)

// OfficerKey is one version of an officer's key, unlocked by that officer for
// one call. It implements document.KeyHolder.
type OfficerKey struct {
	client   *Client
	key      keyVersion
	token    string
	accessor string
	used     atomic.Bool
}

// Unlock logs in at Vault with the ID token that the officer got from the
// identity provider for this batch, for the key version that the account
// names. The caller has checked the token: its nonce is the batch's, its
// subject the account's. Vault checks signature, issuer, audience, strength
// and expiry again, and its policy ties the subject to the key.
//
// Every error wraps document.ErrKeyRefused. The caller must call Sign or Close.
func (c *Client) Unlock(ctx context.Context, idToken, keyID string) (*OfficerKey, error) {
	key, err := parseKeyID(keyID)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", document.ErrKeyRefused, err)
	}
	if len(idToken) > maxIDToken || !jwtForm.MatchString(idToken) {
		return nil, fmt.Errorf("%w: vault: the officer's proof is not an ID token", document.ErrKeyRefused)
	}
	secret, err := c.call(ctx, request{
		op: "login", write: true, path: "auth/" + c.config.JWTMount + "/login", hide: []string{idToken},
		body: map[string]any{"role": c.config.OfficerRole, "jwt": idToken},
	})
	if err != nil {
		return nil, loginError(err)
	}
	if secret == nil || secret.Auth == nil || !isToken(secret.Auth.ClientToken) {
		return nil, fmt.Errorf("%w: officer's login: %w: no token", document.ErrKeyRefused, ErrAnswer)
	}
	k := &OfficerKey{client: c, key: key, token: secret.Auth.ClientToken, accessor: reported(secret.Auth.Accessor)}
	if err := k.check(secret.Auth); err != nil {
		k.Close(ctx)
		return nil, fmt.Errorf("%w: officer's login: %w", document.ErrKeyRefused, err)
	}
	return k, nil
}

// loginError: whatever became of the login, no key was used. Vault answers 400
// to a token that it does not accept.
func loginError(err error) error {
	if call := (*CallError)(nil); errors.As(err, &call) && call.Status == 400 {
		return fmt.Errorf("%w: %w: %w", document.ErrKeyRefused, ErrDenied, err)
	}
	return fmt.Errorf("%w: %w", document.ErrKeyRefused, err)
}

// check compares what Vault says of the login with what was asked for.
func (k *OfficerKey) check(a *api.SecretAuth) error {
	switch life := time.Duration(a.LeaseDuration) * time.Second; {
	case a.Metadata[subjectMetadata] == "":
		return fmt.Errorf("%w: role %s does not report the subject: its claim_mappings must map the user claim to %q",
			ErrSetup, k.client.config.OfficerRole, subjectMetadata)
	case a.Metadata[subjectMetadata] != k.key.subject:
		return fmt.Errorf("%w: the officer who logged in is not the owner of %s", ErrDenied, k.key.name())
	case life <= 0 || life > maxTokenLife:
		return fmt.Errorf("%w: role %s gives tokens of %v, at most %v (token_ttl=60s)", ErrSetup, k.client.config.OfficerRole, life, maxTokenLife)
	}
	return nil
}

// KeyID implements document.KeyHolder.
func (k *OfficerKey) KeyID() string { return k.key.String() }

// TokenAccessor names the token in Vault, without being of use to sign.
func (k *OfficerKey) TokenAccessor() string { return k.accessor }

// Sign implements document.KeyHolder: one call for all digests, then the token
// is revoked, whatever happened. use is Vault's request id, as its audit log
// has it.
func (k *OfficerKey) Sign(ctx context.Context, digests [][]byte, opts crypto.SignerOpts) (signatures [][]byte, use string, err error) {
	if k.used.Swap(true) {
		return nil, "", fmt.Errorf("%w: vault: an officer's login signs once", document.ErrKeyRefused)
	}
	defer k.revoke(ctx)
	if err := ctx.Err(); err != nil {
		return nil, "", fmt.Errorf("%w: %w", document.ErrKeyRefused, err)
	}
	s, err := suiteFor(opts)
	if err != nil {
		return nil, "", err
	}
	if err := checkDigests(digests, opts.HashFunc()); err != nil {
		return nil, "", err
	}
	body := s.params(k.key.version)
	inputs := make([]map[string]string, len(digests))
	for i, d := range digests {
		inputs[i] = map[string]string{"input": base64.StdEncoding.EncodeToString(d)}
	}
	body["batch_input"] = inputs
	secret, err := k.client.call(ctx, request{
		op: "sign", write: true, token: k.token, body: body, more: time.Duration(len(digests)) * perDigest,
		path: k.client.config.TransitMount + "/sign/" + k.key.name() + "/" + s.hash,
	})
	if err != nil {
		return nil, "", err
	}
	var answer batchAnswer
	if err := into(secret, &answer); err != nil {
		return nil, "", fmt.Errorf("signing with %s: %w", k.key, err)
	}
	use = reported(secret.RequestID)
	if signatures, err = answer.signatures(len(digests), k.key.version); err != nil {
		return nil, use, fmt.Errorf("signing with %s: %w", k.key, err)
	}
	return signatures, use, nil
}

// Close gives an unused login up. After Sign it does nothing.
func (k *OfficerKey) Close(ctx context.Context) {
	if !k.used.Swap(true) {
		k.revoke(ctx)
	}
}

// revoke uses the token's second use to end it. If that fails it ends by
// itself within its minute.
func (k *OfficerKey) revoke(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTimeout)
	defer cancel()
	_, err := k.client.call(ctx, request{op: "revoke", write: true, path: "auth/token/revoke-self", token: k.token})
	if err != nil {
		k.client.config.Log.WarnContext(ctx, "an officer's vault token was not revoked and ends by itself",
			slog.String("key", k.key.String()), slog.String("accessor", k.accessor), slog.Any("error", err))
	}
}

var idForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)

// reported passes an id of Vault on, if it looks like one.
func reported(id string) string {
	if !idForm.MatchString(id) {
		return ""
	}
	return id
}
