package keyfile

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"docsvc/internal/signing"
)

const (
	pemType = "ENCRYPTED PRIVATE KEY" // RFC 7468 § 11
	maxFile = 64 << 10
	// minPassphrase is the least length in bytes; the front end asks for more.
	minPassphrase = 8
)

// Create writes a private key into a new file, encrypted under the passphrase,
// which is wiped. An existing file is never replaced: the error is then
// fs.ErrExist. The file is on disk when Create returns.
func Create(path string, passphrase []byte, key crypto.Signer, cost Cost) error {
	defer clear(passphrase)
	if len(passphrase) < minPassphrase {
		return fmt.Errorf("keyfile: passphrase of %d bytes, at least %d", len(passphrase), minPassphrase)
	}
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encoding the private key: %w", err)
	}
	defer clear(plain)
	der, err := encrypt(plain, passphrase, cost, rand.Reader)
	if err != nil {
		return fmt.Errorf("encrypting the private key: %w", err)
	}
	return createFile(path, pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}))
}

// Open decrypts a key file. The passphrase is wiped, whatever happens; a wrong
// one is ErrPassphrase. Each call takes the time and memory of the file's Cost:
// limit how many run at once.
func Open(path string, passphrase []byte) (signing.Key, error) {
	defer clear(passphrase)
	file, err := readFile(path)
	if err != nil {
		return nil, err
	}
	block, rest := pem.Decode(file)
	if block == nil || block.Type != pemType || len(bytes.TrimSpace(rest)) != 0 {
		return nil, fmt.Errorf("%s: %w", path, ErrFormat)
	}
	plain, err := decrypt(block.Bytes, passphrase)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	defer clear(plain)
	key, err := parseKey(plain)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return signing.SignerKey(key), nil
}

func parseKey(pkcs8 []byte) (crypto.Signer, error) {
	key, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	s, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%w: %T does not sign", ErrFormat, key)
	}
	return s, nil
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("opening the key: %w", err)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s: %w: %d bytes", path, ErrFormat, info.Size())
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s: %w", path, errMode)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("opening the key: %w", err)
	}
	return b, nil
}

var errMode = errors.New("keyfile: the file can be read by others than its owner (chmod 600)")
