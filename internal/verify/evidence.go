package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gowebpki/jcs"

	"docsvc/internal/archive"
	"docsvc/internal/document"
	"docsvc/internal/ledger"
)

const (
	evidenceFormat = "docsvc-evidence/1"
	// MaxEvidence is the largest evidence in bytes that is read.
	MaxEvidence = archive.MaxManifest + ledger.MaxProof + 1<<10
)

// Evidence is all that is needed, besides the log's public key, to see without
// docsvc that a file is an archived act: the record's manifest, which holds the
// hash of the file as it was signed, and the proof that the log holds the
// manifest's. What became of the act afterwards is not in it.
type Evidence struct {
	Format   string          `json:"format"`
	Manifest json.RawMessage `json:"manifest"` // as archived, byte for byte
	Proof    ledger.Proof    `json:"proof"`
}

// Encode returns the evidence as canonical JSON, in which the manifest keeps
// its bytes.
func (e Evidence) Encode() ([]byte, error) {
	plain, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	return jcs.Transform(plain)
}

// DecodeEvidence accepts only what Encode writes. It does not check.
func DecodeEvidence(data []byte) (Evidence, error) {
	var e Evidence
	if len(data) > MaxEvidence {
		return Evidence{}, fmt.Errorf("evidence of %d bytes, allowed are %d", len(data), MaxEvidence)
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return Evidence{}, fmt.Errorf("evidence: %w", err)
	}
	if again, err := e.Encode(); err != nil || !bytes.Equal(again, data) || e.Format != evidenceFormat {
		return Evidence{}, errors.New("this is not evidence as docsvc writes it")
	}
	return e, nil
}

// Proven is what evidence shows of a file.
type Proven struct {
	Number   string      `json:"number"`
	Position int64       `json:"position"` // in the log
	Tree     ledger.Tree `json:"tree"`     // of the signed checkpoint
	// Renewed says that the file is the archived one with something appended,
	// as a renewal does. What was appended is for the signatures to prove.
	Renewed bool `json:"renewed"`
}

// Check says what the evidence shows of a file; the error says why it shows
// nothing. The signatures in the file are another question.
func (e Evidence) Check(file []byte, log *ledger.Verifier) (Proven, error) {
	m, err := archive.DecodeManifest(e.Manifest)
	if err != nil {
		return Proven{}, err
	}
	leaf, tree, err := e.Proof.Verify(log)
	if err != nil {
		return Proven{}, err
	}
	if leaf.Kind != ledger.KindRecord || leaf.Hash != sha256.Sum256(e.Manifest) {
		return Proven{}, errors.New("the proof is of something else than the manifest")
	}
	p := Proven{Number: m.Number, Position: e.Proof.Index, Tree: tree}
	if _, ok := m.HasFile(sha256.Sum256(file)); ok {
		return p, nil
	}
	last := m.Renditions[len(m.Renditions)-1]
	if int64(len(file)) > last.Size && archive.Digest(sha256.Sum256(file[:last.Size])) == last.SHA256 {
		p.Renewed = true
		return p, nil
	}
	return Proven{}, fmt.Errorf("the file is not the archived act %s", m.Number)
}

// Exported is an archived act on its way out of docsvc.
type Exported struct {
	Verdict  Verdict
	PDF      []byte // newest rendition
	Evidence []byte // nil: no published checkpoint covers the record yet
}

// Export returns the newest file of an archived act that passes every check,
// with its evidence.
func (v *Verifier) Export(ctx context.Context, a document.Act) (Exported, error) {
	verdict, rec, err := v.judge(ctx, a)
	if err != nil {
		return Exported{}, err
	}
	if rec == nil {
		return Exported{}, &document.Error{Kind: document.Conflict, Key: "error.export.act", Args: map[string]string{"number": a.Number}}
	}
	x := Exported{Verdict: verdict, PDF: rec.file}
	if verdict.Ledger == nil || verdict.Ledger.Proof == nil {
		return x, nil
	}
	manifest, err := archive.EncodeManifest(rec.manifest)
	if err == nil {
		x.Evidence, err = Evidence{Format: evidenceFormat, Manifest: manifest, Proof: *verdict.Ledger.Proof}.Encode()
	}
	if err != nil {
		return Exported{}, fmt.Errorf("evidence of act %s: %w", a.Number, err)
	}
	return x, nil
}
