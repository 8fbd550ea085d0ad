package signing

import (
	"context"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"docsvc/internal/pdf"
)

// Revocation supplies CRLs and OCSP responses that are at hand. It must not use
// the network; the answer need not be checked, the verifier does that. No data
// is no error. It is safe for concurrent use.
type Revocation interface {
	Evidence(ctx context.Context, cert, issuer *x509.Certificate) (crls, ocsps [][]byte, err error)
}

// evidence is what a file's DSS holds (EN 319 142-1 § 5.4.2).
type evidence struct {
	certificates []*x509.Certificate
	crls, ocsps  []item
}

// item is a CRL or an OCSP response, and where it stands in the file; nowhere
// when it was at hand otherwise.
type item struct {
	der []byte
	at  int
}

const maxEvidence = 256 // streams of one kind

// newEvidence takes what a store holds.
func newEvidence(held [storeKinds][]item) evidence {
	e := evidence{crls: held[storedCRLs], ocsps: held[storedOCSPs]}
	for _, i := range held[storedCerts] {
		if c, err := x509.ParseCertificate(i.der); err == nil { // an unreadable one can only be missed
			e.certificates = append(e.certificates, c)
		}
	}
	return e
}

// readStore reads the DSS and its streams; a nil dictionary when the file has
// none.
func readStore(d *pdf.Document) (dict *pdf.Dict, held [storeKinds][]item, err error) {
	catalog, err := d.Catalog()
	if err != nil || catalog.Get("DSS") == nil {
		return nil, held, err
	}
	if dict, err = d.Dict(catalog.Get("DSS")); err != nil {
		return nil, held, fmt.Errorf("reading the DSS: %w", err)
	}
	for k, key := range storeKeys {
		if held[k], err = readStreams(d, dict.Get(key)); err != nil {
			return nil, held, fmt.Errorf("reading the DSS, %s: %w", key, err)
		}
	}
	return dict, held, nil
}

func readStreams(d *pdf.Document, o pdf.Object) ([]item, error) {
	list, err := d.Array(o)
	if err != nil {
		return nil, err
	}
	if len(list) > maxEvidence {
		return nil, fmt.Errorf("%w: %d streams", pdf.ErrLimit, len(list))
	}
	var out []item
	for _, r := range list {
		v, err := d.Resolve(r)
		if err != nil {
			return nil, err
		}
		ref, isRef := r.(pdf.Ref)
		s, ok := v.(*pdf.Stream)
		if !ok || !isRef {
			return nil, fmt.Errorf("%w: not a stream", pdf.ErrSyntax)
		}
		data, err := d.Decode(s)
		if err != nil {
			return nil, err
		}
		out = append(out, item{data, d.Location(ref.Num).Offset})
	}
	return out, nil
}

// status is what the evidence says about one certificate.
type status struct {
	known     bool
	revokedAt time.Time // zero: not revoked
	reason    int       // CRLReason of the revocation
	told      *CertificateStatus
	// heldAt is where in the file the data stands that tells it; nowhere when
	// the file does not bring it.
	heldAt int
}

// status looks for revocation in all evidence first; good is believed only when
// nothing says revoked. best is the time that the data must tell about; used is
// when the algorithms of the data must be good. depth counts the responders
// whose own status is asked for.
func (v *validation) status(c, issuer *x509.Certificate, best, used time.Time, depth int) (status, error) {
	lists, crls, ocsps, err := v.atHand(c, issuer)
	if err != nil {
		return status{}, err
	}
	result := status{heldAt: nowhere}
	for _, l := range lists {
		if l.Of(issuer) {
			result.merge(v.listStatus(l, c, best, used), nowhere)
		}
	}
	for _, i := range crls {
		if l := v.list(i.der, issuer); l != nil {
			result.merge(v.listStatus(l, c, best, used), i.at)
		}
	}
	for _, i := range ocsps {
		st, err := v.ocspStatus(i.der, c, issuer, best, used, depth)
		if err != nil {
			return status{}, err
		}
		result.merge(st, i.at)
	}
	return result, nil
}

// atHand gathers what the file brings and what the source has.
func (v *validation) atHand(c, issuer *x509.Certificate) (lists []*List, crls, ocsps []item, err error) {
	crls, ocsps = slices.Clone(v.embedded.crls), slices.Clone(v.embedded.ocsps)
	source, isListSource := v.Revocation.(ListSource)
	var moreCRLs, moreOCSPs [][]byte
	switch {
	case isListSource:
		if lists, err = source.Lists(v.ctx, c, issuer); err != nil {
			return nil, nil, nil, err
		}
		if o, ok := v.Revocation.(OCSPSource); ok {
			moreOCSPs, err = o.Responses(v.ctx, c, issuer)
		}
	case v.Revocation != nil:
		moreCRLs, moreOCSPs, err = v.Revocation.Evidence(v.ctx, c, issuer)
	}
	for _, der := range moreCRLs {
		crls = append(crls, item{der, nowhere})
	}
	for _, der := range moreOCSPs {
		ocsps = append(ocsps, item{der, nowhere})
	}
	return lists, crls, ocsps, err
}

// merge keeps the earliest revocation, of good answers the newest, and where
// the file has one first.
func (s *status) merge(o status, at int) {
	if !o.known {
		return
	}
	switch {
	case !o.revokedAt.IsZero():
		if s.revokedAt.IsZero() || o.revokedAt.Before(s.revokedAt) {
			s.revokedAt, s.reason, s.told = o.revokedAt, o.reason, o.told
		}
	case s.revokedAt.IsZero() && (s.told == nil || o.told.ThisUpdate.After(s.told.ThisUpdate)):
		s.told = o.told
	}
	o.told.Embedded = at != nowhere
	s.known = true
	s.heldAt = min(s.heldAt, at)
}

// fresh says whether data tells about a time: it was made after it, or reaches
// it by its nextUpdate and is not older than StatusAge (EN 319 102-1 §
// 5.2.5.4). Data from our future is not believed.
func (v *validation) fresh(thisUpdate, nextUpdate, best time.Time) bool {
	latest := v.at
	if now := v.Now(); now.After(latest) {
		latest = now
	}
	if thisUpdate.After(latest.Add(clockSkew)) {
		return false
	}
	if !thisUpdate.Before(best) {
		return true
	}
	return !nextUpdate.IsZero() && !best.After(nextUpdate) && (v.StatusAge == 0 || best.Sub(thisUpdate) <= v.StatusAge)
}

func (v *validation) listStatus(l *List, c *x509.Certificate, best, used time.Time) status {
	told := &CertificateStatus{Source: "crl", ThisUpdate: l.ThisUpdate.UTC(), NextUpdate: l.NextUpdate.UTC()}
	if r, ok := l.Revoked(c); ok {
		told.RevokedAt = r.At.UTC()
		return status{known: true, revokedAt: r.At, reason: r.Reason, told: told} // revocation is believed from old lists too
	}
	known := l.Covers(c) && v.fresh(l.ThisUpdate, l.NextUpdate, best) &&
		v.suitability.allReliable([]primitive{signatureHash(l.algorithm), keyPrimitive(l.Issuer.PublicKey)}, used) == nil
	return status{known: known, told: told}
}

// list parses a revocation list and checks its signature, once in a run; nil
// when it is not the issuer's or not one that tells about all certificates.
func (v *validation) list(der []byte, issuer *x509.Certificate) *List {
	if len(der) == 0 {
		return nil
	}
	key := listKey{&der[0], string(issuer.RawSubjectPublicKeyInfo)} // lists can be large: no copies
	if l, ok := v.lists[key]; ok {
		return l
	}
	l, err := ParseList(der, issuer)
	if err != nil {
		l = nil
	}
	v.lists[key] = l
	return l
}

// listKey is a list, by where it is, and whose it should be.
type listKey struct {
	der    *byte
	issuer string
}
