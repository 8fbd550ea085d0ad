package signing

import (
	"bytes"
	"context"
	"crypto"
	_ "crypto/sha1" // certificate identifiers of OCSP (RFC 6960 § 4.1.1): names, not proofs
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/ocsp"
)

// OCSPSource is a ListSource that has OCSP responses at hand too. Like Evidence
// it must not use the network, and need not check them.
type OCSPSource interface {
	Responses(ctx context.Context, cert, issuer *x509.Certificate) ([][]byte, error)
}

// maxResponderDepth is how many responders in a row may need a status
// themselves.
const maxResponderDepth = 1

// ocspStatus judges one response. One that cannot be believed says nothing.
func (v *validation) ocspStatus(der []byte, c, issuer *x509.Certificate, best, used time.Time, depth int) (status, error) {
	r := v.response(der, c, issuer)
	if r == nil {
		return status{}, nil
	}
	ok, err := v.mayRespond(r, issuer, used, depth)
	if err != nil || !ok {
		return status{}, err
	}
	told := &CertificateStatus{Source: "ocsp", ThisUpdate: r.ThisUpdate.UTC(), NextUpdate: r.NextUpdate.UTC()}
	if r.Status == ocsp.Revoked {
		told.RevokedAt = r.RevokedAt.UTC()
		return status{known: true, revokedAt: r.RevokedAt, reason: r.RevocationReason, told: told}, nil
	}
	known := r.Status == ocsp.Good && v.fresh(r.ThisUpdate, r.NextUpdate, best) && !r.ThisUpdate.After(c.NotAfter)
	return status{known: known, told: told}, nil
}

// response parses a response and checks its signatures, once in a run; nil when
// it is not about the certificate. Most are not: the serial number tells.
func (v *validation) response(der []byte, c, issuer *x509.Certificate) *ocsp.Response {
	if len(der) == 0 || !bytes.Contains(der, c.SerialNumber.Bytes()) {
		return nil
	}
	key := responseKey{&der[0], string(c.Raw), string(issuer.Raw)}
	r, ok := v.responses[key]
	if !ok {
		var err error
		if r, err = ocsp.ParseResponseForCert(der, c, issuer); err != nil || !identifies(r.TBSResponseData, c, issuer) {
			r = nil
		}
		if v.responses == nil {
			v.responses = map[responseKey]*ocsp.Response{}
		}
		v.responses[key] = r
	}
	return r
}

// responseKey is a response, by where it is, and who is asked about.
type responseKey struct {
	der          *byte
	cert, issuer string
}

// mayRespond checks who signed a response (RFC 6960 § 4.2.2.2): the CA itself,
// or a responder that it certified for that, valid then and, unless the CA says
// that it need not be asked, not revoked. ParseResponseForCert has checked both
// signatures.
func (v *validation) mayRespond(r *ocsp.Response, issuer *x509.Certificate, used time.Time, depth int) (bool, error) {
	key := issuer.PublicKey
	if r.Certificate != nil {
		key = r.Certificate.PublicKey
	}
	if v.suitability.allReliable([]primitive{signatureHash(r.SignatureAlgorithm), keyPrimitive(key)}, used) != nil {
		return false, nil
	}
	responder := r.Certificate
	if !authorised(responder, issuer, r.ProducedAt) {
		return false, nil
	}
	if responder == nil || responder.Equal(issuer) {
		return true, nil
	}
	if v.suitability.allReliable(certificatePrimitives(responder, issuer), used) != nil {
		return false, nil
	}
	if unchecked(responder) {
		return true, nil
	}
	if depth >= maxResponderDepth {
		return false, nil
	}
	st, err := v.status(responder, issuer, r.ProducedAt, used, depth+1)
	if err != nil {
		return false, err
	}
	if !st.known {
		return v.RevocationOptional, nil
	}
	return st.revokedAt.IsZero() || r.ProducedAt.Before(st.revokedAt), nil
}

// authorised checks a delegated responder, which is nil where the issuer itself
// responds: for OCSP signing, and valid at a time.
func authorised(responder, issuer *x509.Certificate, at time.Time) bool {
	if responder == nil || responder.Equal(issuer) {
		return true
	}
	return slices.Contains(responder.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) &&
		!outside(responder, at) && len(responder.UnhandledCriticalExtensions) == 0
}

// identifies says whether what a response says of the certificate's serial
// number is about this very issuer's: package ocsp compares the number only
// (RFC 6960 § 3.2, item 1).
func identifies(responseData []byte, c, issuer *x509.Certificate) bool {
	in := cryptobyte.String(responseData)
	var data, answers cryptobyte.String
	if !in.ReadASN1(&data, cbasn1.SEQUENCE) ||
		!data.SkipOptionalASN1(cbasn1.Tag(0).Constructed().ContextSpecific()) || // version
		!data.SkipASN1(responderTag(data)) ||
		!data.SkipASN1(cbasn1.GeneralizedTime) || !data.ReadASN1(&answers, cbasn1.SEQUENCE) {
		return false
	}
	found := false
	for n := 0; !answers.Empty() && n < maxEvidence; n++ {
		var single, id cryptobyte.String
		if !answers.ReadASN1(&single, cbasn1.SEQUENCE) || !single.ReadASN1(&id, cbasn1.SEQUENCE) {
			return false
		}
		ours, named := sameCertificate(id, c, issuer)
		if named && !ours {
			return false
		}
		found = found || ours
	}
	return found
}

// responderTag is the tag of the choice ResponderID.
func responderTag(data cryptobyte.String) cbasn1.Tag {
	if byKey := cbasn1.Tag(2).Constructed().ContextSpecific(); data.PeekASN1Tag(byKey) {
		return byKey
	}
	return cbasn1.Tag(1).Constructed().ContextSpecific()
}

// sameCertificate compares a CertID: whether it has the certificate's serial
// number, and whether it is the certificate's.
func sameCertificate(id cryptobyte.String, c, issuer *x509.Certificate) (same, serialNumber bool) {
	var algorithm, name, key cryptobyte.String
	var oid asn1.ObjectIdentifier
	serial := new(big.Int)
	if !id.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) ||
		!id.ReadASN1(&name, cbasn1.OCTET_STRING) || !id.ReadASN1(&key, cbasn1.OCTET_STRING) || !id.ReadASN1Integer(serial) {
		return false, false
	}
	if serial.Cmp(c.SerialNumber) != 0 {
		return false, false
	}
	h, ok := identifierHash(oid)
	if !ok {
		return false, true
	}
	var info struct {
		Algorithm asn1.RawValue
		PublicKey asn1.BitString
	}
	if _, err := asn1.Unmarshal(issuer.RawSubjectPublicKeyInfo, &info); err != nil {
		return false, true
	}
	digest := func(b []byte) []byte { d := h.New(); d.Write(b); return d.Sum(nil) }
	return bytes.Equal(name, digest(issuer.RawSubject)) && bytes.Equal(key, digest(info.PublicKey.RightAlign())), true
}

func identifierHash(oid asn1.ObjectIdentifier) (crypto.Hash, bool) {
	for _, h := range []struct {
		oid  asn1.ObjectIdentifier
		hash crypto.Hash
	}{
		{asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, crypto.SHA1},
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, crypto.SHA256},
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA384},
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, crypto.SHA512},
	} {
		if h.oid.Equal(oid) {
			return h.hash, true
		}
	}
	return 0, false
}

// OCSPResponse is what a response says of one certificate. Its signature was
// checked, and that the signer may respond for the issuer; not whether a
// responder's own certificate is revoked.
type OCSPResponse struct {
	Raw                                []byte    // DER
	Status                             int       // ocsp.Good, ocsp.Revoked or ocsp.Unknown
	ThisUpdate, NextUpdate, ProducedAt time.Time // NextUpdate is zero when absent
	RevokedAt                          time.Time
	Reason                             int               // CRLReason
	Responder                          *x509.Certificate // nil: the issuer itself
}

// ErrOCSP marks a response that cannot be believed.
var ErrOCSP = errors.New("signing: OCSP response")

// ParseOCSP reads a response about cert. A refusal of the responder (RFC 6960 §
// 2.3) is an ocsp.ResponseError.
func ParseOCSP(der []byte, cert, issuer *x509.Certificate) (*OCSPResponse, error) {
	r, err := ocsp.ParseResponseForCert(der, cert, issuer)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrOCSP, err)
	case !identifies(r.TBSResponseData, cert, issuer):
		return nil, fmt.Errorf("%w: about a certificate of another issuer", ErrOCSP)
	case !authorised(r.Certificate, issuer, r.ProducedAt):
		return nil, fmt.Errorf("%w: %s may not respond for %s", ErrOCSP, r.Certificate.Subject, issuer.Subject)
	case cert.Equal(r.Certificate):
		return nil, fmt.Errorf("%w: the responder %s vouches for itself", ErrOCSP, cert.Subject)
	case signatureHash(r.SignatureAlgorithm).name == "SHA-1":
		return nil, fmt.Errorf("%w: signed with %s", ErrOCSP, r.SignatureAlgorithm)
	}
	if r.Certificate != nil {
		if err := Weak(r.Certificate); err != nil {
			return nil, fmt.Errorf("%w: responder: %w", ErrOCSP, err)
		}
	}
	return &OCSPResponse{
		Raw: der, Status: r.Status, ThisUpdate: r.ThisUpdate, NextUpdate: r.NextUpdate, ProducedAt: r.ProducedAt,
		RevokedAt: r.RevokedAt, Reason: r.RevocationReason, Responder: r.Certificate,
	}, nil
}
