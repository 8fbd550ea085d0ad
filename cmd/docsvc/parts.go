package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"sync"

	"docsvc/internal/archive"
	"docsvc/internal/signing/keyfile"
	"docsvc/internal/signing/vault"
)

// archiveStore is an archive as the command line uses it.
type archiveStore interface {
	archive.Store
	archive.Holder
	Path(key string) string // for people and other tools
	Syncs() uint64          // flushes to a disk of this machine
	Close() error
}

// serviceKeys are the service's own signing keys, in files or in Vault.
type serviceKeys interface {
	// List returns the public keys of a purpose, oldest first; the last one is
	// in use.
	List(ctx context.Context, purpose string) ([]serviceKey, error)
	// Sign signs a digest (seals) or a message (checkpoints).
	Sign(ctx context.Context, kid string, message []byte) ([]byte, error)
}

// serviceKey is what is published of a service key.
type serviceKey struct {
	KID    string
	Public crypto.PublicKey
}

// fileKeys are service keys in files.
type fileKeys struct {
	keys *keyfile.ServiceKeys
	open sync.Map // kid → crypto.Signer
}

func (f *fileKeys) List(_ context.Context, purpose string) ([]serviceKey, error) {
	list, err := f.keys.List(purpose)
	if err != nil {
		return nil, err
	}
	return publicKeys(list, func(i keyfile.Info) string { return i.KID })
}

func (f *fileKeys) Sign(_ context.Context, kid string, message []byte) ([]byte, error) {
	opened, ok := f.open.Load(kid)
	if !ok {
		key, _, err := f.keys.Signer(kid)
		if err != nil {
			return nil, err
		}
		opened, _ = f.open.LoadOrStore(kid, key)
	}
	key, ok := opened.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("service key %s does not sign", kid)
	}
	hash := crypto.SHA256
	if _, ok := key.Public().(ed25519.PublicKey); ok {
		hash = 0 // it signs the message itself
	}
	return key.Sign(rand.Reader, message, hash)
}

// vaultKeys are service keys in Vault.
type vaultKeys struct{ *vault.ServiceKeys }

func (v vaultKeys) List(ctx context.Context, purpose string) ([]serviceKey, error) {
	list, err := v.ServiceKeys.List(ctx, purpose)
	if err != nil {
		return nil, err
	}
	return publicKeys(list, func(i vault.KeyInfo) string { return i.KID })
}

// publicKeys parses the public parts of service keys.
func publicKeys[T interface {
	PublicKey() (crypto.PublicKey, error)
}](list []T, kid func(T) string) ([]serviceKey, error) {
	keys := make([]serviceKey, len(list))
	for i, info := range list {
		public, err := info.PublicKey()
		if err != nil {
			return nil, fmt.Errorf("service key %s: %w", kid(info), err)
		}
		keys[i] = serviceKey{kid(info), public}
	}
	return keys, nil
}

// current is the key of a purpose that is in use.
func current(ctx context.Context, keys serviceKeys, purpose string) (serviceKey, error) {
	list, err := keys.List(ctx, purpose)
	if err != nil {
		return serviceKey{}, fmt.Errorf("%s key: %w", purpose, err)
	}
	if len(list) == 0 {
		return serviceKey{}, fmt.Errorf("%s key: %w", purpose, keyfile.ErrNoKey)
	}
	return list[len(list)-1], nil
}

const maxSecret = 8 << 10

// readSecret reads a secret of one line from a file that only its owner may read.
func readSecret(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o037 != 0 { // a group may read: secrets are mounted so
		return "", fmt.Errorf("%s can be read or written by others than its owner (chmod 600)", path)
	}
	data, err := readInput(path, maxSecret)
	if err != nil {
		return "", err
	}
	defer clear(data)
	secret := bytes.TrimSpace(data)
	if len(secret) == 0 {
		return "", errors.New(path + " is empty")
	}
	return string(secret), nil
}
