package cms_test

import (
	"bytes"
	"crypto"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
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
	for _, name := range samples(f) {
		f.Add(sample(f, name))
	}
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

// samples are the names of what OpenSSL wrote.
func samples(tb testing.TB) []string {
	tb.Helper()
	names, err := filepath.Glob("testdata/*.der")
	if err != nil || len(names) == 0 {
		tb.Fatal(names, err)
	}
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	return names
}

// FuzzToken: whatever passes says what one of the seeds says.
func FuzzToken(f *testing.F) {
	said := func(t *cms.Token) string { return fmt.Sprintf("%v %x %v", t.Time, t.Imprint, t.Serial) }
	good := map[string]bool{}
	add := func(der []byte) {
		token, err := cms.ParseTokenByDate(der)
		if err != nil {
			f.Fatal(err)
		}
		good[said(token)] = true
		f.Add(der)
	}
	add(seed(f, "token.der"))
	for _, name := range []string{"reply-sha1.der", "reply-sha256.der"} {
		der, err := cms.TimestampReply(sample(f, name))
		if err != nil {
			f.Fatal(err)
		}
		add(der)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		token, err := cms.ParseTokenByDate(in)
		if err == nil && !good[said(token)] {
			t.Errorf("another token passed: %+v", token)
		}
		if today, err := cms.ParseToken(in); err == nil && (token == nil || today.Hash == crypto.SHA1) {
			t.Errorf("passed today: %+v", today)
		}
	})
}

func FuzzTimestampReply(f *testing.F) {
	f.Add([]byte{0x30, 7, 0x30, 3, 2, 1, 0, 0x30, 0})
	f.Add(sample(f, "reply-sha1.der"))
	f.Add(sample(f, "reply-sha256.der"))
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
