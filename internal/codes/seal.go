package codes

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
)

// MaxSeal is the length of the longest seal, in bytes. With any origin that
// [URL] accepts it fits a QR code of version [MaxQRVersion].
const MaxSeal = 400

const (
	maxKeyID = 16
	// maxPayload leaves room for the longest key id, the signature and the
	// heads of the message's parts.
	maxPayload = MaxSeal - maxKeyID - 64 - 14
)

var (
	// ErrSeal says that bytes are not a seal of this format.
	ErrSeal = errors.New("not a seal")
	// ErrForged says that a seal's signature does not fit its facts and code.
	ErrForged = errors.New("the seal's signature does not fit")
	// ErrUnknownKey is what a key look-up returns when no such key was ever
	// published.
	ErrUnknownKey = errors.New("no published seal key has this id")
	// ErrTooLong says that facts, each within its own limit, are together too
	// long for a seal.
	ErrTooLong = errors.New("facts are together too long for a seal")
)

// SignFunc signs a SHA-256 digest with a P-256 key and returns the signature
// as ASN.1 DER, as a crypto.Signer and Vault do. It may go over a network.
type SignFunc func(ctx context.Context, digest []byte) ([]byte, error)

// Seal signs the facts of the act that has the given code. The key's id is
// one to 16 characters of printable ASCII. Signatures are randomised: a seal
// is made once and stored.
func Seal(ctx context.Context, sign SignFunc, keyID string, code Code, f Facts) ([]byte, error) {
	if !validKeyID(keyID) {
		return nil, fmt.Errorf("sealing act %s: key id %.40q, want 1 to %d characters of ASCII", f.Act, keyID, maxKeyID)
	}
	if code.IsZero() {
		return nil, fmt.Errorf("sealing act %s: no verification code", f.Act)
	}
	payload, err := f.encode()
	if err != nil {
		return nil, fmt.Errorf("sealing act %.50q: %w", f.Act, err)
	}
	m := sealMessage(keyID, payload)
	if err := m.Sign(nil, code.aad(), &es256Signer{ctx, sign}); err != nil {
		return nil, fmt.Errorf("sealing act %s: %w", f.Act, err)
	}
	sealed, err := m.MarshalCBOR()
	if err != nil {
		return nil, fmt.Errorf("sealing act %s: %w", f.Act, err)
	}
	return sealed, nil
}

// OpenSeal checks a seal against the code of its link and returns its facts.
// keys finds a published key by its id; its errors are passed on, so that "no
// such key" and "cannot look now" stay apart. Other errors are [ErrSeal] and
// [ErrForged].
func OpenSeal(sealed []byte, code Code, keys func(keyID string) (*ecdsa.PublicKey, error)) (Facts, error) {
	if len(sealed) > MaxSeal {
		return Facts{}, fmt.Errorf("%w: %d bytes, at most %d", ErrSeal, len(sealed), MaxSeal)
	}
	var m cose.Sign1Message
	if err := m.UnmarshalCBOR(sealed); err != nil {
		return Facts{}, fmt.Errorf("%w: %w", ErrSeal, err)
	}
	kid, _ := m.Headers.Protected[cose.HeaderLabelKeyID].([]byte)
	keyID := string(kid)
	if !validKeyID(keyID) {
		return Facts{}, fmt.Errorf("%w: key id %.40q", ErrSeal, keyID)
	}
	// There is one way to write a seal; anything else, such as a header more,
	// is not ours.
	canonical := sealMessage(keyID, m.Payload)
	canonical.Signature = m.Signature
	if again, err := canonical.MarshalCBOR(); err != nil || !bytes.Equal(again, sealed) {
		return Facts{}, fmt.Errorf("%w: not in its only form", ErrSeal)
	}
	key, err := keys(keyID)
	if err != nil {
		return Facts{}, fmt.Errorf("seal key %s: %w", keyID, err)
	}
	if key == nil || key.Curve != elliptic.P256() {
		return Facts{}, fmt.Errorf("seal key %s is not on P-256", keyID)
	}
	verifier, err := cose.NewVerifier(cose.AlgorithmES256, key)
	if err != nil {
		return Facts{}, fmt.Errorf("seal key %s: %w", keyID, err)
	}
	if err := m.Verify(code.aad(), verifier); err != nil {
		return Facts{}, fmt.Errorf("%w: %w", ErrForged, err)
	}
	return decodePayload(m.Payload)
}

func validKeyID(id string) bool {
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return id != "" && len(id) <= maxKeyID
}

// Check says whether the facts can be sealed, with any key: what Seal would
// refuse is found before the act has its number, if a number of the same
// length stands in its place. Errors are [ErrFacts] and [ErrTooLong].
func (f Facts) Check() error {
	_, err := f.encode()
	return err
}

func (f Facts) encode() ([]byte, error) {
	p, err := f.payload()
	if err != nil {
		return nil, err
	}
	payload, err := encodePayload(p)
	if err != nil {
		return nil, err
	}
	if len(payload) > maxPayload {
		names := 0
		for _, party := range f.Parties {
			names += len(party.Name)
		}
		return nil, fmt.Errorf("%w: %d bytes, at most %d; kind of act has %d, office %d, signer %d, names of parties %d",
			ErrTooLong, len(payload), maxPayload, len(f.Kind), len(f.Office), len(f.Signer), names)
	}
	return payload, nil
}

func sealMessage(keyID string, payload []byte) *cose.Sign1Message {
	return &cose.Sign1Message{
		Headers: cose.Headers{
			Protected: cose.ProtectedHeader{
				cose.HeaderLabelAlgorithm: cose.AlgorithmES256,
				cose.HeaderLabelKeyID:     []byte(keyID),
			},
			Unprotected: cose.UnprotectedHeader{},
		},
		Payload: payload,
	}
}

// aad returns what a seal's signature covers of its code.
func (c Code) aad() []byte { return c.symbols[:] }

func encodePayload(p sealPayload) ([]byte, error) {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return nil, err
	}
	return mode.Marshal(p)
}

func decodePayload(payload []byte) (Facts, error) {
	mode, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		MaxNestedLevels:   4,
		MaxArrayElements:  16,
		MaxMapPairs:       16,
	}.DecMode()
	if err != nil {
		return Facts{}, err
	}
	var p sealPayload
	if err := mode.Unmarshal(payload, &p); err != nil {
		return Facts{}, fmt.Errorf("%w: %w", ErrSeal, err)
	}
	if p.Format != sealFormat {
		return Facts{}, fmt.Errorf("%w: format %d, want %d", ErrSeal, p.Format, sealFormat)
	}
	if again, err := encodePayload(p); err != nil || !bytes.Equal(again, payload) {
		return Facts{}, fmt.Errorf("%w: facts not in their only form", ErrSeal)
	}
	f, err := p.facts()
	if err != nil {
		return Facts{}, fmt.Errorf("%w: %w", ErrSeal, err)
	}
	return f, nil
}

// es256Signer lets go-cose sign with a SignFunc. It lives for one call.
type es256Signer struct {
	ctx  context.Context
	sign SignFunc
}

// Algorithm is part of cose.Signer.
func (s *es256Signer) Algorithm() cose.Algorithm { return cose.AlgorithmES256 }

// Sign is part of cose.Signer.
func (s *es256Signer) Sign(_ io.Reader, content []byte) ([]byte, error) {
	digest := sha256.Sum256(content)
	der, err := s.sign(s.ctx, digest[:])
	if err != nil {
		return nil, err
	}
	var sig struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(der, &sig); err != nil || len(rest) > 0 {
		return nil, errors.New("the key returned no ASN.1 signature")
	}
	const size = 32
	if sig.R.Sign() <= 0 || sig.S.Sign() <= 0 || sig.R.BitLen() > 8*size || sig.S.BitLen() > 8*size {
		return nil, errors.New("the key returned a signature that is not of P-256")
	}
	raw := make([]byte, 2*size)
	sig.R.FillBytes(raw[:size])
	sig.S.FillBytes(raw[size:])
	return raw, nil
}
