package vault

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha512"
	"errors"
	"testing"

	"docsvc/internal/document"
	"docsvc/internal/signing/cms"
)

var _ document.KeyHolder = (*OfficerKey)(nil)

func TestOfficerSigns(t *testing.T) {
	w := newWorld(t)
	for keyType, psses := range map[string][]bool{
		TypeP256: {false}, TypeP384: {false}, TypeRSA3072: {false, true}, TypeRSA4096: {true},
	} {
		t.Run(keyType, func(t *testing.T) {
			subject, keyID := w.officer(t, keyType)
			public, err := w.client.Enrolment(w.identity(t, "enrol")).PublicKey(t.Context(), keyID)
			if err != nil {
				t.Fatal(err)
			}
			for _, pss := range psses {
				alg, err := cms.AlgorithmFor(public, pss)
				if err != nil {
					t.Fatal(err)
				}
				ds := digests(3)
				if alg.Hash() == crypto.SHA384 {
					for i, d := range ds {
						long := sha512.Sum384(d)
						ds[i] = long[:]
					}
				}
				k, err := w.client.Unlock(t.Context(), w.issuer.token(t, subject, nil), keyID)
				if err != nil {
					t.Fatal(err)
				}
				if k.KeyID() != keyID || k.TokenAccessor() == "" {
					t.Errorf("key %s, accessor %q", k.KeyID(), k.TokenAccessor())
				}
				values, use, err := k.Sign(t.Context(), ds, alg.SignerOpts())
				if err != nil {
					t.Fatal(err)
				}
				if use == "" || len(values) != len(ds) {
					t.Fatalf("use %q, %d values", use, len(values))
				}
				for i, d := range ds {
					if err := alg.Verify(public, d, values[i]); err != nil {
						t.Errorf("%s, digest %d: %v", alg, i, err)
					}
					if alg.Verify(public, ds[(i+1)%3], values[i]) == nil {
						t.Errorf("%s: signature %d fits another digest", alg, i)
					}
				}
				if _, _, err := k.Sign(t.Context(), ds, alg.SignerOpts()); !errors.Is(err, document.ErrKeyRefused) {
					t.Errorf("second use: %v", err)
				}
			}
			path := "transit/sign/officer-" + subject
			if n := len(w.audited(t, "response", path+"/sha2-256")) + len(w.audited(t, "response", path+"/sha2-384")); n != len(psses) {
				t.Errorf("Vault signed %d times, want %d", n, len(psses))
			}
		})
	}
}

func TestSignRefusesBeforeItCalls(t *testing.T) {
	w := newWorld(t)
	subject, keyID := w.officer(t, TypeP256)
	for name, c := range map[string]struct {
		digests [][]byte
		opts    crypto.SignerOpts
	}{
		"no digest":      {nil, crypto.SHA256},
		"too many":       {digests(MaxBatch + 1), crypto.SHA256},
		"short digest":   {[][]byte{make([]byte, 20)}, crypto.SHA256},
		"one of another": {[][]byte{make([]byte, 32), make([]byte, 48)}, crypto.SHA256},
		"SHA-1":          {[][]byte{make([]byte, 20)}, crypto.SHA1},
		"no hash":        {[][]byte{{1}}, crypto.Hash(0)},
		"longest salt":   {digests(1), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto, Hash: crypto.SHA256}},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := w.client.Unlock(t.Context(), w.issuer.token(t, subject, nil), keyID)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := k.Sign(t.Context(), c.digests, c.opts); !errors.Is(err, document.ErrKeyRefused) {
				t.Errorf("got %v", err)
			}
			if err := w.lookup(t, k.token); err == nil {
				t.Error("the token lives on")
			}
		})
	}
	if n := len(w.audited(t, "request", "transit/sign/officer-"+subject+"/sha2-256")); n != 0 {
		t.Errorf("Vault was asked %d times", n)
	}
}

// lookup asks, as an administrator, for a token.
func (w *world) lookup(t *testing.T, token string) error {
	t.Helper()
	return w.server.Call(t.Context(), w.server.RootToken, "PUT", "auth/token/lookup", map[string]any{"token": token}, nil)
}
