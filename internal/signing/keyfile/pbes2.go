package keyfile

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/scrypt"
)

// ErrPassphrase says that the passphrase is wrong. A key file that was changed
// by hand cannot be told from that.
var ErrPassphrase = errors.New("keyfile: wrong passphrase")

// ErrFormat marks a file that is not a key file of this package.
var ErrFormat = errors.New("keyfile: not a key file of a known form")

var (
	oidPBES2     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}     // RFC 8018 § A.4
	oidScrypt    = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11}  // RFC 7914 § 7
	oidAES256GCM = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 46} // RFC 5084 § 3.2
)

// Cost are the parameters of scrypt (RFC 7914 § 2). The memory it takes is
// 128·N·R bytes.
type Cost struct{ N, R, P int }

// DefaultCost takes 32 MiB and about 80 ms.
func DefaultCost() Cost { return Cost{N: 1 << 15, R: 8, P: 1} }

// check bounds what a file may ask for: 256 MiB.
func (c Cost) check() error {
	if c.N < 2 || bits.OnesCount(uint(c.N)) != 1 || c.R < 1 || c.P < 1 || c.R > 32 || c.P > 4 || c.N > (256<<20)/(128*c.R) {
		return fmt.Errorf("%w: scrypt with N %d, r %d, p %d", ErrFormat, c.N, c.R, c.P)
	}
	return nil
}

const (
	saltSize  = 16
	nonceSize = 12
	tagSize   = 16
	keySize   = 32
)

// encrypt writes EncryptedPrivateKeyInfo (RFC 5958 § 3).
func encrypt(plain, passphrase []byte, cost Cost, random io.Reader) ([]byte, error) {
	if err := cost.check(); err != nil {
		return nil, err
	}
	fresh := make([]byte, saltSize+nonceSize)
	if _, err := io.ReadFull(random, fresh); err != nil {
		return nil, fmt.Errorf("making salt and nonce: %w", err)
	}
	salt, nonce := fresh[:saltSize], fresh[saltSize:]
	aead, err := derive(passphrase, salt, cost)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	seq := func(b *cryptobyte.Builder, f cryptobyte.BuilderContinuation) { b.AddASN1(cbasn1.SEQUENCE, f) }
	algorithm := func(b *cryptobyte.Builder, oid asn1.ObjectIdentifier, params cryptobyte.BuilderContinuation) {
		seq(b, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oid)
			seq(b, params)
		})
	}
	seq(&b, func(b *cryptobyte.Builder) {
		algorithm(b, oidPBES2, func(b *cryptobyte.Builder) {
			algorithm(b, oidScrypt, func(b *cryptobyte.Builder) {
				b.AddASN1OctetString(salt)
				b.AddASN1Int64(int64(cost.N))
				b.AddASN1Int64(int64(cost.R))
				b.AddASN1Int64(int64(cost.P))
				b.AddASN1Int64(keySize)
			})
			algorithm(b, oidAES256GCM, func(b *cryptobyte.Builder) { // GCMParameters
				b.AddASN1OctetString(nonce)
				b.AddASN1Int64(tagSize)
			})
		})
		b.AddASN1OctetString(aead.Seal(nil, nonce, plain, nil))
	})
	return b.Bytes()
}

// decrypt undoes encrypt.
func decrypt(der, passphrase []byte) ([]byte, error) {
	in := cryptobyte.String(der)
	var info, outer, params, kdf, cip, box cryptobyte.String
	if !in.ReadASN1(&info, cbasn1.SEQUENCE) || !in.Empty() || !info.ReadASN1(&outer, cbasn1.SEQUENCE) ||
		!info.ReadASN1(&box, cbasn1.OCTET_STRING) || !info.Empty() ||
		!readAlgorithm(&outer, oidPBES2, &params) ||
		!params.ReadASN1(&kdf, cbasn1.SEQUENCE) || !params.ReadASN1(&cip, cbasn1.SEQUENCE) || !params.Empty() ||
		!readAlgorithm(&kdf, oidScrypt, &kdf) || !readAlgorithm(&cip, oidAES256GCM, &cip) {
		return nil, ErrFormat
	}
	var salt, nonce cryptobyte.String
	var cost Cost
	var length, tag int
	if !kdf.ReadASN1(&salt, cbasn1.OCTET_STRING) || !kdf.ReadASN1Integer(&cost.N) || !kdf.ReadASN1Integer(&cost.R) ||
		!kdf.ReadASN1Integer(&cost.P) || !kdf.ReadASN1Integer(&length) || !kdf.Empty() || length != keySize ||
		!cip.ReadASN1(&nonce, cbasn1.OCTET_STRING) || len(nonce) != nonceSize ||
		!cip.ReadASN1Integer(&tag) || tag != tagSize || !cip.Empty() {
		return nil, ErrFormat
	}
	if err := cost.check(); err != nil {
		return nil, err
	}
	aead, err := derive(passphrase, salt, cost)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nonce, box, nil)
	if err != nil {
		return nil, ErrPassphrase
	}
	return plain, nil
}

// readAlgorithm reads the body of an AlgorithmIdentifier with a SEQUENCE as
// parameters. out may be in.
func readAlgorithm(in *cryptobyte.String, want asn1.ObjectIdentifier, out *cryptobyte.String) bool {
	var oid asn1.ObjectIdentifier
	var params cryptobyte.String
	if !in.ReadASN1ObjectIdentifier(&oid) || !oid.Equal(want) || !in.ReadASN1(&params, cbasn1.SEQUENCE) || !in.Empty() {
		return false
	}
	*out = params
	return true
}

func derive(passphrase, salt []byte, cost Cost) (cipher.AEAD, error) {
	key, err := scrypt.Key(passphrase, salt, cost.N, cost.R, cost.P, keySize)
	if err != nil {
		return nil, fmt.Errorf("deriving the key: %w", err)
	}
	defer clear(key)
	return gcm(key)
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
