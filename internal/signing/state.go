package signing

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"

	"docsvc/internal/signing/cms"
)

// state is everything of a Prepared but the file itself.
type state struct {
	Version        int       `json:"v"`
	Algorithm      Algorithm `json:"algorithm"`
	Level          Level     `json:"level"`
	Field          string    `json:"field"`
	Certify        bool      `json:"certify,omitempty"`
	DocumentDigest []byte    `json:"document_digest"`
	Start          int       `json:"start"`
	End            int       `json:"end"`
	Certificate    []byte    `json:"certificate"`
	Chain          [][]byte  `json:"chain,omitempty"`
}

const stateVersion = 1

// ErrState says that a stored state and file do not belong together, or that
// one of them is damaged.
var ErrState = errors.New("signing: stored state does not fit")

// State encodes what Complete needs beside the file, some 2 KB. It holds
// nothing secret.
func (p *Prepared) State() ([]byte, error) {
	s := state{
		Version: stateVersion, Algorithm: p.Algorithm, Level: p.Level, Field: p.Field, Certify: p.Certify,
		DocumentDigest: p.DocumentDigest, Start: p.hole.start, End: p.hole.end, Certificate: p.Certificate.Raw,
	}
	for _, c := range p.Chain {
		s.Chain = append(s.Chain, c.Raw)
	}
	return json.Marshal(s)
}

// RestorePrepared joins a stored file with its state. It checks the file
// against the document digest, so that a damaged file is found before the key
// is used.
func RestorePrepared(pdf, stored []byte) (*Prepared, error) {
	var s state
	if err := json.Unmarshal(stored, &s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrState, err)
	}
	if s.Version != stateVersion {
		return nil, fmt.Errorf("%w: version %d", ErrState, s.Version)
	}
	p := &Prepared{
		PDF: pdf, Algorithm: s.Algorithm, Level: s.Level, Field: s.Field, Certify: s.Certify,
		DocumentDigest: s.DocumentDigest, Hash: s.Algorithm.Hash(), hole: hole{start: s.Start, end: s.End},
	}
	var err error
	if p.Certificate, err = x509.ParseCertificate(s.Certificate); err != nil {
		return nil, fmt.Errorf("%w: certificate: %w", ErrState, err)
	}
	for _, der := range s.Chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("%w: chain: %w", ErrState, err)
		}
		p.Chain = append(p.Chain, c)
	}
	alg, err := cms.AlgorithmFor(p.Certificate.PublicKey, s.Algorithm == RSAPSS)
	if err != nil || alg != s.Algorithm {
		return nil, fmt.Errorf("%w: algorithm %q is not the certificate's", ErrState, s.Algorithm)
	}
	if s.Start < 0 || s.End > len(pdf) || s.End-s.Start < 2 || pdf[s.Start] != '<' || pdf[s.End-1] != '>' {
		return nil, fmt.Errorf("%w: the hole is not in the file", ErrState)
	}
	if !bytes.Equal(p.hole.digest(p.PDF, p.Hash), s.DocumentDigest) {
		return nil, fmt.Errorf("%w: the file has changed", ErrState)
	}
	return p, p.setAttributes()
}
