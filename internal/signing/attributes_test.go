package signing_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"docsvc/internal/signing"
	"docsvc/internal/signing/cms"
	"docsvc/internal/signing/signingtest"
)

// attribute is a signed attribute with one value in DER.
func attribute(t *testing.T, oid asn1.ObjectIdentifier, value []byte) []byte {
	t.Helper()
	der, err := asn1.Marshal(struct {
		Type   asn1.ObjectIdentifier
		Values []asn1.RawValue `asn1:"set"`
	}{oid, []asn1.RawValue{{FullBytes: value}}})
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// signedWith signs with more signed attributes than docsvc writes. They get the
// digest of the signed bytes.
func signedWith(t *testing.T, p *signingtest.PKI, e *signingtest.Entity, level signing.Level, more func(digest []byte) []byte) []byte {
	t.Helper()
	r := request(signingtest.PDF(300, "imza1"), p, e, level)
	r.ContentsSize = 12_000
	prepared, err := signing.Prepare(r)
	if err != nil {
		t.Fatal(err)
	}
	attrs, err := cms.SignedAttributes(signing.ECDSAP256, e.Cert, prepared.DocumentDigest)
	if err != nil {
		t.Fatal(err)
	}
	var set asn1.RawValue
	if _, err := asn1.Unmarshal(attrs, &set); err != nil {
		t.Fatal(err)
	}
	list := [][]byte{more(prepared.DocumentDigest)}
	for rest := set.Bytes; len(rest) > 0; {
		var a asn1.RawValue
		if rest, err = asn1.Unmarshal(rest, &a); err != nil {
			t.Fatal(err)
		}
		list = append(list, a.FullBytes)
	}
	slices.SortFunc(list, bytes.Compare)
	attrs, err = asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: slices.Concat(list...)})
	if err != nil {
		t.Fatal(err)
	}
	digest := sum(attrs)
	value, err := signing.SignerKey(e.Key).SignDigest(t.Context(), digest, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	var token []byte
	if level.AtLeast(signing.LevelBT) {
		if token, err = p.Timestamp(t.Context(), sum(value), crypto.SHA256); err != nil {
			t.Fatal(err)
		}
	}
	der, err := cms.Assemble(signing.ECDSAP256, e.Cert, p.Chain(), attrs, value, token)
	if err != nil {
		t.Fatal(err)
	}
	out := bytes.Clone(prepared.PDF)
	start, _ := hole(t, out)
	hex.Encode(out[start+1:], der)
	return out
}

func sum(b []byte) []byte {
	h := crypto.SHA256.New()
	h.Write(b)
	return h.Sum(nil)
}

var (
	oidContentTimestamp = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 20}
	oidSignaturePolicy  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 15}
)

// TestContentTimestamp: a proof that the content was there before is a proof
// that the signature is younger.
func TestContentTimestamp(t *testing.T) {
	p, clock, e := world(t)
	at := clock.Now()
	stamp := func(p *signingtest.PKI, at time.Time, data func([]byte) []byte) func([]byte) []byte {
		return func(digest []byte) []byte {
			token, err := signingtest.Token(p.TSA, []*x509.Certificate{p.Issuing.Cert}, at, data(digest), crypto.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			return attribute(t, oidContentTimestamp, token)
		}
	}
	same := func(digest []byte) []byte { return digest }
	good := signedWith(t, p, e, signing.LevelBT, stamp(p, at.Add(-time.Minute), same))
	want{signing.TotalPassed, "", signing.LevelBT}.check(t, verify(t, p.Verifier(), good))

	other := signedWith(t, p, e, signing.LevelBT, stamp(p, at, func([]byte) []byte { return sum([]byte("other")) }))
	indeterminate(signing.SigConstraintsFailure).check(t, verify(t, p.Verifier(), other))
	stranger := signingtest.New(t, clock.Now)
	indeterminate(signing.NoCertificateChain).check(t, verify(t, p.Verifier(), signedWith(t, p, e, signing.LevelBT, stamp(stranger, at, same))))

	clock.Advance(time.Hour) // the signature says that it is older than its content
	late := signedWith(t, p, e, signing.LevelBT, stamp(p, clock.Now().Add(3*time.Minute), same))
	indeterminate(signing.TimestampOrderFailure).check(t, verify(t, p.Verifier(), late))

	p.Revoke(e.Cert, at.Add(30*time.Minute))
	indeterminate(signing.RevokedNoPOE).check(t, verify(t, p.Verifier(), signedWith(t, p, e, signing.LevelBT, stamp(p, at, same))))
	after := signedWith(t, p, e, signing.LevelBT, stamp(p, at.Add(45*time.Minute), same))
	want{signing.TotalFailed, signing.SubRevoked, ""}.check(t, verify(t, p.Verifier(), after))

	clock.Years(3)
	p.Forget()
	young := signedWith(t, p, e, signing.LevelBB, stamp(p, clock.Now(), same))
	want{signing.TotalFailed, signing.SubExpired, ""}.check(t, verify(t, p.Verifier(), young))
}

// TestPolicy: what a signature means under rules that we do not have is not for
// us to say.
func TestPolicy(t *testing.T) {
	p, _, e := world(t)
	id, err := asn1.Marshal(struct{ ID asn1.ObjectIdentifier }{asn1.ObjectIdentifier{2, 999, 8}})
	if err != nil {
		t.Fatal(err)
	}
	file := signedWith(t, p, e, signing.LevelBB, func([]byte) []byte { return attribute(t, oidSignaturePolicy, id) })
	indeterminate(signing.PolicyNotAvailable).check(t, verify(t, p.Verifier(), file))
}
