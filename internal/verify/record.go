package verify

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/gowebpki/jcs"

	"docsvc/internal/archive"
	"docsvc/internal/codes"
	"docsvc/internal/document"
	"docsvc/internal/ledger"
	"docsvc/internal/signing"
)

// alarm is a disagreement of witnesses, on its way to an [Altered] verdict.
type alarm struct {
	fault Fault
	err   error
}

func (a *alarm) Error() string { return string(a.fault) + ": " + a.err.Error() }
func (a *alarm) Unwrap() error { return a.err }

// record is an archived record that agrees with its row.
type record struct {
	manifest archive.Manifest
	leaf     []byte // of the manifest, as the ledger has it
	file     []byte // newest rendition
	// renditions are the files of the record, the first first.
	renditions []document.Rendition
	report     *signing.Report
	overdue    bool // the file passed when it was made, and no longer does
}

// readRecord reads manifest and file and compares both with the row. The
// renewals are those that settle has found in order.
func (v *Verifier) readRecord(ctx context.Context, a document.Act, renewals []document.Rendition) (*record, error) {
	name := archive.Record{Year: a.IssuedAt.UTC().Year(), Number: a.Number}
	manifest, err := archive.ReadManifest(ctx, v.Archive, name)
	if err != nil {
		return nil, archiveError(err)
	}
	if err := sameAct(manifest, a); err != nil {
		return nil, &alarm{FaultRegister, err}
	}
	if err := v.checkSeal(a); err != nil {
		return nil, err
	}
	if len(a.SHA256) != sha256.Size {
		return nil, &alarm{FaultRegister, errors.New("the row has no hash of the file")}
	}
	renditions, err := renditionsOf(a, manifest, renewals)
	if err != nil {
		return nil, err
	}
	file, err := v.readNewest(ctx, name, manifest, renditions)
	if err != nil {
		return nil, err
	}
	// The decoder accepts nothing but the encoder's bytes, so these are the
	// stored ones.
	encoded, err := archive.EncodeManifest(manifest)
	if err != nil {
		return nil, fmt.Errorf("manifest of act %s: %w", a.Number, err)
	}
	leaf := ledger.Leaf{Kind: ledger.KindRecord, Hash: sha256.Sum256(encoded)}.Encode()
	return &record{manifest: manifest, leaf: leaf, file: file, renditions: renditions}, nil
}

// archiveError tells what the archive is certain of from what it cannot say
// now.
func archiveError(err error) error {
	switch {
	case errors.Is(err, archive.ErrNotFound):
		return &alarm{FaultMissing, err}
	case errors.Is(err, archive.ErrDamaged), errors.Is(err, archive.ErrInvalid), errors.Is(err, archive.ErrConflict):
		return &alarm{FaultFile, err}
	}
	return unavailable("error.archive.unavailable", err)
}

// sameAct compares the row with the act that the manifest restores: all that
// was fixed when the act was issued, what the public page shows included.
func sameAct(m archive.Manifest, a document.Act) error {
	var archived document.Act
	if err := json.Unmarshal(m.Act, &archived); err != nil {
		return fmt.Errorf("act of the manifest: %w", err)
	}
	want, err := fixedPart(archived)
	if err != nil {
		return err
	}
	got, err := fixedPart(a)
	if err != nil {
		return err
	}
	switch {
	case !bytes.Equal(want, got):
		return errors.New("the row is not the act of the manifest")
	case m.Number != a.Number || m.Code != a.Code || m.Evaluation != a.Evaluation || !m.SignedAt.Equal(a.SignedAt):
		return errors.New("the row is not the act that the manifest names")
	case sha256.Sum256(a.Data) != [sha256.Size]byte(a.DataSHA256):
		return errors.New("the row's act data do not have the row's hash")
	}
	return nil
}

// checkSeal compares the facts that are shown with those in the act's seal. Row
// and manifest can be edited alike; the seal takes its key.
func (v *Verifier) checkSeal(a document.Act) error {
	code, shown, err := a.SealedFacts()
	if err != nil {
		return &alarm{FaultRegister, err}
	}
	var keyErr error
	facts, err := codes.OpenSeal(a.Seal, code, func(id string) (key *ecdsa.PublicKey, err error) {
		key, keyErr = v.SealKey(id)
		return key, keyErr
	})
	switch {
	case keyErr != nil:
		return unavailable("error.register.unavailable", keyErr)
	case err != nil:
		return &alarm{FaultRegister, fmt.Errorf("the act's seal: %w", err)}
	case !reflect.DeepEqual(facts, shown):
		return &alarm{FaultRegister, errors.New("the act's seal states other facts")}
	}
	return nil
}

// fixedPart is the canonical form of an act without what changes after its
// issue. Times are compared as instants.
func fixedPart(a document.Act) ([]byte, error) {
	a.IssuedAt, a.RetainUntil = a.IssuedAt.UTC(), a.RetainUntil.UTC()
	plain, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("act %s: %w", a.Number, err)
	}
	return jcs.Transform(plain)
}

// checkSignatures verifies the newest file, and that the certificates are those
// that the manifest names.
func (v *Verifier) checkSignatures(ctx context.Context, a document.Act, rec *record) error {
	report, overdue, err := v.signaturesOf(ctx, a, rec.renditions[len(rec.renditions)-1], rec.file)
	if err != nil {
		return err
	}
	rec.report, rec.overdue = report, overdue
	if report.SubIndication == signing.TryLater {
		return unavailable("error.revocation.unavailable", errors.New("no fresh revocation data"))
	}
	if report.Indication != signing.TotalPassed {
		return &alarm{FaultSignature, fmt.Errorf("%s %s", report.Indication, report.SubIndication)}
	}
	if len(report.Signatures) != len(a.Signers) || len(rec.manifest.Signers) != len(a.Signers) {
		return &alarm{FaultSignature, fmt.Errorf("%d signatures of %d signers", len(report.Signatures), len(a.Signers))}
	}
	for i, s := range report.Signatures {
		if s.Certificate == nil || sha256.Sum256(s.Certificate.Raw) != rec.manifest.Signers[i].Certificate {
			return &alarm{FaultSignature, fmt.Errorf("signature %d is with another certificate than archived", i+1)}
		}
	}
	return nil
}
