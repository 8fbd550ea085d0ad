package signing

import (
	"cmp"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"
	"time"

	"docsvc/internal/signing/cms"
)

// signature fills s with the verdict; the error is for trouble of our own.
func (v *validation) signature(c candidate, s *Signature, report *Report) error {
	l, fail := c.located, c.fail
	if l != nil {
		s.CoversWholeFile, s.SigningTime = l.coversWholeFile, l.claimed
		s.Certifies, s.PermittedChanges = l.permits > 0, l.permits
		if l.message != nil {
			s.describeSigner(l.message.Signer)
			s.Value = l.message.Signature
		}
	}
	if fail == nil {
		fail = v.cryptography(l, s)
	}
	if fail != nil {
		s.set(fail)
		return nil
	}
	if l.message.HasSigningTime() && l.subFilter == padesSignature {
		s.note(NoteSigningTime, "the signing-time attribute does not belong into a PAdES signature")
	}
	if s.SigningTime.IsZero() {
		s.note(NoteNoClaimedTime, "the claimed time of signing is missing or unreadable")
	}
	fail, err := v.timeAndTrust(l, s, report)
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
func (v *validation) cryptography(l *located, s *Signature) *failure {
	if !l.message.IsDetachedData() {
		return failed(FormatFailure, CauseMessage, "the message is not detached data")
	}
	if l.message.Signer == nil {
		return messageFailure(cms.ErrNoSigner)
	}
	scheme, err := l.message.Scheme()
	if err != nil {
		return messageFailure(err)
	}
	digest, fail := v.digest(l, scheme.Hash)
	if fail != nil {
		return fail
	}
	s.DigestAlgorithm, s.Digest, s.Algorithm = scheme.Hash.String(), digest, scheme.String()
	if err := l.message.VerifyByDate(digest); err != nil { // whether it may still count: trust
		return messageFailure(err)
	}
	if err := l.message.CheckBinding(false); err != nil {
		return messageFailure(err)
	}
	if l.message.HasSignaturePolicy() {
		return indeterminate(PolicyNotAvailable, CausePolicy, "the signature refers to a signature policy, and none is known here")
	}
	if reason := unfitForSigning(l.message.Signer); reason != "" {
		return indeterminate(ChainConstraintsFailure, CauseUnfit, reason, "name", s.SignerCommonName)
	}
	return nil
}

func messageFailure(err error) *failure {
	switch {
	case errors.Is(err, cms.ErrDigest):
		return failed(HashFailure, CauseDigest, err.Error())
	case errors.Is(err, cms.ErrSignature):
		return failed(SigCryptoFailure, CauseValue, err.Error())
	case errors.Is(err, cms.ErrAlgorithm):
		return indeterminate(CryptoConstraints, CauseAlgorithm, err.Error(), "algorithm", err.Error())
	case errors.Is(err, cms.ErrSigners):
		return indeterminate(SigConstraintsFailure, CauseSigners, err.Error())
	case errors.Is(err, cms.ErrNoSigner):
		return indeterminate(NoSigningCertificate, CauseNoSigner, err.Error())
	case errors.Is(err, cms.ErrBinding):
		return indeterminate(SigConstraintsFailure, CauseBinding, err.Error())
	}
	return failed(FormatFailure, CauseMessage, err.Error())
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
// certificates (EN 319 102-1 § 5.5 and § 5.6).
func (v *validation) timeAndTrust(l *located, s *Signature, report *Report) (*failure, error) {
	end := l.revisionEnd()
	existed, proven := v.existed(end)
	s.BestTime = existed
	if s.Level = LevelBB; l.subFilter == pkcs7Signature {
		s.Level = LevelPKCS7
	}
	held := 0 // where the validation data ends that the file brings
	token, err := l.message.SignatureTimestamp()
	if err != nil {
		return failed(FormatFailure, CauseMessage, err.Error()), nil
	}
	if token != nil {
		t, fail, err := v.timestamp(token, end, &s.Verdict, func(h crypto.Hash) []byte {
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
		s.BestTime, s.TimestampedBy, proven = t.token.Time, t.token.Signer.Subject.String(), true
		held = t.held
		if len(v.stamps) == 0 {
			report.RenewBy = earlier(report.RenewBy, t.until)
		}
	}
	after, fail, err := v.contentTime(l, s, end)
	if fail != nil || err != nil {
		return fail, err
	}
	if proven && s.Level == LevelBB {
		s.Level = LevelBT
	}
	answer, fail, err := v.trust(question{
		message: l.message, roots: v.Roots, best: s.BestTime, as: s.BestTime, revokedBefore: s.BestTime,
		primitives: signaturePrimitives(l.message), proven: proven, after: after, notes: &s.Verdict,
	})
	if fail != nil || err != nil {
		return fail, err
	}
	s.Path = answer.path
	s.Level = v.level(s.Level, max(held, answer.held), end)
	return nil, nil
}

// contentTime is when the content is proven to have existed before it was
// signed, by a content time-stamp (EN 319 122-1 § 5.2.8); zero when there is
// none. The signature is younger than that.
func (v *validation) contentTime(l *located, s *Signature, end int) (time.Time, *failure, error) {
	der, err := l.message.ContentTimestamp()
	if err != nil {
		return time.Time{}, failed(FormatFailure, CauseMessage, err.Error()), nil
	}
	if der == nil {
		return time.Time{}, nil, nil
	}
	t, fail, err := v.timestamp(der, end, &s.Verdict, v.digestOf(l))
	switch {
	case err != nil:
		return time.Time{}, nil, err
	case fail != nil:
		fail.reason = "content time-stamp: " + fail.reason
		return time.Time{}, fail, nil
	case t.token.Time.After(s.BestTime.Add(t.token.Accuracy + stampSkew)):
		return time.Time{}, indeterminate(TimestampOrderFailure, CauseOrder, "the content time-stamp is later than the proof of the signature"), nil
	}
	return t.token.Time, nil, nil
}

// level is the level that a signature with a proven time has reached, when its
// validation data ends at a byte of the file (EN 319 142-1 § 6).
func (v *validation) level(level Level, held, end int) Level {
	switch {
	case level != LevelBT || held == nowhere:
		return level
	case len(v.stamps) > 0 && v.stamps[0].end > max(held, end):
		return LevelBLTA
	}
	return LevelBLT
}

// signaturePrimitives are what a signature is made with.
func signaturePrimitives(m *cms.SignedData) []primitive {
	scheme, err := m.Scheme()
	if err != nil || m.Signer == nil {
		return []primitive{{"unknown", 0}}
	}
	return []primitive{hashPrimitive(scheme.Hash), keyPrimitive(m.Signer.PublicKey)}
}

// stamp is a time-stamp that passed.
type stamp struct {
	token *cms.Token
	path  []PathCertificate
	held  int       // where its validation data ends in the file
	until time.Time // when it can no longer be judged without another over it
}

// timestamp validates a token, in a revision that ends at a byte, over data with
// the given digest. notes takes what was not checked.
func (v *validation) timestamp(der []byte, end int, notes *Verdict, digest func(crypto.Hash) []byte) (*stamp, *failure, error) {
	t, err := cms.ParseTokenByDate(der) // whether it may still count: trust
	if err != nil {
		if errors.Is(err, cms.ErrAlgorithm) {
			return nil, indeterminate(CryptoConstraints, CauseAlgorithm, err.Error(), "algorithm", err.Error()), nil
		}
		return nil, indeterminate(SigConstraintsFailure, CauseTimestampBad, err.Error()), nil
	}
	if !t.Covers(digest) {
		return nil, indeterminate(SigConstraintsFailure, CauseOtherData, "the time-stamp is over other data"), nil
	}
	existed, proven := v.existed(end)
	switch {
	case t.Time.After(v.at.Add(clockSkew)):
		return nil, indeterminate(TimestampOrderFailure, CauseFuture, "the time-stamp is later than the time of validation"), nil
	case proven && t.Time.After(existed.Add(t.Accuracy+stampSkew)):
		return nil, indeterminate(TimestampOrderFailure, CauseOrder, "the time-stamp is later than one that was made over it"), nil
	}
	primitives := append(signaturePrimitives(t.SignedData), hashPrimitive(t.Hash))
	answer, fail, err := v.trust(question{
		message: t.SignedData, roots: cmp.Or(v.TSARoots, v.Roots), best: t.Time, as: existed, revokedBefore: existed,
		primitives: primitives, proven: true, stamp: true, notes: notes,
	})
	if fail != nil || err != nil {
		return nil, fail, err
	}
	return &stamp{t, answer.path, answer.held, answer.until}, nil, nil
}

// stampSkew is how far the clocks of two time-stamping authorities may differ.
const stampSkew = time.Minute

// documentTimestamp fills t with the verdict on a time-stamp over the file. One
// that passes proves what is before it.
func (v *validation) documentTimestamp(c candidate, t *DocumentTimestamp, report *Report) error {
	if c.fail != nil {
		t.set(c.fail)
		return nil
	}
	end := c.located.revisionEnd()
	s, fail, err := v.timestamp(c.located.message.Raw, end, &t.Verdict, v.digestOf(c.located))
	if err != nil {
		return err
	}
	if fail != nil && fail.cause.Key == CauseOtherData { // what the time-stamp covers is the file
		fail = failed(HashFailure, CauseDigest, "the file is not the one that the time-stamp was made over")
	}
	t.set(fail)
	if fail != nil {
		return nil
	}
	t.Time, t.Authority = s.token.Time.UTC().Truncate(time.Millisecond), s.token.Signer.Subject.String()
	t.Path = s.path
	t.Algorithm = keyPrimitive(s.token.Signer.PublicKey).String() + ", " + s.token.Hash.String()
	if len(v.stamps) == 0 {
		report.RenewBy = s.until
	}
	v.stamps = append(v.stamps, proof{end, s.token.Time})
	return nil
}
