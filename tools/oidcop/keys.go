package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"sync"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// keyring holds the signing keys, the newest last. All are published.
type keyring struct {
	algorithm string

	mu   sync.Mutex
	keys []*signingKey
}

// rotate makes a new key, with which all is signed from now on.
func (r *keyring) rotate() error {
	k := &signingKey{id: rand.Text(), algorithm: jose.SignatureAlgorithm(r.algorithm)}
	var err error
	switch k.algorithm {
	case jose.RS256:
		k.key, err = rsa.GenerateKey(rand.Reader, 2048)
	case jose.ES256:
		k.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		err = fmt.Errorf("algorithm %q is neither RS256 nor ES256", r.algorithm)
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = append(r.keys, k)
	return nil
}

func (r *keyring) signing() op.SigningKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys[len(r.keys)-1]
}

func (r *keyring) published() []op.Key {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []op.Key
	for _, k := range r.keys {
		all = append(all, publicKey{k})
	}
	return all
}

type signingKey struct {
	id        string
	algorithm jose.SignatureAlgorithm
	key       crypto.Signer
}

func (k *signingKey) ID() string                                  { return k.id }
func (k *signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return k.algorithm }
func (k *signingKey) Key() any                                    { return k.key }

type publicKey struct{ k *signingKey }

func (p publicKey) ID() string                         { return p.k.id }
func (p publicKey) Algorithm() jose.SignatureAlgorithm { return p.k.algorithm }
func (p publicKey) Use() string                        { return "sig" }
func (p publicKey) Key() any                           { return p.k.key.Public() }
