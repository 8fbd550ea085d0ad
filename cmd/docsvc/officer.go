package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"docsvc/internal/document"
	"docsvc/internal/signing"
	"docsvc/internal/signing/keyfile"
)

// session is an officer who has shown the passphrase of the key: the actor for
// the core, and the key unlocked for this one run.
type session struct {
	actor   document.Actor
	account document.Account
	key     document.KeyHolder
}

// officerFlags are the options by which an officer authenticates.
type officerFlags struct{ login, passphraseFile string }

func (f *flags) officer() *officerFlags {
	o := &officerFlags{}
	f.StringVar(&o.login, "officer", "", "`LOGIN` of the officer who acts")
	f.StringVar(&o.passphraseFile, "passphrase-file", "", "`FILE` with the passphrase of the officer's key")
	return o
}

// maxPassphrase bounds a passphrase file.
const maxPassphrase = 1024

// unlock authenticates the officer by the passphrase of the key.
func (a *app) unlock(ctx context.Context, o *officerFlags) (*session, error) {
	account, err := a.Service.Account(ctx, o.login)
	if err != nil {
		return nil, err
	}
	// The key is the credential: with its certificate revoked it opens nothing,
	// neither a signature nor what needs none, a void or a change of standing.
	if err := a.Service.MayUseKey(ctx, account); err != nil {
		return nil, err
	}
	passphrase, err := readInput(o.passphraseFile, maxPassphrase)
	if err != nil {
		return nil, err
	}
	defer clear(passphrase)
	s := &session{account: account, actor: account.Actor(uuid.NewString())}
	err = a.Service.Attempt(ctx, s.actor, o.login, func() error {
		key, err := keyfile.Open(a.Config.officerKey(o.login), bytes.TrimRight(passphrase, "\r\n"))
		if errors.Is(err, keyfile.ErrPassphrase) {
			return fmt.Errorf("%w: %w", document.ErrCredential, err)
		}
		if err != nil {
			return err
		}
		s.key = fileKey{id: account.KeyID, key: key}
		return nil
	})
	return s, err
}

// fileKey is a document.KeyHolder over an unlocked key file.
type fileKey struct {
	id  string
	key signing.Key
}

// KeyID names the key by the hash of its public part.
func (k fileKey) KeyID() string { return k.id }

// Sign calls the key once.
func (k fileKey) Sign(ctx context.Context, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", document.ErrKeyRefused, err)
	}
	return k.key.SignDigest(ctx, digest, opts)
}

// keyID names a key file in the register and the archive.
func keyID(publicDER []byte) string {
	sum := sha256.Sum256(publicDER)
	return fmt.Sprintf("file:%x", sum[:8])
}
