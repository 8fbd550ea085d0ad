package signing

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Suitability says until when algorithms can be relied on: what was made with
// one proves something only if it is proven to have existed by then (EN 319
// 102-1 § 5.2.8). It is a parameter that an owner edits as cryptanalysis
// proceeds; an algorithm that is not listed is never relied on.
type Suitability []AlgorithmLimit

// AlgorithmLimit is one row.
type AlgorithmLimit struct {
	Algorithm string `json:"algorithm"` // SHA-1, SHA-256, …, RSA, ECDSA
	// Bits is the least size of keys that the row is for; 0 for digests.
	Bits  int       `json:"bits,omitempty"`
	Until time.Time `json:"until,omitzero"` // zero: no end is known
}

// DefaultSuitability follows ETSI TS 119 312 V1.5.1 (2024-12), clauses 5 to 9,
// as published in its machine-readable catalogue.
func DefaultSuitability() Suitability {
	end := func(year int, month time.Month) time.Time { return time.Date(year, month, 1, 0, 0, 0, 0, time.UTC) }
	return Suitability{
		{"SHA-1", 0, end(2012, time.August)},
		{"SHA-256", 0, time.Time{}},
		{"SHA-384", 0, time.Time{}},
		{"SHA-512", 0, time.Time{}},
		{"RSA", 1024, end(2010, time.August)},
		{"RSA", 1536, end(2019, time.October)},
		{"RSA", 1900, end(2029, time.January)},
		{"RSA", 3000, time.Time{}},
		{"ECDSA", 256, time.Time{}},
	}
}

func (s Suitability) orDefault() Suitability {
	if s == nil {
		return DefaultSuitability()
	}
	return s
}

// ParseSuitability reads a table in JSON.
func ParseSuitability(data []byte) (Suitability, error) {
	var s Suitability
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("table of algorithms: %w", err)
	}
	return s, s.Check()
}

// Check says what is wrong with a table.
func (s Suitability) Check() error {
	seen := map[string]bool{}
	for _, row := range s {
		key := fmt.Sprint(row.Algorithm, row.Bits)
		if row.Algorithm == "" || row.Bits < 0 || seen[key] {
			return fmt.Errorf("table of algorithms: %q with keys of %d bits has no name or stands twice", row.Algorithm, row.Bits)
		}
		seen[key] = true
	}
	if len(s) == 0 {
		return errors.New("table of algorithms is empty")
	}
	return nil
}

// limit finds the row of an algorithm: the one with the largest Bits that the
// key reaches.
func (s Suitability) limit(algorithm string, bits int) (AlgorithmLimit, bool) {
	best, found := AlgorithmLimit{Bits: -1}, false
	for _, row := range s {
		if row.Algorithm == algorithm && row.Bits <= bits && row.Bits > best.Bits {
			best, found = row, true
		}
	}
	return best, found
}

// primitive is an algorithm with the size of its key, or a digest.
type primitive struct {
	name string
	bits int
}

func (p primitive) String() string {
	if p.bits == 0 {
		return p.name
	}
	return fmt.Sprintf("%s with %d bits", p.name, p.bits)
}

// reliable says why something made with p cannot be relied on at a time, or nil.
func (s Suitability) reliable(p primitive, at time.Time) *failure {
	row, ok := s.limit(p.name, p.bits)
	switch {
	case !ok:
		return indeterminate(CryptoConstraints, CauseAlgorithm, p.String()+" is not a known algorithm, or too weak", "algorithm", p.String())
	case !row.Until.IsZero() && !at.Before(row.Until):
		return indeterminate(CryptoConstraintsNoPOE, CauseWeak,
			fmt.Sprintf("%s can be relied on until %s only, and nothing proves that it was used before", p, row.Until.Format(time.DateOnly)),
			"algorithm", p.String(), "until", row.Until.Format(time.RFC3339))
	}
	return nil
}

// allReliable is reliable for several; the first fault counts.
func (s Suitability) allReliable(list []primitive, at time.Time) *failure {
	for _, p := range list {
		if f := s.reliable(p, at); f != nil {
			return f
		}
	}
	return nil
}

// end is when the first of several can no longer be relied on; zero: no end is
// known.
func (s Suitability) end(list []primitive) time.Time {
	var first time.Time
	for _, p := range list {
		if row, ok := s.limit(p.name, p.bits); ok {
			first = earlier(first, row.Until)
		}
	}
	return first
}

// earlier of two times, of which the zero time is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func keyPrimitive(key crypto.PublicKey) primitive {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return primitive{"RSA", k.N.BitLen()}
	case *ecdsa.PublicKey:
		return primitive{"ECDSA", k.Curve.Params().BitSize}
	case ed25519.PublicKey:
		return primitive{"Ed25519", 256}
	}
	return primitive{fmt.Sprintf("%T", key), 0}
}

func hashPrimitive(h crypto.Hash) primitive { return primitive{h.String(), 0} }

// certificatePrimitives are what the issuer used to sign a certificate, and its
// own key.
func certificatePrimitives(c, issuer *x509.Certificate) []primitive {
	return []primitive{keyPrimitive(c.PublicKey), signatureHash(c.SignatureAlgorithm), keyPrimitive(issuer.PublicKey)}
}

// signatureHash is the digest of a signature algorithm.
func signatureHash(a x509.SignatureAlgorithm) primitive {
	switch a {
	case x509.SHA256WithRSA, x509.SHA256WithRSAPSS, x509.ECDSAWithSHA256:
		return primitive{"SHA-256", 0}
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		return primitive{"SHA-384", 0}
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		return primitive{"SHA-512", 0}
	case x509.SHA1WithRSA, x509.ECDSAWithSHA1:
		return primitive{"SHA-1", 0}
	}
	return primitive{a.String(), 0}
}
