package cms_test

import (
	"bytes"
	"crypto"
	"math/big"
	"testing"

	"docsvc/internal/signing/cms"
	"docsvc/internal/signing/signingtest"
)

func FuzzParse(f *testing.F) {
	p := signingtest.New(f, nil)
	e := p.Issue(f, p.Issuing, signingtest.P256(f), signingtest.OfficerTemplate("X"))
	attrs, err := cms.SignedAttributes(cms.ECDSAP256, e.Cert, make([]byte, 32))
	if err != nil {
		f.Fatal(err)
	}
	der, err := cms.Assemble(cms.ECDSAP256, e.Cert, p.Chain(), attrs, []byte{1}, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(der)
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := cms.Parse(in)
		if err != nil {
			return
		}
		if !bytes.HasPrefix(in, s.Raw) {
			t.Error("Raw is not what was read")
		}
		_ = s.Verify(make([]byte, 32)) // only that they return
		_ = s.CheckBinding(true)
		_, _ = s.SignatureTimestamp()
	})
}

func FuzzToken(f *testing.F) {
	p := signingtest.New(f, nil)
	der, err := p.Timestamp(f.Context(), make([]byte, 32), crypto.SHA256)
	if err != nil {
		f.Fatal(err)
	}
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
	if err != nil || len(der) != 0x3b {
		t.Errorf("%d bytes, %v", len(der), err)
	}
	if _, err := cms.TimestampRequest(make([]byte, 20), crypto.SHA1, big.NewInt(7)); err == nil {
		t.Error("SHA-1 was asked for")
	}
}
