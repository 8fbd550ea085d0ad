package archive

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

const (
	// ManifestFormat is the format of the manifests this package writes.
	ManifestFormat = "docsvc-manifest/1"
	// MaxManifest is the largest manifest in bytes.
	MaxManifest = 1 << 20

	manifestName  = "manifest.json"
	maxRenditions = 9999
	jsonType      = "application/json"
)

// Manifest says what a record holds and all that is needed to restore its rows
// in the register. It is a pure function of the act as signed: a put that is
// repeated after a crash must produce the same bytes, so nothing in it may
// depend on the moment of archiving.
type Manifest struct {
	Format      string      `json:"format"`
	Year        int         `json:"year"`        // of issue; with Number it names the record
	Number      string      `json:"number"`      // of the act
	CaseNumber  string      `json:"case_number"` // or of the journal
	Code        string      `json:"code"`        // public verification code
	State       string      `json:"state"`       // of the act as archived
	Evaluation  bool        `json:"evaluation"`  // made with evaluation parts, no legal force
	Template    Template    `json:"template"`
	Signers     []Signer    `json:"signers"`    // in the order of signing
	Renditions  []Rendition `json:"renditions"` // usually one
	SignedAt    time.Time   `json:"signed_at"`  // when the act became "signed"
	RetainUntil time.Time   `json:"retain_until"`
	Audit       AuditMark   `json:"audit"`
	// Case and Act are canonical JSON objects whose content the core decides:
	// what it needs to restore the register's rows.
	Case json.RawMessage `json:"case"`
	Act  json.RawMessage `json:"act"`
}

// Template is the template version an act was made from.
type Template struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Engine  string `json:"engine"` // version of the typesetter
}

// Signer is one signature of an act and the hashes it was given over.
type Signer struct {
	Name           string    `json:"name"`
	Post           string    `json:"post"`
	Certificate    Digest    `json:"certificate_sha256"`
	KeyID          string    `json:"key_id"`
	DocumentDigest Digest    `json:"document_digest"`     // of the signed byte ranges
	ToBeSigned     Digest    `json:"to_be_signed_digest"` // of the signed attributes
	SignedAt       time.Time `json:"signed_at"`
	Level          string    `json:"level"` // B-B, B-T, …
}

// Rendition is one file of a record.
type Rendition struct {
	Sequence  int    `json:"sequence"` // 1 for 0001.pdf
	SHA256    Digest `json:"sha256"`
	Size      int64  `json:"size"`
	MediaType string `json:"media_type"`
	VersionID string `json:"version_id"` // in the store; filled in by WriteRecord
}

// AuditMark places the record in the audit log: the last event of the act when
// it was signed.
type AuditMark struct {
	EventID string `json:"event_id"`
	Digest  Digest `json:"digest"` // of that event's encoded bytes
}

// Record returns the name of the manifest's record.
func (m *Manifest) Record() Record { return Record{Year: m.Year, Number: m.Number} }

// HasFile returns the rendition whose bytes have the hash sum.
func (m *Manifest) HasFile(sum Digest) (Rendition, bool) {
	i := slices.IndexFunc(m.Renditions, func(r Rendition) bool { return r.SHA256 == sum })
	if i < 0 {
		return Rendition{}, false
	}
	return m.Renditions[i], true
}

// EncodeManifest returns the manifest's only encoding. Times are written in UTC
// to the microsecond.
func EncodeManifest(m Manifest) ([]byte, error) {
	m.Format = ManifestFormat
	m.SignedAt, m.RetainUntil = stamp(m.SignedAt), stamp(m.RetainUntil)
	m.Signers = slices.Clone(m.Signers)
	for i := range m.Signers {
		m.Signers[i].SignedAt = stamp(m.Signers[i].SignedAt)
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	return encode(m, MaxManifest)
}

// DecodeManifest accepts only what EncodeManifest writes.
func DecodeManifest(data []byte) (Manifest, error) {
	return decode(data, MaxManifest, ManifestFormat, EncodeManifest)
}

func (m *Manifest) check() error {
	if _, err := m.Record().Dir(); err != nil {
		return err
	}
	switch {
	case m.SignedAt.IsZero() || m.RetainUntil.IsZero():
		return fmt.Errorf("%w: manifest of %s lacks a time", ErrInvalid, m.Number)
	case m.Signers == nil || len(m.Renditions) == 0 || len(m.Renditions) > maxRenditions:
		return fmt.Errorf("%w: manifest of %s lacks signers or renditions", ErrInvalid, m.Number)
	}
	for i, r := range m.Renditions {
		if r.Sequence != i+1 || r.SHA256.IsZero() || r.Size < 1 || r.Size > MaxObject || r.MediaType == "" {
			return fmt.Errorf("%w: rendition %d in the manifest of %s", ErrInvalid, i+1, m.Number)
		}
	}
	for _, section := range []struct {
		name string
		raw  json.RawMessage
	}{{"case", m.Case}, {"act", m.Act}} {
		if err := checkSection(section.name, section.raw); err != nil {
			return fmt.Errorf("manifest of %s: %w", m.Number, err)
		}
	}
	return nil
}
