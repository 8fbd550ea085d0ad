package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/document"
	"docsvc/internal/signing"
)

// rowsOf reads the register's rows of an act's files.
func (v *Verifier) rowsOf(ctx context.Context, a document.Act) ([]document.Rendition, error) {
	var list []document.Rendition
	err := v.Store.View(ctx, func(tx document.Tx) (err error) {
		list, err = tx.Renditions(ctx, a.ID)
		return err
	})
	if err != nil {
		return nil, unavailable("error.register.unavailable", err)
	}
	return list, nil
}

// checkRenewals returns the further renditions of an act as their archived
// events tell of them. The row must name the last of them, and the ledger must
// have each event's leaf. A row that knows of fewer leaves a leaf that nothing
// accounts for.
func (v *Verifier) checkRenewals(ctx context.Context, a document.Act, h *history) ([]document.Rendition, error) {
	var renewals []document.Rendition
	for sequence := 2; sequence <= a.Rendition; sequence++ {
		event, err := v.event(ctx, h, archive.KindRenewal, document.RenewalID(a.ID, sequence))
		if err != nil {
			return nil, err
		}
		if event == nil {
			return nil, &alarm{FaultMissing, fmt.Errorf("the archive knows nothing of rendition %d", sequence)}
		}
		taken, err := h.take(*event)
		if err != nil {
			return nil, err
		}
		if !taken {
			return nil, &alarm{FaultLedger, fmt.Errorf("rendition %d is not in the ledger", sequence)}
		}
		var b document.Renewed
		if err := json.Unmarshal(event.Body, &b); err != nil {
			return nil, fmt.Errorf("event %s: %w", event.ID, err)
		}
		if b.Act != a.Number || b.Sequence != sequence {
			return nil, &alarm{FaultRegister, fmt.Errorf("rendition %d is of another act", sequence)}
		}
		renewals = append(renewals, b.Rendition(a.ID))
	}
	return renewals, nil
}

// renditionsOf joins the first file, which the manifest names, with the
// renewals. The row must name the newest.
func renditionsOf(a document.Act, m archive.Manifest, renewals []document.Rendition) ([]document.Rendition, error) {
	var all []document.Rendition
	for _, r := range m.Renditions {
		all = append(all, document.Rendition{
			ActID: a.ID, Sequence: r.Sequence, SHA256: r.SHA256[:], Size: r.Size, Level: a.Level, CreatedAt: a.ArchivedAt,
		})
	}
	all = append(all, renewals...)
	if newest := all[len(all)-1]; !bytes.Equal(newest.SHA256, a.SHA256) || newest.Sequence != a.Rendition {
		return nil, &alarm{FaultRegister, errors.New("the row's file is not the newest that was archived")}
	}
	return all, nil
}

// readNewest reads the newest file, which must begin with what the manifest
// names: what the ledger has of the record is over that.
func (v *Verifier) readNewest(ctx context.Context, name archive.Record, m archive.Manifest, all []document.Rendition) ([]byte, error) {
	newest := all[len(all)-1]
	file, err := archive.ReadRendition(ctx, v.Archive, name,
		archive.Rendition{Sequence: newest.Sequence, SHA256: archive.Digest(newest.SHA256)})
	if err != nil {
		return nil, archiveError(err)
	}
	for _, r := range m.Renditions {
		if int64(len(file)) < r.Size || sha256.Sum256(file[:r.Size]) != r.SHA256 {
			return nil, &alarm{FaultFile, fmt.Errorf("the file does not begin with rendition %d", r.Sequence)}
		}
	}
	return file, nil
}

// signaturesOf verifies a file of an archived act. One that was to prove itself,
// at level B-LTA, is judged as of now; if its time-stamp has run out meanwhile,
// as of when the archive had it, which archive and ledger witness. Below that
// level a file is judged as of the time it was signed, which the manifest and
// with it the ledger attest.
func (v *Verifier) signaturesOf(ctx context.Context, a document.Act, r document.Rendition, file []byte) (report *signing.Report, overdue bool, err error) {
	at := a.SignedAt
	lasting := r.Sequence > 1 || signing.Level(a.Level) == signing.LevelBLTA
	if lasting {
		at = time.Time{}
	}
	report, err = v.Signatures.Verify(ctx, file, at)
	if err == nil && lasting && report.SubIndication == signing.OutOfBoundsNoPOE {
		var then *signing.Report
		if then, err = v.Signatures.Verify(ctx, file, r.CreatedAt); err == nil && then.Indication == signing.TotalPassed {
			return then, true, nil
		}
	}
	if err != nil {
		return nil, false, unavailable("error.revocation.unavailable", err)
	}
	return report, false, nil
}
