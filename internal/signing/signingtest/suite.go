package signingtest

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"testing"

	"docsvc/internal/signing"
	"docsvc/internal/signing/cms"
)

// Run is the contract of signing.Key. open returns a key of any algorithm that
// docsvc signs with; it is called for each case.
func Run(t *testing.T, open func(t *testing.T) signing.Key) {
	t.Run("signs", func(t *testing.T) {
		k := open(t)
		for _, pss := range []bool{false, true} {
			alg, err := cms.AlgorithmFor(k.Public(), pss)
			if err != nil {
				continue // PSS is for RSA only
			}
			digest := digestFor(alg.Hash())
			value, err := k.SignDigest(t.Context(), digest, alg.SignerOpts())
			if err != nil {
				t.Fatalf("%s: %v", alg, err)
			}
			if err := alg.Verify(k.Public(), digest, value); err != nil {
				t.Errorf("%s: %v", alg, err)
			}
			digest[0] ^= 1
			if alg.Verify(k.Public(), digest, value) == nil {
				t.Errorf("%s: the signature fits another digest too", alg)
			}
		}
	})
	t.Run("refuses a digest of the wrong length", func(t *testing.T) {
		k := open(t)
		if _, err := k.SignDigest(t.Context(), make([]byte, 20), crypto.SHA256); err == nil {
			t.Error("signed 20 bytes as SHA-256")
		}
	})
	t.Run("refuses a cancelled context", func(t *testing.T) {
		k := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := k.SignDigest(ctx, digestFor(crypto.SHA256), crypto.SHA256); err == nil {
			t.Error("signed under a cancelled context")
		}
	})
	t.Run("is safe for concurrent use", func(t *testing.T) {
		k := open(t)
		alg, err := cms.AlgorithmFor(k.Public(), false)
		if err != nil {
			t.Fatal(err)
		}
		errs := make(chan error, 8)
		for range cap(errs) {
			go func() {
				_, err := k.SignDigest(t.Context(), digestFor(alg.Hash()), alg.SignerOpts())
				errs <- err
			}()
		}
		for range cap(errs) {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	})
}

func digestFor(h crypto.Hash) []byte {
	if h == crypto.SHA384 {
		d := sha512.Sum384([]byte("act"))
		return d[:]
	}
	d := sha256.Sum256([]byte("act"))
	return d[:]
}
