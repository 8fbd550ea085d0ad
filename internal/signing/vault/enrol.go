package vault

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"docsvc/internal/signing"
)

// Enrolment makes officers' keys under an identity of its own, which can have
// them certified and cannot sign.
type Enrolment struct{ identity *Identity }

// Enrolment makes one. It does not use the network.
func (c *Client) Enrolment(i *Identity) *Enrolment { return &Enrolment{i} }

func (e *Enrolment) config() *Config { return &e.identity.client.config }

// CreateKey makes the key of an officer and returns the id of its newest
// version. A key that is there already, and is as it must be, is no error: an
// enrolment that was interrupted goes on. A subject that differs from another
// officer's in case only is refused: Vault takes both for one person.
func (e *Enrolment) CreateKey(ctx context.Context, subject, keyType string) (keyID string, err error) {
	if err := checkSubject(subject); err != nil {
		return "", err
	}
	if !slices.Contains(officerTypes(), keyType) {
		return "", fmt.Errorf("key type %.40q: one of %v is wanted", keyType, officerTypes())
	}
	name := officerPrefix + subject
	names, err := listKeys(ctx, e.identity)
	if err != nil {
		return "", err
	}
	for _, other := range names {
		if other != name && strings.EqualFold(other, name) {
			return "", fmt.Errorf("%w: there is a key %s, whose owner vault does not tell from %s", ErrSetup, other, name)
		}
	}
	_, err = e.identity.call(ctx, request{
		op: "create key", write: true, path: e.config().TransitMount + "/keys/" + name,
		body: map[string]any{"type": keyType, "exportable": false, "allow_plaintext_backup": false},
	})
	if err != nil {
		return "", err
	}
	key, err := e.read(ctx, name, keyType)
	if err != nil {
		return "", err
	}
	return KeyID(subject, key.Latest)
}

// Rotate makes a new version of an officer's key and returns its id. The old
// version signs until the account names the new one.
func (e *Enrolment) Rotate(ctx context.Context, subject string) (keyID string, err error) {
	if err := checkSubject(subject); err != nil {
		return "", err
	}
	name := officerPrefix + subject
	before, err := e.read(ctx, name, officerTypes()...)
	if err != nil {
		return "", err
	}
	_, err = e.identity.call(ctx, request{op: "rotate key", write: true, path: e.config().TransitMount + "/keys/" + name + "/rotate"})
	if err != nil {
		return "", err
	}
	key, err := e.read(ctx, name, before.Type)
	if err != nil {
		return "", err
	}
	if key.Latest <= before.Latest {
		return "", fmt.Errorf("rotating %s: %w: still version %d", name, ErrAnswer, key.Latest)
	}
	return KeyID(subject, key.Latest)
}

// PublicKey returns the public key of a version.
func (e *Enrolment) PublicKey(ctx context.Context, keyID string) (crypto.PublicKey, error) {
	return publicKey(ctx, e.identity, keyID)
}

// OfficerPublicKey returns the public key of a version of an officer's key.
func (s *ServiceKeys) OfficerPublicKey(ctx context.Context, keyID string) (crypto.PublicKey, error) {
	return publicKey(ctx, s.identity, keyID)
}

func publicKey(ctx context.Context, i *Identity, keyID string) (crypto.PublicKey, error) {
	k, err := parseKeyID(keyID)
	if err != nil {
		return nil, err
	}
	key, err := readKey(ctx, i, k.name())
	if err != nil {
		return nil, err
	}
	if err := key.check(i.client.config.TransitMount, officerTypes()...); err != nil {
		return nil, err
	}
	v, err := key.version(k.version)
	if err != nil {
		return nil, err
	}
	return v.public, nil
}

// read reads an officer's key and refuses one that could leave Vault.
func (e *Enrolment) read(ctx context.Context, name string, types ...string) (*transitKey, error) {
	key, err := readKey(ctx, e.identity, name)
	if errors.Is(err, errNoKey) {
		return nil, fmt.Errorf("%w: %s", ErrNoKey, name)
	}
	if err != nil {
		return nil, err
	}
	return key, key.check(e.config().TransitMount, types...)
}

// Import checks a certificate that another authority issued for a key version,
// such as a national one: see signing.CheckIssued. It returns the chain, the
// officer's certificate first, without the root.
func (e *Enrolment) Import(ctx context.Context, keyID string, chain [][]byte, roots *x509.CertPool, at time.Time) ([]*x509.Certificate, error) {
	public, err := e.PublicKey(ctx, keyID)
	if err != nil {
		return nil, err
	}
	certs, err := signing.CheckIssued(chain, public, roots, at)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", keyID, err)
	}
	return certs, nil
}
