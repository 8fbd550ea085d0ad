package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"docsvc/internal/codes"
	"docsvc/internal/ledger"
)

// The purposes of the service's own keys.
const (
	purposeSeal       = "seal"       // ES256: the seal in the QR code
	purposeCheckpoint = "checkpoint" // Ed25519: the ledger
)

// sealer signs seals with the newest of the service's keys.
type sealer struct{ keys serviceKeys }

// Seal implements document.Sealer.
func (s sealer) Seal(ctx context.Context, code codes.Code, f codes.Facts) ([]byte, error) {
	key, err := current(ctx, s.keys, purposeSeal)
	if err != nil {
		return nil, err
	}
	sign := func(ctx context.Context, digest []byte) ([]byte, error) { return s.keys.Sign(ctx, key.KID, digest) }
	return codes.Seal(ctx, sign, sealKID(key.KID), code, f)
}

// sealKID is the id of a seal key as seals carry it: without the purpose, to
// keep the QR code small.
func sealKID(kid string) string { return strings.TrimPrefix(kid, purposeSeal+"-") }

// sealKeys are the published keys of seals, past ones included, by id.
func sealKeys(ctx context.Context, keys serviceKeys) (map[string]*ecdsa.PublicKey, error) {
	list, err := keys.List(ctx, purposeSeal)
	if err != nil {
		return nil, err
	}
	public := map[string]*ecdsa.PublicKey{}
	for _, k := range list {
		p, ok := k.Public.(*ecdsa.PublicKey)
		if !ok {
			return nil, fmt.Errorf("seal key %s is not ECDSA", k.KID)
		}
		public[sealKID(k.KID)] = p
	}
	return public, nil
}

// ledgerSigner returns the signer of checkpoints and the verifier that knows
// its key and all earlier ones.
func ledgerSigner(ctx context.Context, keys serviceKeys, origin string) (*ledger.Signer, *ledger.Verifier, error) {
	list, err := keys.List(ctx, purposeCheckpoint)
	if err != nil {
		return nil, nil, fmt.Errorf("checkpoint key: %w", err)
	}
	newest, err := current(ctx, keys, purposeCheckpoint)
	if err != nil {
		return nil, nil, err
	}
	var public []ed25519.PublicKey
	for _, k := range list {
		p, ok := k.Public.(ed25519.PublicKey)
		if !ok {
			return nil, nil, fmt.Errorf("checkpoint key %s is not Ed25519", k.KID)
		}
		public = append(public, p)
	}
	signer, err := ledger.NewSigner(origin, public[len(public)-1], func(text []byte) ([]byte, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keyCall)
		defer cancel()
		return keys.Sign(ctx, newest.KID, text)
	})
	if err != nil {
		return nil, nil, err
	}
	verifier, err := ledger.NewVerifier(origin, public...)
	return signer, verifier, err
}

// keyCall bounds a call of a service key where no context comes along.
const keyCall = 15 * time.Second

// derivedSecrets derives secrets from a key that signs the ledger's checkpoints,
// whose signatures are always the same for the same text (Ed25519, RFC 8032). So
// no secret of a webhook or of one-time codes is kept anywhere, and key files and
// Vault do alike. No checkpoint begins as these texts do: a checkpoint's first
// line is a host's name and a path.
type derivedSecrets struct{ keys serviceKeys }

// WebhookSecret implements document.WebhookSecrets.
func (d derivedSecrets) WebhookSecret(ctx context.Context, kid, id string) ([]byte, string, error) {
	return d.derive(ctx, kid, "docsvc webhook secret 1\n"+id+"\n")
}

// CodeSecret implements auth.CodeSecrets.
func (d derivedSecrets) CodeSecret(ctx context.Context, kid, id string) ([]byte, string, error) {
	return d.derive(ctx, kid, "docsvc one-time codes 1\n"+id+"\n")
}

func (d derivedSecrets) derive(ctx context.Context, kid, text string) ([]byte, string, error) {
	if kid == "" {
		key, err := current(ctx, d.keys, purposeCheckpoint)
		if err != nil {
			return nil, "", err
		}
		kid = key.KID
	}
	signature, err := d.keys.Sign(ctx, kid, []byte(text))
	if err != nil {
		return nil, "", err
	}
	secret := sha256.Sum256(signature)
	return secret[:], kid, nil
}
