package vault

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Types of Transit keys that docsvc uses.
const (
	TypeP256    = "ecdsa-p256"
	TypeP384    = "ecdsa-p384"
	TypeRSA3072 = "rsa-3072"
	TypeRSA4096 = "rsa-4096"

	typeEd25519 = "ed25519"
	typeAES     = "aes256-gcm96"
)

// transitKey is what Transit says of a key: nothing of it is secret.
type transitKey struct {
	Name          string                     `json:"name"`
	Type          string                     `json:"type"`
	Exportable    bool                       `json:"exportable"`
	Backup        bool                       `json:"allow_plaintext_backup"`
	Deletable     bool                       `json:"deletion_allowed"`
	Imported      bool                       `json:"imported_key"`
	Derived       bool                       `json:"derived"`
	BackupInfo    json.RawMessage            `json:"backup_info"`
	RestoreInfo   json.RawMessage            `json:"restore_info"`
	MinAvailable  int                        `json:"min_available_version"`
	MinDecryption int                        `json:"min_decryption_version"`
	MinEncryption int                        `json:"min_encryption_version"`
	Latest        int                        `json:"latest_version"`
	Keys          map[string]json.RawMessage `json:"keys"`
}

// errNoKey says that there is no key of that name.
var errNoKey = errors.New("no such key in vault")

// readKey asks Transit for a key.
func readKey(ctx context.Context, i *Identity, name string) (*transitKey, error) {
	secret, err := i.call(ctx, request{op: "read key", path: i.client.config.TransitMount + "/keys/" + name})
	if err != nil {
		return nil, err
	}
	if secret == nil {
		return nil, fmt.Errorf("%w: %s", errNoKey, name)
	}
	k := &transitKey{}
	if err := into(secret, k); err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	if k.Name != name || k.Latest < 1 || k.Latest > maxVersion {
		return nil, fmt.Errorf("key %s: %w: key %.80q, version %d", name, ErrAnswer, k.Name, k.Latest)
	}
	return k, nil
}

// listKeys returns the names of all keys.
func listKeys(ctx context.Context, i *Identity) ([]string, error) {
	secret, err := i.call(ctx, request{op: "list keys", list: true, path: i.client.config.TransitMount + "/keys"})
	if err != nil || secret == nil { // nothing: there are none
		return nil, err
	}
	var answer struct {
		Keys []string `json:"keys"`
	}
	if err := into(secret, &answer); err != nil {
		return nil, fmt.Errorf("list of keys: %w", err)
	}
	return answer.Keys, nil
}

// check says whether the key may be relied on, and how to mend what is wrong.
// mount is for the commands in the message.
func (k *transitKey) check(mount string, types ...string) error {
	config := fmt.Sprintf("vault write %s/keys/%s/config ", mount, k.Name)
	faulty := func(format string, args ...any) error {
		return fmt.Errorf("%w: key %s: %s", ErrSetup, k.Name, fmt.Sprintf(format, args...))
	}
	const anew = "that cannot be undone: make another key in its place (docs/operations.md)"
	known := false
	for _, t := range types {
		known = known || k.Type == t
	}
	switch {
	case !known:
		return faulty("its type is %.40q, wanted is %v; %s", k.Type, types, anew)
	case k.Exportable:
		return faulty("it can be exported, so that copies may exist; %s", anew)
	case k.Backup || present(k.BackupInfo):
		return faulty("it can be, or was, backed up in plain text; %s", anew)
	case k.Imported || present(k.RestoreInfo):
		return faulty("it was made elsewhere and imported or restored; %s", anew)
	case k.Derived:
		return faulty("it is a derived key; %s", anew)
	case k.Deletable:
		return faulty("it can be deleted: %sdeletion_allowed=false", config)
	case k.MinAvailable > 0:
		return faulty("its versions before %d were trimmed and what they signed cannot be checked any more: restore Vault's storage from a backup", k.MinAvailable)
	case k.MinDecryption > 1:
		return faulty("its versions before %d are hidden: %smin_decryption_version=1", k.MinDecryption, config)
	}
	return nil
}

func present(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// publicVersion is the public part of one version of a key.
type publicVersion struct {
	version int
	created time.Time
	public  crypto.PublicKey
	der     []byte // PKIX
}

// versions returns the public keys, oldest first. All from 1 on must be there.
func (k *transitKey) versions() ([]publicVersion, error) {
	list := make([]publicVersion, 0, len(k.Keys))
	for v := 1; v <= k.Latest; v++ {
		p, err := k.version(v)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

func (k *transitKey) version(v int) (publicVersion, error) {
	raw, ok := k.Keys[strconv.Itoa(v)]
	if !ok {
		return publicVersion{}, fmt.Errorf("%w: version %d of %s", errNoKey, v, k.Name)
	}
	var entry struct {
		PublicKey string    `json:"public_key"`
		Created   time.Time `json:"creation_time"`
	}
	if err := json.Unmarshal(raw, &entry); err != nil {
		return publicVersion{}, fmt.Errorf("key %s version %d: %w: %w", k.Name, v, ErrAnswer, err)
	}
	public, err := parsePublic(k.Type, entry.PublicKey)
	if err != nil {
		return publicVersion{}, fmt.Errorf("key %s version %d: %w: %w", k.Name, v, ErrAnswer, err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return publicVersion{}, fmt.Errorf("key %s version %d: %w: %w", k.Name, v, ErrAnswer, err)
	}
	return publicVersion{v, entry.Created.UTC(), public, der}, nil
}

// parsePublic reads Transit's two forms: PEM, and base64 for Ed25519.
func parsePublic(keyType, text string) (crypto.PublicKey, error) {
	if keyType == typeEd25519 {
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(b) != ed25519.PublicKeySize {
			return nil, errors.New("no Ed25519 public key")
		}
		return ed25519.PublicKey(b), nil
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no public key")
	}
	return x509.ParsePKIXPublicKey(block.Bytes)
}
