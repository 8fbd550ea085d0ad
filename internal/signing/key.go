package signing

import (
	"context"
	"crypto"
	"crypto/rand"
	"fmt"
)

// Key signs digests with one private key. An implementation makes at most one
// signature a call and never retries by itself: a lost answer is for the
// caller to treat as unknown. It is safe for concurrent use.
type Key interface {
	// SignDigest signs digest, whose algorithm is opts.HashFunc(). ECDSA
	// values are ASN.1; *rsa.PSSOptions ask for PSS.
	SignDigest(ctx context.Context, digest []byte, opts crypto.SignerOpts) ([]byte, error)
	Public() crypto.PublicKey
}

// SignerKey makes a Key of a private key in memory.
func SignerKey(s crypto.Signer) Key { return signerKey{s} }

type signerKey struct{ crypto.Signer }

func (k signerKey) SignDigest(ctx context.Context, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(digest) != opts.HashFunc().Size() {
		return nil, fmt.Errorf("signing: digest of %d bytes for %v", len(digest), opts.HashFunc())
	}
	return k.Sign(rand.Reader, digest, opts)
}

// Sign is Prepare, SignDigest and Complete in one go, for callers that need no
// record between them. It copies the file once.
func Sign(ctx context.Context, r Request, k Key, tsa Timestamper) ([]byte, error) {
	p, err := Prepare(r)
	if err != nil {
		return nil, err
	}
	value, err := k.SignDigest(ctx, p.Digest, p.SignerOpts())
	if err != nil {
		return nil, fmt.Errorf("signing the digest: %w", err)
	}
	der, err := p.message(ctx, value, tsa)
	if err != nil {
		return nil, err
	}
	if err := p.hole.fill(p.PDF, der); err != nil {
		return nil, err
	}
	return p.PDF, nil
}
