package corpus_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"testing"
	"time"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// actDay is when everything is signed.
var actDay = time.Date(2026, 11, 25, 9, 30, 0, 0, time.UTC)

// victim is the world that each file of the corpus is made in: always the same
// keys and certificates, so that one root judges all files.
type victim struct {
	*testing.T
	p             *signingtest.PKI
	clock         *signingtest.Clock
	officer, head *signingtest.Entity
}

func newVictim(t *testing.T) *victim {
	t.Helper()
	clock := signingtest.NewClock(actDay)
	p := signingtest.New(t, clock.Now)
	return &victim{t, p, clock, p.Officer(t, signingtest.P256(t)), p.Officer(t, signingtest.P256(t))}
}

func (v *victim) ok(b []byte, err error) []byte {
	v.Helper()
	if err != nil {
		v.Fatal(err)
	}
	return b
}

// status is what the CA says today of a certificate.
func (v *victim) status(c *x509.Certificate) []byte {
	v.Helper()
	return v.ok(v.p.OCSP(c, signingtest.OCSPAnswer{}))
}

// withData puts OCSP responses into the DSS of a file.
func (v *victim) withData(file []byte, responses ...[]byte) []byte {
	v.Helper()
	return edit(v.T, file, func(e *editor) {
		var list pdf.Array
		for _, der := range responses {
			list = append(list, e.Add(&pdf.Stream{Dict: &pdf.Dict{}, Raw: der}))
		}
		e.Set(e.Doc.Root(), "DSS", e.Add(dict("Type", name("DSS"), "OCSPs", list)))
	})
}

// blank is an act to be signed. The validation data is in it before, so that
// any verifier without a network can judge what becomes of it.
func (v *victim) blank() []byte {
	v.Helper()
	return v.prepared(signingtest.PDF(64, "imza1", "imza2"))
}

// prepared is blank for another document.
func (v *victim) prepared(file []byte) []byte {
	v.Helper()
	return v.withData(file, v.status(v.officer.Cert), v.status(v.head.Cert), v.status(v.p.TSA.Cert), v.status(v.p.Issuing.Cert))
}

// sign signs in imza1.
func (v *victim) sign(file []byte, level signing.Level, edit ...func(r *signing.Request)) []byte {
	v.Helper()
	return v.signBy(v.officer, file, level, v.p, edit...)
}

func (v *victim) signBy(e *signingtest.Entity, file []byte, level signing.Level, tsa signing.Timestamper, edit ...func(r *signing.Request)) []byte {
	v.Helper()
	r := signing.Request{
		PDF: file, Field: "imza1", Certificate: e.Cert, Chain: v.p.Chain(), Level: level, Time: v.clock.Now(),
		Name: e.Cert.Subject.CommonName, Reason: "İcra qərarı",
	}
	if level != signing.LevelBB {
		r.ContentsSize = 4400
	}
	for _, f := range edit {
		f(&r)
	}
	return v.ok(signing.Sign(v.Context(), r, signing.SignerKey(e.Key), tsa))
}

// signed is the act, signed once; imza2 is still empty.
func (v *victim) signed() []byte {
	v.Helper()
	return v.sign(v.blank(), signing.LevelBB)
}

var (
	oidAttrContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidAttrMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidAttrSigningCert   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidAttrSigningCertV1 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidAttrStamp         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14}
	oidMessageData       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidMessageSigned     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidDigestMD5         = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 5}
	oidDigestSHA1        = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
	oidDigestSHA256      = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidDigestSHA384      = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSignECDSA256      = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidSignECDSA384      = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}
	oidSignECDSASHA1     = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}
	oidSignRSASHA256     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
)

// forger writes a CMS message in which anything may be wrong.
type forger struct {
	*testing.T
	key          crypto.Signer
	sid, bound   *x509.Certificate // whom the message and its signed attribute name
	certificates []*x509.Certificate
	hash         crypto.Hash // of the signature value
	digest       asn1.ObjectIdentifier
	signature    asn1.ObjectIdentifier
	attributes   func(list [][]byte) [][]byte // in the order in which they shall stand
	signWhat     func(set []byte) []byte      // nil: the attributes
	unsigned     func(value []byte) []byte    // an attribute over the signature value
	contentType  asn1.ObjectIdentifier
	content      []byte
	signers      int
	announced    asn1.ObjectIdentifier
}

func (v *victim) forger() *forger {
	return &forger{
		T: v.T, key: v.officer.Key, sid: v.officer.Cert, bound: v.officer.Cert,
		certificates: []*x509.Certificate{v.officer.Cert, v.p.Issuing.Cert},
		hash:         crypto.SHA256, digest: oidDigestSHA256, signature: oidSignECDSA256,
		contentType: oidMessageData, signers: 1,
	}
}

func (f *forger) der(o any, params ...string) []byte {
	f.Helper()
	der, err := asn1.MarshalWithParams(o, append(params, "")[0])
	if err != nil {
		f.Fatal(err)
	}
	return der
}

func (f *forger) sum(h crypto.Hash, b []byte) []byte {
	d := h.New()
	d.Write(b)
	return d.Sum(nil)
}

// attribute is one attribute with values in DER.
func (f *forger) attribute(oid asn1.ObjectIdentifier, values ...[]byte) []byte {
	f.Helper()
	return f.seq(f.der(oid), element(asn1.ClassUniversal, asn1.TagSet, values...))
}

func (f *forger) seq(parts ...[]byte) []byte {
	return element(asn1.ClassUniversal, asn1.TagSequence, parts...)
}

// element is constructed, of any tag.
func element(class, tag int, parts ...[]byte) []byte {
	der, err := asn1.Marshal(asn1.RawValue{Class: class, Tag: tag, IsCompound: true, Bytes: slices.Concat(parts...)})
	if err != nil {
		panic(err)
	}
	return der
}

// signingCertificate is the value of signing-certificate-v2 with the default
// digest.
func (f *forger) signingCertificate(c *x509.Certificate) []byte {
	f.Helper()
	return f.seq(f.seq(f.seq(f.der(f.sum(crypto.SHA256, c.Raw)))))
}

// message makes the message over a digest.
func (f *forger) message(digest []byte) []byte {
	f.Helper()
	list := [][]byte{
		f.attribute(oidAttrContentType, f.der(oidMessageData)),
		f.attribute(oidAttrMessageDigest, f.der(digest)),
		f.attribute(oidAttrSigningCert, f.signingCertificate(f.bound)),
	}
	slices.SortFunc(list, bytes.Compare)
	if f.attributes != nil {
		list = f.attributes(list)
	}
	set := element(asn1.ClassUniversal, asn1.TagSet, list...)
	what := set
	if f.signWhat != nil {
		what = f.signWhat(set)
	}
	value, err := f.key.Sign(nil, f.sum(f.hash, what), f.hash)
	if err != nil {
		f.Fatal(err)
	}
	info := [][]byte{
		f.der(1), f.seq(f.sid.RawIssuer, f.der(f.sid.SerialNumber)), f.algorithm(f.digest),
		element(asn1.ClassContextSpecific, 0, list...), f.algorithm(f.signature), f.der(value),
	}
	if f.unsigned != nil {
		info = append(info, element(asn1.ClassContextSpecific, 1, f.unsigned(value)))
	}
	var certs [][]byte
	for _, c := range f.certificates {
		certs = append(certs, c.Raw)
	}
	encap := [][]byte{f.der(f.contentType)}
	if f.content != nil {
		encap = append(encap, element(asn1.ClassContextSpecific, 0, f.der(f.content)))
	}
	announced := f.digest
	if f.announced != nil {
		announced = f.announced
	}
	return f.seq(f.der(oidMessageSigned), element(asn1.ClassContextSpecific, 0, f.seq(
		f.der(1), element(asn1.ClassUniversal, asn1.TagSet, f.algorithm(announced)), f.seq(encap...),
		element(asn1.ClassContextSpecific, 0, certs...),
		element(asn1.ClassUniversal, asn1.TagSet, slices.Repeat([][]byte{f.seq(info...)}, f.signers)...),
	)))
}

func (f *forger) algorithm(oid asn1.ObjectIdentifier) []byte {
	f.Helper()
	return f.der(pkix.AlgorithmIdentifier{Algorithm: oid})
}

// forge signs the act with a message that edit has changed.
func (v *victim) forge(edit func(f *forger)) []byte {
	v.Helper()
	f := v.forger()
	edit(f)
	return v.craft(v.blank(), plainDictionary, plainRange, f.message)
}

func asn1OID(oid []int) asn1.ObjectIdentifier { return oid }

// hasType says whether an attribute in DER is of a type, also in DER.
func hasType(attribute, oid []byte) bool {
	var a asn1.RawValue
	_, err := asn1.Unmarshal(attribute, &a)
	return err == nil && bytes.HasPrefix(a.Bytes, oid)
}

func sorted(list [][]byte) [][]byte {
	slices.SortFunc(list, bytes.Compare)
	return list
}
