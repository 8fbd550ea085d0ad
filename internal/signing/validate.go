package signing

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"
	"time"

	"docsvc/internal/signing/cms"
)

// signature fills s with the verdict. fail is what the checks of the file
// found; the error is for trouble of our own.
func (v *validation) signature(l *located, fail *failure, s *Signature) error {
	if l != nil && l.message != nil {
		s.describeSigner(l.message.Signer)
	}
	if fail == nil {
		fail = v.cryptography(l)
	}
	if fail != nil {
		s.set(fail)
		return nil
	}
	s.Level = LevelBB
	if l.subFilter == pkcs7Signature {
		s.Level = LevelPKCS7
	}
	if l.message.HasSigningTime() && l.subFilter == padesSignature {
		s.note("the signing-time attribute does not belong into a PAdES signature")
	}
	if s.SigningTime.IsZero() {
		s.note("the claimed time of signing is missing or unreadable")
	}
	fail, err := v.timeAndTrust(l, s)
	if err != nil {
		return err
	}
	s.set(fail)
	return nil
}

func (s *Signature) describeSigner(c *x509.Certificate) {
	if c == nil {
		return
	}
	s.Certificate = c
	s.Signer, s.SignerCommonName = c.Subject.String(), c.Subject.CommonName
	s.Issuer, s.SerialNumber = c.Issuer.String(), c.SerialNumber.Text(16)
}

// cryptography checks digest, signature value, and that the certificate is the
// one the signer meant (EN 319 102-1 § 5.2.3 and § 5.2.7).
func (v *validation) cryptography(l *located) *failure {
	if !l.message.IsDetachedData() {
		return failed(FormatFailure, "the message is not detached data")
	}
	h, err := l.message.Hash()
	if err != nil {
		return messageFailure(err)
	}
	digest, fail := v.digest(l, h)
	if fail != nil {
		return fail
	}
	if err := l.message.Verify(digest); err != nil {
		return messageFailure(err)
	}
	if err := l.message.CheckBinding(false); err != nil {
		return messageFailure(err)
	}
	if reason := unfitForSigning(l.message.Signer); reason != "" {
		return indeterminate(ChainConstraintsFailure, reason)
	}
	return nil
}

func messageFailure(err error) *failure {
	switch {
	case errors.Is(err, cms.ErrDigest):
		return failed(HashFailure, err.Error())
	case errors.Is(err, cms.ErrSignature):
		return failed(SigCryptoFailure, err.Error())
	case errors.Is(err, cms.ErrAlgorithm):
		return indeterminate(CryptoConstraints, err.Error())
	case errors.Is(err, cms.ErrNoSigner):
		return indeterminate(NoSigningCertificate, err.Error())
	case errors.Is(err, cms.ErrBinding):
		return indeterminate(SigConstraintsFailure, err.Error())
	}
	return failed(FormatFailure, err.Error())
}

// signingUsages are the extended key usages that a document signer may have
// when there are any: document signing (RFC 9336), e-mail protection, and what
// Adobe and Microsoft used before.
var signingUsages = []asn1.ObjectIdentifier{
	{1, 3, 6, 1, 5, 5, 7, 3, 36},
	{1, 2, 840, 113583, 1, 1, 5},
	{1, 3, 6, 1, 4, 1, 311, 10, 3, 12},
}

// unfitForSigning says why a certificate may not sign documents, or "".
func unfitForSigning(c *x509.Certificate) string {
	if c.IsCA {
		return "the signer's certificate is a CA certificate"
	}
	if c.KeyUsage&(x509.KeyUsageContentCommitment|x509.KeyUsageDigitalSignature) == 0 {
		return "the certificate's key usage has neither contentCommitment nor digitalSignature"
	}
	if len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0 ||
		slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageEmailProtection) {
		return ""
	}
	for _, u := range c.UnknownExtKeyUsage {
		if slices.ContainsFunc(signingUsages, u.Equal) {
			return ""
		}
	}
	return "the certificate's extended key usage is not for signing documents"
}

// timeAndTrust finds the best time of the signature and validates the
// certificates (EN 319 102-1 § 5.3 and § 5.5).
func (v *validation) timeAndTrust(l *located, s *Signature) (*failure, error) {
	s.BestTime = v.at
	token, err := l.message.SignatureTimestamp()
	if err != nil {
		return failed(FormatFailure, err.Error()), nil
	}
	if token != nil {
		t, fail, err := v.timestamp(token, func(h crypto.Hash) []byte {
			d := h.New()
			d.Write(l.message.Signature)
			return d.Sum(nil)
		})
		if err != nil {
			return nil, err
		}
		if fail != nil {
			fail.reason = "signature time-stamp: " + fail.reason
			return fail, nil
		}
		s.BestTime, s.TimestampedBy = t.Time, t.Signer.Subject.String()
		if s.Level == LevelBB {
			s.Level = LevelBT
		}
	}
	return v.trust(l.message, v.Roots, s.BestTime, token != nil, s)
}

// timestamp validates a token over data with the given digest.
func (v *validation) timestamp(der []byte, digest func(crypto.Hash) []byte) (*cms.Token, *failure, error) {
	t, err := cms.ParseToken(der)
	if err != nil {
		if errors.Is(err, cms.ErrAlgorithm) {
			return nil, indeterminate(CryptoConstraints, err.Error()), nil
		}
		return nil, indeterminate(SigConstraintsFailure, err.Error()), nil
	}
	if !t.Covers(digest) {
		return nil, indeterminate(SigConstraintsFailure, "the time-stamp is over other data"), nil
	}
	if t.Time.After(v.at.Add(clockSkew)) {
		return nil, indeterminate(TimestampOrderFailure, "the time-stamp is later than the time of validation"), nil
	}
	roots := v.TSARoots
	if roots == nil {
		roots = v.Roots
	}
	fail, err := v.trust(t.SignedData, roots, t.Time, false, nil)
	if fail != nil {
		return nil, fail, nil
	}
	return t, nil, err
}

// documentTimestamp fills t with the verdict on a time-stamp over the file.
func (v *validation) documentTimestamp(l *located, fail *failure, t *DocumentTimestamp) error {
	if fail != nil {
		t.set(fail)
		return nil
	}
	token, fail, err := v.timestamp(l.message.Raw, func(h crypto.Hash) []byte {
		digest, _ := v.digest(l, h) // nil over the limit: then nothing matches
		return digest
	})
	if err != nil {
		return err
	}
	if token != nil {
		t.Time, t.Authority = token.Time.UTC().Truncate(time.Millisecond), token.Signer.Subject.String()
	}
	t.set(fail)
	return nil
}
