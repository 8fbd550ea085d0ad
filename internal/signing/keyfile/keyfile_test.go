package keyfile

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// cheap keeps the tests quick.
var cheap = Cost{N: 16, R: 1, P: 1}

func pass() []byte { return []byte("doğru at batareya") }

func create(t *testing.T, key crypto.Signer) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "officer.key")
	if err := Create(path, pass(), key, cheap); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestKeyContract(t *testing.T) {
	for name, key := range map[string]crypto.Signer{
		"P-256": signingtest.P256(t), "P-384": signingtest.P384(t), "RSA-3072": signingtest.RSA3072(t),
	} {
		t.Run(name, func(t *testing.T) {
			path := create(t, key)
			signingtest.Run(t, func(t *testing.T) signing.Key {
				k, err := Open(path, pass())
				if err != nil {
					t.Fatal(err)
				}
				if !key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(k.Public()) {
					t.Error("another key came back")
				}
				return k
			})
		})
	}
}

func TestCreate(t *testing.T) {
	path := create(t, signingtest.P256(t))
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := Create(path, pass(), signingtest.P256(t), cheap); !errors.Is(err, fs.ErrExist) {
		t.Errorf("replacing a key: %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Error("the existing key changed")
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v %v", entries, err)
	}
	if err := Create(filepath.Join(t.TempDir(), "k"), []byte("short"), signingtest.P256(t), cheap); err == nil {
		t.Error("a passphrase of 5 bytes was accepted")
	}
	if err := Create(filepath.Join(t.TempDir(), "k"), pass(), signingtest.P256(t), Cost{N: 17, R: 8, P: 1}); err == nil {
		t.Error("N that is no power of two was accepted")
	}
}

func TestPassphraseIsWiped(t *testing.T) {
	p := pass()
	path := filepath.Join(t.TempDir(), "k")
	if err := Create(path, p, signingtest.P256(t), cheap); err != nil {
		t.Fatal(err)
	}
	q, wrong := pass(), []byte("yanlış parol")
	if _, err := Open(path, q); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, wrong); !errors.Is(err, ErrPassphrase) {
		t.Errorf("wrong passphrase: %v", err)
	}
	for _, b := range [][]byte{p, q, wrong} {
		if len(bytes.Trim(b, "\x00")) != 0 {
			t.Error("a passphrase is still in memory")
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	good, err := os.ReadFile(create(t, signingtest.P256(t)))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(good)
	enc := func(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}) }
	greedy := bytes.Replace(block.Bytes, []byte{2, 1, 16, 2, 1, 1, 2, 1, 1}, []byte{2, 1, 16, 2, 1, 127, 2, 1, 127}, 1)
	if bytes.Equal(greedy, block.Bytes) {
		t.Fatal("the cost was not found")
	}
	flipped := bytes.Clone(block.Bytes)
	flipped[len(flipped)-1] ^= 1
	for name, c := range map[string]struct {
		file []byte
		mode os.FileMode
		want error
	}{
		"empty":           {nil, 0o600, ErrFormat},
		"not PEM":         {[]byte("key"), 0o600, ErrFormat},
		"clear key":       {bytes.ReplaceAll(good, []byte("ENCRYPTED "), nil), 0o600, ErrFormat},
		"not DER":         {enc([]byte("key")), 0o600, ErrFormat},
		"cut off":         {enc(block.Bytes[:len(block.Bytes)-5]), 0o600, ErrFormat},
		"bytes after":     {append(bytes.Clone(good), "x"...), 0o600, ErrFormat},
		"too costly":      {enc(greedy), 0o600, ErrFormat},
		"changed":         {enc(flipped), 0o600, ErrPassphrase},
		"too long":        {make([]byte, maxFile+1), 0o600, ErrFormat},
		"readable by all": {good, 0o644, errMode},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "k")
			if err := os.WriteFile(path, c.file, c.mode); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(path, pass()); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none"), pass()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestDefaultCost(t *testing.T) {
	if err := DefaultCost().check(); err != nil {
		t.Error(err)
	}
	der, err := encrypt([]byte("x"), pass(), DefaultCost(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := decrypt(der, pass()); err != nil || string(plain) != "x" {
		t.Errorf("%q, %v", plain, err)
	}
}

func FuzzDecrypt(f *testing.F) {
	der, err := encrypt([]byte("secret"), []byte("passphrase"), cheap, rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(der)
	f.Add([]byte{0x30, 0x80})
	f.Fuzz(func(t *testing.T, der []byte) {
		if bytes.Contains(der, []byte{2, 3}) || bytes.Contains(der, []byte{2, 4}) {
			return // an N that takes long is allowed, but not here
		}
		plain, err := decrypt(der, []byte("passphrase"))
		if err == nil && string(plain) != "secret" {
			t.Errorf("decrypted to %q", plain)
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "k")
	if err := Create(path, pass(), signingtest.P256(b), DefaultCost()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Open(path, pass()); err != nil {
			b.Fatal(err)
		}
	}
}
