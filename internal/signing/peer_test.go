package signing_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"fmt"
	"testing"
	"time"

	"github.com/digitorus/pdf"
	"github.com/digitorus/pdfsign/sign"
	pdfsign "github.com/digitorus/pdfsign/verify"

	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// checkPeer has digitorus/pdfsign verify the signatures. It does not know
// RSASSA-PSS, and takes a document time-stamp for a signature over nothing.
func checkPeer(t *testing.T, _ string, _ bench, v variant) string {
	r, err := pdfsign.Verify(bytes.NewReader(v.file), int64(len(v.file)))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range r.Signers {
		if !s.ValidSignature || s.Name != "Məmurzadə Nigar Sınaq qızı" {
			continue
		}
		if (s.TimeStamp != nil) != v.level.AtLeast(signing.LevelBT) {
			t.Errorf("time-stamp %v", s.TimeStamp)
		}
		n++
	}
	if v.kind.PSS {
		return fmt.Sprintf("%d/%d, no PSS", n, v.signatures())
	}
	return count(t, n, v.signatures())
}

// TestPeerNotices: the peer refuses another byte.
func TestPeerNotices(t *testing.T) {
	p := signingtest.New(t, nil)
	for _, level := range signing.Levels() {
		broken := raised(t, p, p.Officer(t, signingtest.P256(t)), level)
		broken[200] ^= 1
		r, err := pdfsign.Verify(bytes.NewReader(broken), int64(len(broken)))
		if err == nil && len(r.Signers) > 0 && r.Signers[0].ValidSignature {
			t.Errorf("%s: the peer accepts anything: its agreement proves nothing", level)
		}
	}
}

// peerSigned has the peer sign a file.
func peerSigned(t *testing.T, p *signingtest.PKI, e *signingtest.Entity, file []byte, hash crypto.Hash) []byte {
	t.Helper()
	in, err := pdf.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = sign.Sign(bytes.NewReader(file), &out, in, int64(len(file)), sign.SignData{
		Signature: sign.SignDataSignature{CertType: sign.ApprovalSignature, Info: sign.SignDataSignatureInfo{Name: "Peer", Date: time.Now()}},
		Signer:    e.Key, DigestAlgorithm: hash, Certificate: e.Cert,
		CertificateChains: [][]*x509.Certificate{{e.Cert, p.Issuing.Cert, p.Root.Cert}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestWeVerifyPeer: its signatures are adbe.pkcs7.detached, which we report as
// PKCS7, never as a baseline level. For RSA-4096 it reserves too little room, and
// its second attempt writes into the remains of the first.
func TestWeVerifyPeer(t *testing.T) {
	p := signingtest.New(t, nil)
	for _, k := range signingtest.KeyKinds() {
		if k.PSS || k.Name == "RSA-4096" {
			continue
		}
		t.Run(k.Name, func(t *testing.T) {
			hash := crypto.SHA256
			if k.Name == "P-384" {
				hash = crypto.SHA384
			}
			out := peerSigned(t, p, p.Officer(t, k.New(t)), signingtest.PDF(1000), hash)
			r := verify(t, verifier(p), out)
			if len(r.Signatures) != 1 {
				t.Fatalf("%+v", r)
			}
			if r.Indication != signing.TotalPassed || r.Signatures[0].Level != signing.LevelPKCS7 || !r.Signatures[0].CoversWholeFile {
				t.Errorf("%+v", r.Signatures[0])
			}
			broken := bytes.Clone(out)
			broken[bytes.Index(broken, []byte("Borc"))] ^= 1
			if r := verify(t, verifier(p), broken); r.SubIndication != signing.HashFailure {
				t.Errorf("%+v", r)
			}
		})
	}
}
