package vault

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// Purposes of the service's own keys, as in package keyfile.
const (
	purposeSeal       = "seal"       // ECDSA P-256: seals in QR codes
	purposeCheckpoint = "checkpoint" // Ed25519: the ledger
	purposeEvidence   = "evidence"   // AES-256-GCM: encrypts what proves consent
)

// serviceTypes are the types that the purposes need.
func serviceTypes() map[string]string {
	return map[string]string{purposeSeal: TypeP256, purposeCheckpoint: typeEd25519, purposeEvidence: typeAES}
}

// KeyInfo is the public part of one version of a service key.
type KeyInfo struct {
	KID     string // purpose-16 hexadecimal digits of the public key's SHA-256
	Purpose string
	Version int // in Transit
	Created time.Time
	Public  []byte // PKIX DER

	public crypto.PublicKey
}

// PublicKey is Public, parsed.
func (i KeyInfo) PublicKey() (crypto.PublicKey, error) { return i.public, nil }

// ErrNoKey says that the service has no such key.
var ErrNoKey = errors.New("vault: no such service key")

const (
	// remember is how long the list of versions is used before Vault is asked
	// again; after a rotation the version before signs that much longer.
	remember = time.Minute
	// askAgain is the least time between two questions for an unknown key.
	askAgain = 2 * time.Second
)

// ServiceKeys are the service's own keys in Transit. The newest version of a
// key is the one in use; all versions stay published. When Vault does not
// answer, what is known of public keys is still told. It is safe for
// concurrent use.
type ServiceKeys struct {
	identity *Identity

	mu    sync.Mutex
	known map[string]history
}

type history struct {
	list  []KeyInfo // oldest first
	asked time.Time
}

// OpenServiceKeys proves that the service's keys are there and as they must be,
// and that the service's own identity is not more powerful than it may be. What
// is wrong is ErrSetup and says how to mend it.
func (c *Client) OpenServiceKeys(ctx context.Context, service *Identity) (*ServiceKeys, error) {
	if _, err := c.Health(ctx); err != nil {
		return nil, err
	}
	s := &ServiceKeys{identity: service, known: map[string]history{}}
	var errs []error
	for purpose, keyType := range serviceTypes() {
		key, err := readKey(ctx, service, servicePrefix+purpose)
		if errors.Is(err, errNoKey) {
			err = fmt.Errorf("%w: key %s is not there: docsvc init makes it", ErrSetup, servicePrefix+purpose)
		}
		if err == nil {
			err = key.check(c.config.TransitMount, keyType)
		}
		if err == nil && purpose != purposeEvidence {
			err = s.learn(purpose, key)
		}
		errs = append(errs, err)
	}
	errs = append(errs, c.checkService(ctx, service), c.checkOfficerRole(ctx, service))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// learn takes over what Vault says of a key. A version that was published
// stays: if Vault shows another key in its place, or none, somebody has put an
// older or another storage in Vault's place.
func (s *ServiceKeys) learn(purpose string, key *transitKey) error {
	versions, err := key.versions()
	if err != nil {
		return err
	}
	list := make([]KeyInfo, len(versions))
	for i, v := range versions {
		sum := sha256.Sum256(v.der)
		list[i] = KeyInfo{
			KID: fmt.Sprintf("%s-%x", purpose, sum[:8]), Purpose: purpose,
			Version: v.version, Created: v.created, Public: v.der, public: v.public,
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, before := range s.known[purpose].list {
		if i >= len(list) || list[i].KID != before.KID {
			return fmt.Errorf("%w: version %d of %s is not the key it was; Vault's storage was replaced", ErrSetup, before.Version, key.Name)
		}
	}
	s.known[purpose] = history{list, s.identity.client.config.Now()}
	return nil
}

// List returns all versions of the key of a purpose, oldest first.
func (s *ServiceKeys) List(ctx context.Context, purpose string) ([]KeyInfo, error) {
	return s.list(ctx, purpose, remember)
}

func (s *ServiceKeys) list(ctx context.Context, purpose string, age time.Duration) ([]KeyInfo, error) {
	s.mu.Lock()
	h, ok := s.known[purpose]
	now := s.identity.client.config.Now()
	fresh := now.Sub(h.asked) < age
	if ok && !fresh {
		h.asked = now // the others go on with what is known
		s.known[purpose] = h
	}
	s.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("%w: purpose %s", ErrNoKey, purpose)
	}
	if fresh {
		return h.list, nil
	}
	key, err := readKey(ctx, s.identity, servicePrefix+purpose)
	if err == nil {
		err = s.learn(purpose, key)
	}
	if errors.Is(err, ErrSetup) {
		return nil, err
	}
	if err != nil {
		s.identity.client.config.Log.WarnContext(ctx, "versions of a service key were not read again",
			slog.String("purpose", purpose), slog.Any("error", err))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known[purpose].list, nil
}

// Current returns the newest version of the key of a purpose.
func (s *ServiceKeys) Current(ctx context.Context, purpose string) (KeyInfo, error) {
	list, err := s.List(ctx, purpose)
	if err != nil {
		return KeyInfo{}, err
	}
	return list[len(list)-1], nil
}

// Find returns a key by its id. For an id that is not known Vault is asked
// again: an operator may just have rotated the key.
func (s *ServiceKeys) Find(ctx context.Context, kid string) (KeyInfo, error) {
	purpose, _, _ := strings.Cut(kid, "-")
	for _, age := range []time.Duration{remember, askAgain} {
		list, err := s.list(ctx, purpose, age)
		if err != nil {
			return KeyInfo{}, err
		}
		for _, info := range list {
			if info.KID == kid {
				return info, nil
			}
		}
	}
	return KeyInfo{}, fmt.Errorf("%w: %.60q", ErrNoKey, kid)
}

// Sign signs with one version of a key: for "seal" the SHA-256 digest, with
// an ASN.1 signature; for "checkpoint" the message itself, with Ed25519.
func (s *ServiceKeys) Sign(ctx context.Context, kid string, input []byte) ([]byte, error) {
	info, err := s.Find(ctx, kid)
	if err != nil {
		return nil, err
	}
	name := servicePrefix + info.Purpose
	body := map[string]any{"input": base64.StdEncoding.EncodeToString(input), "key_version": info.Version}
	path := s.identity.client.config.TransitMount + "/sign/" + name
	if info.Purpose == purposeSeal {
		if len(input) != sha256.Size {
			return nil, fmt.Errorf("signing with %s: digest of %d bytes", kid, len(input))
		}
		body["prehashed"], body["marshaling_algorithm"] = true, "asn1"
		path += "/sha2-256"
	}
	secret, err := s.identity.call(ctx, request{op: "sign " + info.Purpose, write: true, path: path, body: body})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Signature string `json:"signature"`
	}
	if err := into(secret, &answer); err != nil {
		return nil, fmt.Errorf("signing with %s: %w", kid, err)
	}
	value, err := signature(answer.Signature, info.Version)
	if err != nil {
		return nil, fmt.Errorf("signing with %s: %w", kid, err)
	}
	return value, nil
}
