package keyfile

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Kind is what a service key is.
type Kind string

const (
	ES256   Kind = "ES256"   // ECDSA P-256, for COSE and certificates
	Ed25519 Kind = "Ed25519" // for signed notes
	Secret  Kind = "secret"  // 32 random bytes
)

// ErrNoKey says that there is no such key.
var ErrNoKey = errors.New("keyfile: no such service key")

// ServiceKeys are the service's own keys: one file a key in Dir, named KID.key,
// sealed under ApplianceKey. What is public of each key (its id, purpose,
// creation time and public key) stands in clear, bound to the sealed part.
// Files are never changed or removed here, so List is the published history.
// It is safe for concurrent use, by several processes too.
type ServiceKeys struct {
	Dir          string
	ApplianceKey []byte           // 32 bytes, see OpenApplianceKey
	Now          func() time.Time // for Create
}

// Info is the public part of a service key.
type Info struct {
	KID     string    `json:"kid"`
	Purpose string    `json:"purpose"` // such as "seal", "checkpoint", "session"
	Kind    Kind      `json:"kind"`
	Created time.Time `json:"created"`
	Public  []byte    `json:"public,omitempty"` // PKIX DER; none for a secret
}

// PublicKey parses Public.
func (i Info) PublicKey() (crypto.PublicKey, error) { return x509.ParsePKIXPublicKey(i.Public) }

type sealedFile struct {
	Info  json.RawMessage `json:"info"` // bytes as sealed: they are the additional data
	Nonce []byte          `json:"nonce"`
	Box   []byte          `json:"box"`
}

var purposeForm = regexp.MustCompile(`^[a-z][a-z0-9]{0,19}$`)
var kidForm = regexp.MustCompile(`^[a-z][a-z0-9]{0,19}-[0-9a-f]{16}$`)

// Create makes a new key for a purpose. The newest key of a purpose is the one
// in use (Current); older ones stay for verification.
func (s *ServiceKeys) Create(purpose string, kind Kind) (Info, error) {
	if !purposeForm.MatchString(purpose) {
		return Info{}, fmt.Errorf("keyfile: purpose %q", purpose)
	}
	plain, public, err := generate(kind)
	if err != nil {
		return Info{}, fmt.Errorf("making a %s key: %w", kind, err)
	}
	defer clear(plain)
	random := make([]byte, 8+nonceSize)
	rand.Read(random) // never fails (crypto/rand)
	info := Info{
		KID: purpose + "-" + hex.EncodeToString(random[:8]), Purpose: purpose, Kind: kind,
		Created: s.Now().UTC(), Public: public,
	}
	head, err := json.Marshal(info)
	if err != nil {
		return Info{}, err
	}
	aead, err := gcm(s.ApplianceKey)
	if err != nil {
		return Info{}, fmt.Errorf("appliance key: %w", err)
	}
	nonce := random[8:]
	file, err := json.Marshal(sealedFile{Info: head, Nonce: nonce, Box: aead.Seal(nil, nonce, plain, head)})
	if err != nil {
		return Info{}, err
	}
	return info, createFile(s.path(info.KID), file)
}

func generate(kind Kind) (plain, public []byte, err error) {
	var key crypto.Signer
	switch kind {
	case ES256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case Ed25519:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case Secret:
		plain = make([]byte, 32)
		rand.Read(plain) // never fails
		return plain, nil, nil
	default:
		err = fmt.Errorf("unknown kind %q", kind)
	}
	if err != nil {
		return nil, nil, err
	}
	if plain, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
		return nil, nil, err
	}
	public, err = x509.MarshalPKIXPublicKey(key.Public())
	return plain, public, err
}

// Signer opens a signing key.
func (s *ServiceKeys) Signer(kid string) (crypto.Signer, Info, error) {
	plain, info, err := s.open(kid)
	if err != nil {
		return nil, Info{}, err
	}
	defer clear(plain)
	if info.Kind == Secret {
		return nil, Info{}, fmt.Errorf("service key %s: %w: it is a secret", kid, ErrFormat)
	}
	key, err := parseKey(plain)
	return key, info, err
}

// Secret opens a secret of 32 bytes.
func (s *ServiceKeys) Secret(kid string) ([]byte, Info, error) {
	plain, info, err := s.open(kid)
	if err == nil && info.Kind != Secret {
		clear(plain)
		return nil, Info{}, fmt.Errorf("service key %s: %w: it is no secret", kid, ErrFormat)
	}
	return plain, info, err
}

func (s *ServiceKeys) open(kid string) ([]byte, Info, error) {
	f, info, err := s.read(kid)
	if err != nil {
		return nil, Info{}, err
	}
	aead, err := gcm(s.ApplianceKey)
	if err != nil {
		return nil, Info{}, fmt.Errorf("appliance key: %w", err)
	}
	plain, err := aead.Open(nil, f.Nonce, f.Box, f.Info)
	if err != nil {
		return nil, Info{}, fmt.Errorf("service key %s: damaged, or sealed under another appliance key", kid)
	}
	return plain, info, nil
}

func (s *ServiceKeys) read(kid string) (f sealedFile, info Info, err error) {
	if !kidForm.MatchString(kid) {
		return f, info, fmt.Errorf("%w: %q", ErrNoKey, kid)
	}
	b, err := readFile(s.path(kid))
	if errors.Is(err, os.ErrNotExist) {
		return f, info, fmt.Errorf("%w: %s", ErrNoKey, kid)
	}
	if err != nil {
		return f, info, err
	}
	if err := json.Unmarshal(b, &f); err != nil || len(f.Nonce) != nonceSize {
		return f, info, fmt.Errorf("service key %s: %w", kid, ErrFormat)
	}
	if err := json.Unmarshal(f.Info, &info); err != nil || info.KID != kid {
		return f, info, fmt.Errorf("service key %s: %w", kid, ErrFormat)
	}
	return f, info, nil
}

// List returns all keys of a purpose, oldest first, without opening them; the
// empty purpose means all.
func (s *ServiceKeys) List(purpose string) ([]Info, error) {
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		return nil, fmt.Errorf("listing service keys: %w", err)
	}
	var list []Info
	for _, e := range entries {
		kid, ok := strings.CutSuffix(e.Name(), ".key")
		if !ok || !kidForm.MatchString(kid) {
			continue
		}
		_, info, err := s.read(kid)
		if err != nil {
			return nil, err
		}
		if purpose == "" || info.Purpose == purpose {
			list = append(list, info)
		}
	}
	slices.SortFunc(list, func(a, b Info) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.KID, b.KID))
	})
	return list, nil
}

// Current returns the newest key of a purpose, or ErrNoKey.
func (s *ServiceKeys) Current(purpose string) (Info, error) {
	list, err := s.List(purpose)
	if err != nil {
		return Info{}, err
	}
	if len(list) == 0 {
		return Info{}, fmt.Errorf("%w: purpose %s", ErrNoKey, purpose)
	}
	return list[len(list)-1], nil
}

func (s *ServiceKeys) path(kid string) string { return filepath.Join(s.Dir, kid+".key") }

// CreateApplianceKey writes 32 random bytes into a new file, as hexadecimal.
func CreateApplianceKey(path string) error {
	key := make([]byte, keySize)
	rand.Read(key) // never fails
	defer clear(key)
	return createFile(path, []byte(hex.EncodeToString(key)+"\n"))
}

// OpenApplianceKey reads the file of CreateApplianceKey.
func OpenApplianceKey(path string) ([]byte, error) {
	b, err := readFile(path)
	if err != nil {
		return nil, err
	}
	defer clear(b)
	key, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("%s: %w: not an appliance key", path, ErrFormat)
	}
	return key, nil
}
