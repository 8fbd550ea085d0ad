package cms_test

import (
	"bytes"
	"crypto"
	"math/big"
	"os"
	"testing"

	"github.com/digitorus/timestamp"

	"docsvc/internal/signing/cms"
)

func seed(f *testing.F, name string) []byte {
	f.Helper()
	b, err := os.ReadFile("../testdata/" + name)
	if err != nil {
		f.Fatal(err)
	}
	return b
}

func FuzzParse(f *testing.F) {
	f.Add(seed(f, "signature.der"))
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := cms.Parse(in)
		if err != nil {
			return
		}
		if !s.BER && !bytes.HasPrefix(in, s.Raw) {
			t.Error("Raw is not what was read")
		}
		if again, err := cms.Parse(s.Raw); err != nil || again.BER || !bytes.Equal(again.Raw, s.Raw) {
			t.Errorf("Raw cannot be read again: %v", err)
		}
		_ = s.Verify(make([]byte, 32)) // only that they return
		_ = s.VerifyByDate(make([]byte, 32))
		_ = s.SignatureAlgorithmName()
		_, _ = s.ContentTimestamp()
		_, _ = s.Revocations()
		_ = s.CheckBinding(true)
		_, _ = s.SignatureTimestamp()
	})
}

func FuzzToken(f *testing.F) {
	der := seed(f, "token.der")
	good, err := cms.ParseToken(der)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(der)
	f.Fuzz(func(t *testing.T, in []byte) {
		token, err := cms.ParseToken(in)
		if err == nil && (!token.Time.Equal(good.Time) || !bytes.Equal(token.Imprint, good.Imprint)) {
			t.Errorf("another token passed: %+v", token)
		}
	})
}

func FuzzTimestampReply(f *testing.F) {
	f.Add([]byte{0x30, 7, 0x30, 3, 2, 1, 0, 0x30, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		if token, err := cms.TimestampReply(in); err == nil && !bytes.Contains(in, token) {
			t.Error("the token is not in the reply")
		}
	})
}

func TestTimestampRequest(t *testing.T) {
	der, err := cms.TimestampRequest(make([]byte, 32), crypto.SHA256, big.NewInt(7))
	if err != nil {
		t.Fatal(err)
	}
	r, err := timestamp.ParseRequest(der) // an independent reader
	if err != nil || r.Nonce.Int64() != 7 || !r.Certificates || r.HashAlgorithm != crypto.SHA256 || len(r.HashedMessage) != 32 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := cms.TimestampRequest(make([]byte, 20), crypto.SHA1, big.NewInt(7)); err == nil {
		t.Error("SHA-1 was asked for")
	}
}
