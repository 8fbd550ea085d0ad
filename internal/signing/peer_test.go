package signing_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"testing"
	"time"

	"github.com/digitorus/pdf"
	"github.com/digitorus/pdfsign/sign"
	pdfsign "github.com/digitorus/pdfsign/verify"

	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// TestPeerVerifiesOurs: digitorus/pdfsign agrees with our signatures, for the
// algorithms that it knows (not PSS).
func TestPeerVerifiesOurs(t *testing.T) {
	for name, k := range keys(t) {
		if k.pss {
			continue
		}
		t.Run(name, func(t *testing.T) {
			f := writePeerFiles(t, k.key, false)
			r, err := pdfsign.Verify(bytes.NewReader(f.signed), int64(len(f.signed)))
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Signers) != 1 || !r.Signers[0].ValidSignature || r.Signers[0].TimeStamp == nil {
				t.Fatalf("%s: %+v", r.Error, r.Signers)
			}
			if r.Signers[0].Name != "Məmurzadə Nigar Sınaq qızı" {
				t.Errorf("name %q", r.Signers[0].Name)
			}
			broken := bytes.Clone(f.signed)
			broken[200] ^= 1
			r, err = pdfsign.Verify(bytes.NewReader(broken), int64(len(broken)))
			if err == nil && len(r.Signers) > 0 && r.Signers[0].ValidSignature {
				t.Error("the peer accepts anything: its agreement proves nothing")
			}
		})
	}
}

// TestWeVerifyPeer: its signatures are adbe.pkcs7.detached, which we report as
// PKCS7, never as a baseline level.
func TestWeVerifyPeer(t *testing.T) {
	p := signingtest.New(t, nil)
	for name, k := range keys(t) {
		if k.pss {
			continue
		}
		t.Run(name, func(t *testing.T) {
			e := p.Officer(t, k.key)
			file := signingtest.PDF(1000)
			hash := crypto.SHA256
			if name == "P-384" {
				hash = crypto.SHA384
			}
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
			r := verify(t, verifier(p), out.Bytes())
			if len(r.Signatures) != 1 {
				t.Fatalf("%+v", r)
			}
			if r.Indication != signing.TotalPassed || r.Signatures[0].Level != signing.LevelPKCS7 || !r.Signatures[0].CoversWholeFile {
				t.Errorf("%+v", r.Signatures[0])
			}
			broken := bytes.Clone(out.Bytes())
			broken[bytes.Index(broken, []byte("Borc"))] ^= 1
			if r := verify(t, verifier(p), broken); r.SubIndication != signing.HashFailure {
				t.Errorf("%+v", r)
			}
		})
	}
}
