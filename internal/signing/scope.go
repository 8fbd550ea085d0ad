package signing

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// scope is the issuingDistributionPoint of a revocation list (RFC 5280 §
// 5.2.5): which certificates of its issuer it covers. The zero value covers
// all of them.
type scope struct {
	named       bool     // only certificates that name one of names
	names       []string // URIs of the distribution point
	users       bool     // onlyContainsUserCerts
	authorities bool     // onlyContainsCACerts
}

const maxNames = 32

// parseScope refuses what would make the list an answer to another question:
// indirect lists, lists for some reasons only, lists of attribute certificates.
func parseScope(der []byte) (scope, error) {
	var s scope
	in := cryptobyte.String(der)
	var idp, point cryptobyte.String
	tag := func(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific() }
	if !in.ReadASN1(&idp, cbasn1.SEQUENCE) || !in.Empty() ||
		!idp.ReadOptionalASN1(&point, &s.named, tag(0).Constructed()) {
		return s, fmt.Errorf("%w: malformed distribution point", ErrListScope)
	}
	if s.named {
		if err := s.readNames(point); err != nil {
			return s, err
		}
	}
	var indirect, attributes bool
	if !readFlag(&idp, tag(1), &s.users) || !readFlag(&idp, tag(2), &s.authorities) {
		return s, fmt.Errorf("%w: malformed distribution point", ErrListScope)
	}
	if idp.PeekASN1Tag(tag(3)) {
		return s, fmt.Errorf("%w: for some reasons only", ErrListScope)
	}
	if !readFlag(&idp, tag(4), &indirect) || !readFlag(&idp, tag(5), &attributes) || !idp.Empty() {
		return s, fmt.Errorf("%w: malformed distribution point", ErrListScope)
	}
	if indirect || attributes {
		return s, fmt.Errorf("%w: indirect, or of attribute certificates", ErrListScope)
	}
	return s, nil
}

// readNames takes the URIs of a fullName; names of other forms match nothing,
// and a name relative to the issuer leaves the list without any.
func (s *scope) readNames(point cryptobyte.String) error {
	var full cryptobyte.String
	var present bool
	if !point.ReadOptionalASN1(&full, &present, cbasn1.Tag(0).ContextSpecific().Constructed()) {
		return fmt.Errorf("%w: malformed distribution point", ErrListScope)
	}
	for n := 0; !full.Empty(); n++ {
		var name cryptobyte.String
		var form cbasn1.Tag
		if n == maxNames || !full.ReadAnyASN1(&name, &form) {
			return fmt.Errorf("%w: names of the distribution point", ErrListScope)
		}
		if form == cbasn1.Tag(6).ContextSpecific() {
			s.names = append(s.names, string(name))
		}
	}
	return nil
}

// readFlag reads an implicitly tagged BOOLEAN that is false when absent.
func readFlag(in *cryptobyte.String, tag cbasn1.Tag, flag *bool) bool {
	var value cryptobyte.String
	var present bool
	if !in.ReadOptionalASN1(&value, &present, tag) {
		return false
	}
	*flag = present && len(value) == 1 && value[0] != 0
	return !present || len(value) == 1
}

// covers follows RFC 5280 § 6.3.3 (b)(2).
func (s scope) covers(c *x509.Certificate) bool {
	if s.users && c.IsCA || s.authorities && !c.IsCA {
		return false
	}
	return !s.named || slices.ContainsFunc(s.names, func(n string) bool {
		return slices.Contains(c.CRLDistributionPoints, n)
	})
}

// String tells scopes apart.
func (s scope) String() string {
	var parts []string
	if s.named {
		parts = append(parts, "point "+strings.Join(s.names, " "))
	}
	if s.users {
		parts = append(parts, "end entities")
	}
	if s.authorities {
		parts = append(parts, "authorities")
	}
	return strings.Join(parts, ", ")
}
