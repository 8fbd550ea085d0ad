package cms_test

import (
	"crypto"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"docsvc/internal/signing/cms"
)

func sample(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// TestOpenSSL reads what OpenSSL writes: testdata/README.md.
func TestOpenSSL(t *testing.T) {
	content := sample(t, "content.txt")
	for _, c := range []struct {
		name                     string
		scheme                   string
		parse, verify, byDate, b error // b: of CheckBinding
		ber                      bool
	}{
		{name: "rsa-cades", scheme: "RSA with 2048 bits, SHA-256"},
		{name: "rsa-stream", scheme: "RSA with 2048 bits, SHA-256", ber: true},
		{name: "rsa-opaque-stream", scheme: "RSA with 2048 bits, SHA-256", ber: true},
		{name: "rsa-keyid", scheme: "RSA with 2048 bits, SHA-512"},
		{name: "rsa-pss", scheme: "RSA-PSS with 2048 bits, SHA-384"},
		{name: "rsa-pss-other-mask", scheme: "1.2.840.113549.1.1.10", verify: cms.ErrAlgorithm, byDate: cms.ErrAlgorithm},
		{name: "rsa-plain", scheme: "RSA with 2048 bits, SHA-256", b: cms.ErrBinding},
		{name: "rsa-sha1", scheme: "RSA with 2048 bits, SHA-1", verify: cms.ErrAlgorithm, b: cms.ErrBinding},
		{name: "rsa-md5", scheme: "1.2.840.113549.1.1.1", verify: cms.ErrAlgorithm, byDate: cms.ErrAlgorithm, b: cms.ErrBinding},
		{name: "rsa-sha3", scheme: "1.2.840.113549.1.1.1", verify: cms.ErrAlgorithm, byDate: cms.ErrAlgorithm, b: cms.ErrBinding},
		{name: "rsa1024", scheme: "RSA with 1024 bits, SHA-256", verify: cms.ErrAlgorithm},
		{name: "p256-sha512", scheme: "ECDSA with 256 bits, SHA-512"},
		{name: "p256-sha1", scheme: "ECDSA with 256 bits, SHA-1", verify: cms.ErrAlgorithm, b: cms.ErrBinding},
		{name: "p521-stream", scheme: "ECDSA with 521 bits, SHA-512", ber: true},
		{name: "no-certificate", scheme: "1.2.840.113549.1.1.1", verify: cms.ErrNoSigner, byDate: cms.ErrNoSigner, b: cms.ErrNoSigner},
		{name: "no-attributes", parse: cms.ErrFormat},
		{name: "two-signers", parse: cms.ErrSigners},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := cms.Parse(append(sample(t, c.name+".der"), 0, 0, 0))
			if !errors.Is(err, c.parse) || (err == nil) != (c.parse == nil) {
				t.Fatalf("parse: %v", err)
			}
			if err != nil {
				return
			}
			if s.BER != c.ber || s.SignatureAlgorithmName() != c.scheme {
				t.Errorf("BER %v, %s", s.BER, s.SignatureAlgorithmName())
			}
			if s.Content != nil && string(s.Content) != string(content) {
				t.Errorf("content %q", s.Content)
			}
			if err := s.CheckBinding(false); !errors.Is(err, c.b) || (err == nil) != (c.b == nil) {
				t.Errorf("binding: %v", err)
			}
			digest := digestOf(s, content)
			if err := s.Verify(digest); !errors.Is(err, c.verify) || (err == nil) != (c.verify == nil) {
				t.Errorf("verify: %v", err)
			}
			if err := s.VerifyByDate(digest); !errors.Is(err, c.byDate) || (err == nil) != (c.byDate == nil) {
				t.Errorf("by date: %v", err)
			}
			if c.byDate != nil {
				return
			}
			digest[0] ^= 1
			if err := s.VerifyByDate(digest); !errors.Is(err, cms.ErrDigest) {
				t.Errorf("other content: %v", err)
			}
			digest[0] ^= 1
			s.Signature[len(s.Signature)-1] ^= 1
			if err := s.VerifyByDate(digest); !errors.Is(err, cms.ErrSignature) {
				t.Errorf("other value: %v", err)
			}
		})
	}
}

func digestOf(s *cms.SignedData, content []byte) []byte {
	c, err := s.Scheme()
	if err != nil {
		c.Hash = crypto.SHA256
	}
	d := c.Hash.New()
	d.Write(content)
	return d.Sum(nil)
}

// TestOldToken: a token over SHA-1 is refused unless the caller judges by date.
func TestOldToken(t *testing.T) {
	content := sample(t, "content.txt")
	for _, c := range []struct {
		name string
		hash crypto.Hash
		want error
	}{{"reply-sha1.der", crypto.SHA1, cms.ErrAlgorithm}, {"reply-sha256.der", crypto.SHA256, nil}} {
		der, err := cms.TimestampReply(sample(t, c.name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cms.ParseToken(der); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v", c.name, err)
		}
		token, err := cms.ParseTokenByDate(der)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if token.Hash != c.hash || !token.Covers(func(h crypto.Hash) []byte {
			d := h.New()
			d.Write(content)
			return d.Sum(nil)
		}) {
			t.Errorf("%s: %v", c.name, token.Hash)
		}
	}
}
