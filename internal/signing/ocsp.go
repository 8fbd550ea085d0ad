package signing

import (
	"bytes"
	"context"
	"crypto/x509"
	"time"

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
	known := r.Status == ocsp.Good && v.fresh(r.ThisUpdate, r.NextUpdate, best) && r.remembers(c)
	return status{known: known, told: told}, nil
}

// response parses a response and checks its signatures, once in a run; nil when
// it is not about the certificate. Most are not: the serial number tells.
func (v *validation) response(der []byte, c, issuer *x509.Certificate) *believed {
	if len(der) == 0 || !bytes.Contains(der, c.SerialNumber.Bytes()) {
		return nil
	}
	key := responseKey{&der[0], string(c.Raw), string(issuer.Raw)}
	r, ok := v.responses[key]
	if !ok {
		var err error
		if r, err = parseOCSP(der, c, issuer); err != nil {
			r = nil
		}
		if v.responses == nil {
			v.responses = map[responseKey]*believed{}
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
// that it need not be asked, not revoked. parseOCSP has checked both signatures.
func (v *validation) mayRespond(r *believed, issuer *x509.Certificate, used time.Time, depth int) (bool, error) {
	responder := r.responder
	key := issuer.PublicKey
	if responder != nil {
		key = responder.PublicKey
	}
	if v.suitability.allReliable([]primitive{signatureHash(r.SignatureAlgorithm), keyPrimitive(key)}, used) != nil {
		return false, nil
	}
	if responder == nil {
		return true, nil
	}
	if !authorised(responder, r.at()) || v.suitability.allReliable(certificatePrimitives(responder, issuer), used) != nil {
		return false, nil
	}
	if unchecked(responder) {
		return true, nil
	}
	if depth >= maxResponderDepth {
		return false, nil
	}
	st, err := v.status(responder, issuer, r.at(), used, depth+1)
	if err != nil {
		return false, err
	}
	if !st.known {
		return v.RevocationOptional, nil
	}
	return st.revokedAt.IsZero() || r.at().Before(st.revokedAt), nil
}
