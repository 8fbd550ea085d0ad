package signing

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"docsvc/internal/signing/cms"
)

// Sentinels of Complete.
var (
	// ErrSignatureValue says that the value is not by the certificate's key
	// over Prepared.Digest.
	ErrSignatureValue = errors.New("signing: wrong signature value")
	// ErrTimestamp says that no usable time-stamp was obtained; the signature
	// value stays good and Complete may be called again with it.
	ErrTimestamp = errors.New("signing: no time-stamp")
	// ErrContentsSize says that the room that Prepare left is too small.
	ErrContentsSize = errors.New("signing: the signature does not fit")
)

// Complete embeds a signature value and, for B-T and what builds on it, a
// time-stamp over the value. p stays as it is and may be completed again. tsa is
// not used for B-B; Augmenter goes on from B-T.
func Complete(ctx context.Context, p *Prepared, value []byte, tsa Timestamper) ([]byte, error) {
	der, err := p.message(ctx, value, tsa)
	if err != nil {
		return nil, err
	}
	file := bytes.Clone(p.PDF)
	if err := p.hole.fill(file, der); err != nil {
		return nil, err
	}
	return file, nil
}

// message builds the CMS.
func (p *Prepared) message(ctx context.Context, value []byte, tsa Timestamper) ([]byte, error) {
	if err := p.Level.Check(); err != nil {
		return nil, err
	}
	if err := p.Algorithm.Verify(p.Certificate.PublicKey, p.Digest, value); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignatureValue, err)
	}
	var token []byte
	if p.Level.AtLeast(LevelBT) {
		var err error
		if token, err = timestampValue(ctx, p, value, tsa); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrTimestamp, err)
		}
	}
	return cms.Assemble(p.Algorithm, p.Certificate, p.Chain, p.attributes, value, token)
}

// timestampValue obtains a token over the signature value and checks all of it
// but the trust in its certificate, which is the verifier's business.
func timestampValue(ctx context.Context, p *Prepared, value []byte, tsa Timestamper) ([]byte, error) {
	if tsa == nil {
		return nil, errors.New("no time-stamping authority is configured")
	}
	h := p.Hash.New()
	h.Write(value)
	imprint := h.Sum(nil)
	der, err := tsa.Timestamp(ctx, imprint, p.Hash)
	if err != nil {
		return nil, err
	}
	if _, err := checkToken(der, imprint, p.Hash); err != nil {
		return nil, err
	}
	return der, nil
}
