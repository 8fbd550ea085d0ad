package signing

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// List is a revocation list (RFC 5280 § 5) whose signature was checked, indexed
// by serial number. It never changes and is safe for concurrent use.
type List struct {
	Raw                    []byte            // DER
	Issuer                 *x509.Certificate // the one of those given whose key signed the list
	Number                 *big.Int          // nil when the list has none
	ThisUpdate, NextUpdate time.Time         // NextUpdate is zero when absent

	algorithm    x509.SignatureAlgorithm
	scope        scope
	keepsExpired bool
	revoked      map[string]Revoked // by serialKey
}

// Revoked is an entry of a list.
type Revoked struct {
	At     time.Time
	Reason int // CRLReason, RFC 5280 § 5.3.1; 6 is certificateHold
}

// ListSource is a Revocation that keeps its lists parsed and checked, so that a
// run of the verifier need not do it again. Where Lists is there, Evidence is
// not asked. Like Evidence it must not use the network.
type ListSource interface {
	Lists(ctx context.Context, cert, issuer *x509.Certificate) ([]*List, error)
}

// Sentinels of ParseList.
var (
	ErrListIssuer = errors.New("signing: revocation list of an unknown issuer")
	ErrListScope  = errors.New("signing: revocation list is not a full one")
	ErrListLimit  = errors.New("signing: revocation list has too many entries")
)

// maxEntries bounds the memory of a list: x509 allocates about 1 KB an entry
// while it parses, the index keeps some 60 bytes afterwards.
const maxEntries = 500_000

var (
	oidIssuingDistributionPoint = asn1.ObjectIdentifier{2, 5, 29, 28}
	oidDeltaIndicator           = asn1.ObjectIdentifier{2, 5, 29, 27}
	// oidExpiredCertsOnCRL says that revoked certificates stay on the list
	// after they expire (ITU-T X.509 § 9.5.2.8).
	oidExpiredCertsOnCRL = asn1.ObjectIdentifier{2, 5, 29, 60}
)

// ParseList parses a list in DER and checks that one of issuers signed it. A
// list that is not full for its scope (delta, indirect, for some reasons only)
// or has a critical extension not understood here is ErrListScope.
func ParseList(der []byte, issuers ...*x509.Certificate) (*List, error) {
	if err := checkEntries(der); err != nil {
		return nil, err
	}
	parsed, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, fmt.Errorf("revocation list: %w", err)
	}
	if len(parsed.Raw) != len(der) {
		return nil, errors.New("revocation list: data behind its end")
	}
	l := &List{
		Raw: der, Number: parsed.Number,
		ThisUpdate: parsed.ThisUpdate, NextUpdate: parsed.NextUpdate, algorithm: parsed.SignatureAlgorithm,
	}
	if l.Issuer, err = listIssuer(parsed, issuers); err != nil {
		return nil, err
	}
	for _, e := range parsed.Extensions {
		switch {
		case e.Id.Equal(oidExpiredCertsOnCRL):
			l.keepsExpired = true
		case e.Id.Equal(oidIssuingDistributionPoint):
			l.scope, err = parseScope(e.Value)
		case e.Id.Equal(oidDeltaIndicator):
			err = fmt.Errorf("%w: delta list", ErrListScope)
		case e.Critical:
			err = fmt.Errorf("%w: critical extension %v", ErrListScope, e.Id)
		}
		if err != nil {
			return nil, err
		}
	}
	return l, l.index(parsed.RevokedCertificateEntries)
}

// listIssuer finds who signed a list. Names may repeat: a CA that changed its
// key has two certificates with one name.
func listIssuer(parsed *x509.RevocationList, issuers []*x509.Certificate) (*x509.Certificate, error) {
	if outdated(parsed.SignatureAlgorithm) {
		return nil, fmt.Errorf("revocation list: signed with %s", parsed.SignatureAlgorithm)
	}
	for _, c := range issuers {
		if bytes.Equal(parsed.RawIssuer, c.RawSubject) && parsed.CheckSignatureFrom(c) == nil {
			return c, nil
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrListIssuer, parsed.Issuer)
}

// index keeps the earliest revocation of each serial number.
func (l *List) index(entries []x509.RevocationListEntry) error {
	l.revoked = make(map[string]Revoked, len(entries))
	for i := range entries {
		e := &entries[i]
		for _, x := range e.Extensions {
			if x.Critical { // certificateIssuer: an indirect list (RFC 5280 § 5.3)
				return fmt.Errorf("%w: critical extension %v of an entry", ErrListScope, x.Id)
			}
		}
		key := serialKey(e.SerialNumber)
		if r, ok := l.revoked[key]; !ok || e.RevocationTime.Before(r.At) {
			l.revoked[key] = Revoked{e.RevocationTime, e.ReasonCode}
		}
	}
	return nil
}

func serialKey(n *big.Int) string {
	if n.Sign() < 0 { // old CAs made such numbers; they are not their positive twins
		return "-" + string(n.Bytes())
	}
	return "+" + string(n.Bytes())
}

// Len is the number of revoked certificates.
func (l *List) Len() int { return len(l.revoked) }

// Of says whether the list is by this CA: its name and key, in whichever
// certificate they stand.
func (l *List) Of(issuer *x509.Certificate) bool {
	return bytes.Equal(l.Issuer.RawSubject, issuer.RawSubject) &&
		bytes.Equal(l.Issuer.RawSubjectPublicKeyInfo, issuer.RawSubjectPublicKeyInfo)
}

// Revoked looks up a certificate of the list's issuer. An entry counts even
// where the list does not cover the certificate: a serial number names only one.
func (l *List) Revoked(c *x509.Certificate) (Revoked, bool) {
	r, ok := l.revoked[serialKey(c.SerialNumber)]
	return r, ok
}

// Covers says whether the absence of a certificate of the list's issuer means
// that it is not revoked, as of ThisUpdate.
func (l *List) Covers(c *x509.Certificate) bool {
	return l.scope.covers(c) && (l.keepsExpired || !l.ThisUpdate.After(c.NotAfter))
}

// KeepingExpired is the list of a CA that is known to leave revoked
// certificates on its lists after they expire, although the list itself does
// not say so. Vault's PKI is one, as long as nobody tidies them away.
func (l *List) KeepingExpired() *List {
	c := *l
	c.keepsExpired = true
	return &c
}

// Scope names what the list covers; lists of one issuer with the same scope
// replace each other.
func (l *List) Scope() string { return l.scope.String() }

// checkEntries counts the entries without keeping any.
func checkEntries(der []byte) error {
	in := cryptobyte.String(der)
	var list, tbs, revoked cryptobyte.String
	if !in.ReadASN1(&list, cbasn1.SEQUENCE) || !list.ReadASN1(&tbs, cbasn1.SEQUENCE) ||
		!tbs.SkipOptionalASN1(cbasn1.INTEGER) || // version
		!tbs.SkipASN1(cbasn1.SEQUENCE) || // signature
		!tbs.SkipASN1(cbasn1.SEQUENCE) || // issuer
		!skipTime(&tbs) { // thisUpdate
		return errors.New("revocation list: malformed")
	}
	if tbs.PeekASN1Tag(cbasn1.UTCTime) || tbs.PeekASN1Tag(cbasn1.GeneralizedTime) {
		skipTime(&tbs)
	}
	if !tbs.PeekASN1Tag(cbasn1.SEQUENCE) {
		return nil // nothing is revoked
	}
	if !tbs.ReadASN1(&revoked, cbasn1.SEQUENCE) {
		return errors.New("revocation list: malformed")
	}
	for n := 0; !revoked.Empty(); n++ {
		if n == maxEntries {
			return fmt.Errorf("%w: more than %d", ErrListLimit, maxEntries)
		}
		if !revoked.SkipASN1(cbasn1.SEQUENCE) {
			return errors.New("revocation list: malformed")
		}
	}
	return nil
}

func skipTime(in *cryptobyte.String) bool {
	return in.PeekASN1Tag(cbasn1.UTCTime) && in.SkipASN1(cbasn1.UTCTime) || in.SkipASN1(cbasn1.GeneralizedTime)
}
