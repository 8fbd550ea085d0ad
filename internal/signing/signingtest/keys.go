package signingtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"sync"
	"testing"
)

// P256 makes a key.
func P256(tb testing.TB) crypto.Signer { return ecKey(tb, elliptic.P256()) }

// P384 makes a key.
func P384(tb testing.TB) crypto.Signer { return ecKey(tb, elliptic.P384()) }

func ecKey(tb testing.TB, c elliptic.Curve) crypto.Signer {
	tb.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

var (
	rsa3072 = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 3072) })
	rsa4096 = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 4096) })
)

// RSA3072 returns one key a process: making one takes long.
func RSA3072(tb testing.TB) crypto.Signer { return rsaKey(tb, rsa3072) }

// RSA4096 returns one key a process.
func RSA4096(tb testing.TB) crypto.Signer { return rsaKey(tb, rsa4096) }

func rsaKey(tb testing.TB, generate func() (*rsa.PrivateKey, error)) crypto.Signer {
	tb.Helper()
	k, err := generate()
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// KeyKind is one of the keys that docsvc signs with.
type KeyKind struct {
	Name string
	New  func(testing.TB) crypto.Signer
	PSS  bool // sign with RSASSA-PSS
}

// KeyKinds lists all of them: every level has to work with each.
func KeyKinds() []KeyKind {
	return []KeyKind{
		{"P-256", P256, false}, {"P-384", P384, false},
		{"RSA-3072", RSA3072, false}, {"RSA-3072-PSS", RSA3072, true},
		{"RSA-4096", RSA4096, false}, {"RSA-4096-PSS", RSA4096, true},
	}
}
