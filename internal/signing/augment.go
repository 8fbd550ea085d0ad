package signing

import (
	"cmp"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"docsvc/internal/pdf"
	"docsvc/internal/signing/cms"
)

// Proof says how a certificate stood: an OCSP response or a revocation list,
// DER, the other nil.
type Proof struct {
	OCSP []byte
	CRL  []byte
}

// Collector obtains the validation data of one certificate from its authority,
// or from what it keeps while that is valid. It is safe for concurrent use.
type Collector interface {
	// Collect returns a proof of the status of cert, checked to be issuer's and
	// valid at the time, OCSP before a list. That the certificate is revoked is
	// no error here: the verifier judges. No answer is ErrValidationData, and
	// trying again may help.
	Collect(ctx context.Context, cert, issuer *x509.Certificate, at time.Time) (Proof, error)
}

// ErrValidationData says that validation data could not be had; the file stays
// good at its level, and Augment may be called again.
var ErrValidationData = errors.New("signing: no validation data")

// ErrNoPath says that no path leads from a certificate to a root: trying again
// does not help.
var ErrNoPath = errors.New("signing: no path to a root")

// Augmenter adds to signed files what proves them later: validation data (EN
// 319 142-1 § 5.4.2) and document time-stamps (§ 5.4.3), each as an update of
// its own. Whose keys signed a file does not matter; nothing is ever removed.
// What the file says is taken for what it is and not verified: that is for the
// Verifier, before and after.
// It is safe for concurrent use.
type Augmenter struct {
	Roots         *x509.CertPool      // trust anchors of signers
	TSARoots      *x509.CertPool      // trust anchors of time-stamps; nil: Roots
	Intermediates []*x509.Certificate // that may stand in a path, as in Verifier
	Collector     Collector
	Timestamps    Timestamper
	Now           func() time.Time
	Limits        pdf.Limits
	// StatusAge and Suitability are as in Verifier: data of the file that it
	// would not accept is collected anew.
	StatusAge   time.Duration
	Suitability Suitability
}

// Augment raises a file whose signatures are at level B-T to B-LT or B-LTA. At
// B-LT it adds the validation data of every signature and time-stamp that the
// file does not hold yet; at B-LTA a document time-stamp over all of it
// besides. A file that is there already returns as it is. The result begins
// with file. It is the one copy of the file that is made.
func (a *Augmenter) Augment(ctx context.Context, file []byte, to Level) ([]byte, error) {
	if err := to.Check(); err != nil {
		return nil, err
	}
	if !to.AtLeast(LevelBLT) {
		return nil, fmt.Errorf("%w: %s is not made of a signed file", ErrLevel, to)
	}
	return a.raise(ctx, file, to == LevelBLTA, false)
}

// Renew adds the validation data of the last time-stamp, and another document
// time-stamp: to be done before the last one's certificate or algorithms
// weaken (EN 319 142-1 § 5.5).
func (a *Augmenter) Renew(ctx context.Context, file []byte) ([]byte, error) {
	return a.raise(ctx, file, true, true)
}

// raise adds what is missing, and with stamp a document time-stamp unless one
// covers the file; with renew another one in any case.
func (a *Augmenter) raise(ctx context.Context, file []byte, stamp, renew bool) ([]byte, error) {
	if a.Roots == nil || a.Collector == nil || a.Now == nil || stamp && a.Timestamps == nil {
		return nil, errors.New("signing: augmenter without roots, collector, clock or time-stamps")
	}
	doc, err := pdf.Open(file, a.Limits)
	if err != nil {
		return nil, fmt.Errorf("opening the signed file: %w", err)
	}
	if len(doc.Bytes()) != len(file) {
		return nil, fmt.Errorf("%w: bytes before or after the document", ErrForm)
	}
	all, err := survey(doc)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: the file has no signature", ErrLevel)
	}
	done := stamped(all, doc) && !renew // then the last time-stamp needs no data yet
	c, err := a.collect(ctx, doc, all, done, stamp && !done)
	if err != nil {
		return nil, err
	}
	stamp = stamp && (!done || c.store.grew())
	if !c.store.grew() && !stamp {
		return file, nil
	}
	if !stamp {
		return c.appendStore(file)
	}
	h, err := stampHash(all)
	if err != nil {
		return nil, err
	}
	return c.stamp(file, h, stampRoom(all))
}

// maxStamps bounds how often the authority is asked for one document time-stamp.
const maxStamps = 3

// stamp appends the store and a document time-stamp over it. What proves the
// time-stamp's own certificate goes into the store too, so that the file can be
// checked alone: where the authority answers with a unit that the file knows
// nothing of, because it changed or another authority took over, its data is
// added and it is asked once more. Likewise for a token that does not fit.
func (c *collection) stamp(file []byte, h crypto.Hash, room int) ([]byte, error) {
	for range maxStamps {
		out, err := c.appendStore(file)
		if err != nil {
			return nil, err
		}
		out, hole, err := reserveTimestamp(out, room, c.Limits)
		if err != nil {
			return nil, fmt.Errorf("adding a document time-stamp: %w", err)
		}
		token, err := c.timestampFile(out, hole, h)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrTimestamp, err)
		}
		before := c.store.size
		if err := c.prove(question{message: token.SignedData, roots: cmp.Or(c.TSARoots, c.Roots), best: token.Time, as: token.Time}); err != nil {
			return nil, fmt.Errorf("validation data of the new time-stamp: %w", err)
		}
		if c.store.size == before && len(token.Raw) <= hole.room() {
			return out, hole.fill(out, token.Raw)
		}
		room = max(room, len(token.Raw)+spareRoom)
	}
	return nil, fmt.Errorf("%w: each by another unit, or longer than the one before", ErrTimestamp)
}

// spareRoom is how much longer the next token of a unit may be: serial number
// and signature value vary by a few bytes.
const spareRoom = 512

// timestampFile obtains a token over the file outside the hole.
func (c *collection) timestampFile(file []byte, at hole, h crypto.Hash) (*cms.Token, error) {
	digest := at.digest(file, h)
	token, err := c.Timestamps.Timestamp(c.ctx, digest, h)
	if err != nil {
		return nil, err
	}
	return checkToken(token, digest, h)
}

// appendStore copies the file, with room for what follows, and appends what the
// store gained.
func (c *collection) appendStore(file []byte) ([]byte, error) {
	out := append(make([]byte, 0, len(file)+c.store.size+updateRoom), file...)
	if !c.store.grew() {
		return out, nil
	}
	out, err := c.store.appendTo(out)
	if err != nil {
		return nil, fmt.Errorf("adding validation data: %w", err)
	}
	return out, nil
}

// updateRoom is what two updates take beside the validation data, so that the
// file is copied once: mostly the hole for the token.
const updateRoom = 2*tokenRoom + 16<<10
