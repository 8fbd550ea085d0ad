package cms

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Token is a time-stamp token (RFC 3161 § 2.4.2) whose signature is right and
// whose certificate may be used for time-stamping. Whether that certificate is
// trusted is for the caller to find out.
type Token struct {
	*SignedData
	Time time.Time
	// Accuracy is how far Time may be from the truth; zero when the token does
	// not say so. Precise says that Time has a fraction of a second.
	Accuracy time.Duration
	Precise  bool
	Hash     crypto.Hash
	Imprint  []byte
	Policy   OID
	Serial   *big.Int
	Nonce    *big.Int // nil when absent
}

// ParseToken parses a token and checks it as described at Token. It refuses
// with ErrAlgorithm what no authority should use today.
func ParseToken(der []byte) (*Token, error) { return parseToken(der, false) }

// ParseTokenByDate is ParseToken for who judges by Scheme and by Hash, and by a
// proof of existence, whether the algorithms could be relied on when the token
// was made: see SignedData.VerifyByDate.
func ParseTokenByDate(der []byte) (*Token, error) { return parseToken(der, true) }

func parseToken(der []byte, past bool) (*Token, error) {
	s, err := Parse(der)
	if err != nil {
		return nil, fmt.Errorf("time-stamp token: %w", err)
	}
	if !s.ContentType.Equal(oidTSTInfo) || s.Content == nil {
		return nil, fmt.Errorf("time-stamp token: %w", formatError("no TSTInfo"))
	}
	t := &Token{SignedData: s}
	if err := t.check(past); err != nil {
		return nil, fmt.Errorf("time-stamp token: %w", err)
	}
	return t, nil
}

func (t *Token) check(past bool) error {
	if err := t.readInfo(t.Content, past); err != nil {
		return err
	}
	h, ok := findDigest(t.digestAlgorithm.oid, past)
	if !ok {
		return fmt.Errorf("%w: digest %v", ErrAlgorithm, t.digestAlgorithm.oid)
	}
	d := h.hash.New()
	d.Write(t.Content)
	if err := t.verify(d.Sum(nil), past); err != nil {
		return err
	}
	if err := t.CheckBinding(true); err != nil {
		return err
	}
	if !onlyTimestamping(t.Signer) {
		return fmt.Errorf("%w: the certificate is not for time-stamping only", ErrBinding)
	}
	return nil
}

// Covers reports whether the token was made over data whose digest the
// function returns for the token's algorithm.
func (t *Token) Covers(digest func(crypto.Hash) []byte) bool {
	return bytes.Equal(t.Imprint, digest(t.Hash))
}

func (t *Token) readInfo(der []byte, past bool) error {
	in := cryptobyte.String(der)
	var info, imprint, hashed, skip cryptobyte.String
	var alg algorithmIdentifier
	var version int
	t.Serial = new(big.Int)
	if !in.ReadASN1(&info, cbasn1.SEQUENCE) || !in.Empty() ||
		!info.ReadASN1Integer(&version) || version != 1 || !info.ReadASN1ObjectIdentifier(&t.Policy) ||
		!info.ReadASN1(&imprint, cbasn1.SEQUENCE) || !readAlgorithm(&imprint, &alg) ||
		!imprint.ReadASN1(&hashed, cbasn1.OCTET_STRING) || !imprint.Empty() || !info.ReadASN1Integer(t.Serial) {
		return formatError("TSTInfo")
	}
	h, ok := findDigest(alg.oid, past)
	if !ok {
		return fmt.Errorf("%w: imprint %v", ErrAlgorithm, alg.oid)
	}
	t.Hash = h.hash
	if t.Imprint = hashed; len(hashed) != t.Hash.Size() {
		return formatError("message imprint")
	}
	var err error
	if t.Time, t.Precise, err = readGeneralizedTime(&info); err != nil {
		return err
	}
	if t.Accuracy, err = readAccuracy(&info); err != nil {
		return err
	}
	var ordering bool
	if info.PeekASN1Tag(cbasn1.BOOLEAN) && !info.ReadASN1Boolean(&ordering) {
		return formatError("TSTInfo")
	}
	if info.PeekASN1Tag(cbasn1.INTEGER) {
		t.Nonce = new(big.Int)
		if !info.ReadASN1Integer(t.Nonce) {
			return formatError("nonce")
		}
	}
	var present bool
	if !info.ReadOptionalASN1(&skip, &present, context0) || !info.ReadOptionalASN1(&skip, &present, context1) || !info.Empty() {
		return formatError("TSTInfo")
	}
	return nil
}

// readGeneralizedTime allows fractions of a second, as RFC 3161 § 2.4.2 does
// and cryptobyte does not.
func readGeneralizedTime(in *cryptobyte.String) (t time.Time, precise bool, err error) {
	var raw cryptobyte.String
	if !in.ReadASN1(&raw, cbasn1.GeneralizedTime) || len(raw) > 32 {
		return time.Time{}, false, formatError("genTime")
	}
	t, err = time.Parse("20060102150405Z", string(raw)) // accepts a fraction
	if err != nil {
		return time.Time{}, false, formatError("genTime")
	}
	return t.UTC(), len(raw) > len("20060102150405Z"), nil
}

// readAccuracy reads the optional Accuracy: seconds, then milliseconds and
// microseconds of 1 to 999 each.
func readAccuracy(in *cryptobyte.String) (time.Duration, error) {
	var accuracy cryptobyte.String
	var present bool
	if !in.ReadOptionalASN1(&accuracy, &present, cbasn1.SEQUENCE) {
		return 0, formatError("accuracy")
	}
	var total time.Duration
	for _, part := range []struct {
		tag  cbasn1.Tag
		unit time.Duration
		most int64
	}{
		{cbasn1.INTEGER, time.Second, 1 << 31},
		{cbasn1.Tag(0).ContextSpecific(), time.Millisecond, 999},
		{cbasn1.Tag(1).ContextSpecific(), time.Microsecond, 999},
	} {
		if !accuracy.PeekASN1Tag(part.tag) {
			continue
		}
		var n int64
		if !accuracy.ReadASN1Int64WithTag(&n, part.tag) || n < 0 || n > part.most {
			return 0, formatError("accuracy")
		}
		total += time.Duration(n) * part.unit
	}
	if !accuracy.Empty() {
		return 0, formatError("accuracy")
	}
	return total, nil
}

var oidExtKeyUsage = OID{2, 5, 29, 37}

// onlyTimestamping checks RFC 3161 § 2.3: extended key usage is critical and
// holds id-kp-timeStamping alone.
func onlyTimestamping(c *x509.Certificate) bool {
	if len(c.ExtKeyUsage) != 1 || c.ExtKeyUsage[0] != x509.ExtKeyUsageTimeStamping || len(c.UnknownExtKeyUsage) != 0 {
		return false
	}
	if c.KeyUsage != 0 && c.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return false
	}
	for _, e := range c.Extensions {
		if e.Id.Equal(oidExtKeyUsage) {
			return e.Critical
		}
	}
	return false
}
