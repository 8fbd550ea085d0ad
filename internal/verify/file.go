package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"slices"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/document"
	"docsvc/internal/signing"
)

// Match says how a file stands to the register.
type Match string

// The matches of a file.
const (
	// MatchSame: the file is, byte for byte, an archived act, in its newest
	// rendition or an earlier one.
	MatchSame Match = "same"
	// MatchOther: the file calls itself an act of the register, and is not the
	// file that was archived. However well it is signed, it is not that act.
	MatchOther Match = "other"
	// MatchNone: the register knows nothing of what the file says of itself.
	MatchNone Match = "none"
)

// FileReport is the verdict on a file.
type FileReport struct {
	CheckedAt time.Time `json:"checked_at"`
	SHA256    string    `json:"sha256"`
	Size      int64     `json:"size"`
	Match     Match     `json:"match"`
	Number    string    `json:"number,omitempty"` // that the file gives itself
	// Rendition is which file of the archived act it is, and Renditions how many
	// there are: an earlier one is genuine, and proves itself less long.
	Rendition  int             `json:"rendition,omitempty"`
	Renditions int             `json:"renditions,omitempty"`
	Signatures *signing.Report `json:"signatures"`
	// Register is the verdict on the act when the file is that act. For a file
	// that only names an act it stays nil: numbers can be guessed, and must not
	// open what is behind the code.
	Register *Verdict `json:"register,omitempty"`
}

// CheckFile verifies any file and compares it with the register. What is wrong
// with the file is in the report; the error says that it cannot be checked now.
// The file is not kept.
func (v *Verifier) CheckFile(ctx context.Context, file []byte) (FileReport, error) {
	sum := sha256.Sum256(file)
	out := FileReport{CheckedAt: v.now(), SHA256: hex.EncodeToString(sum[:]), Size: int64(len(file)), Match: MatchNone}
	for _, number := range numbersIn(file) {
		a, err := v.actByNumber(ctx, number)
		if errors.Is(err, document.ErrNotFound) {
			continue
		}
		if err != nil {
			return out, err
		}
		r, err := v.renditionWith(ctx, a, sum)
		if err != nil {
			return out, err
		}
		if r.Sequence > 0 {
			return v.checkArchived(ctx, a, r, out, file)
		}
		if a.State == document.Archived || a.State == document.Voided {
			out.Match, out.Number = MatchOther, number
		}
	}
	report, err := v.Signatures.Verify(ctx, file, time.Time{})
	if err != nil {
		return out, unavailable("error.revocation.unavailable", err)
	}
	out.Signatures = report
	return out, nil
}

// renditionWith finds the act's file with a hash; the zero one if there is none.
func (v *Verifier) renditionWith(ctx context.Context, a document.Act, sum archive.Digest) (document.Rendition, error) {
	if a.State != document.Archived {
		return document.Rendition{}, nil
	}
	list, err := v.rowsOf(ctx, a)
	if err != nil {
		return document.Rendition{}, err
	}
	for _, r := range list {
		if bytes.Equal(r.SHA256, sum[:]) {
			return r, nil
		}
	}
	if bytes.Equal(a.SHA256, sum[:]) {
		return document.Rendition{ActID: a.ID, Sequence: max(a.Rendition, 1), SHA256: a.SHA256, CreatedAt: a.ArchivedAt}, nil
	}
	m, err := archive.ReadManifest(ctx, v.Archive, archive.Record{Year: a.IssuedAt.UTC().Year(), Number: a.Number})
	if errors.Is(err, archive.ErrUnavailable) {
		return document.Rendition{}, unavailable("error.archive.unavailable", err)
	}
	if err != nil {
		return document.Rendition{}, nil // judge raises the alarm when the act is looked up
	}
	if r, ok := m.HasFile(sum); ok {
		return document.Rendition{ActID: a.ID, Sequence: r.Sequence, SHA256: sum[:], CreatedAt: a.ArchivedAt}, nil
	}
	return document.Rendition{}, nil
}

// checkArchived reports on a file that is an archived act: the whole verdict,
// and what its own signatures are worth.
func (v *Verifier) checkArchived(ctx context.Context, a document.Act, r document.Rendition, out FileReport, file []byte) (FileReport, error) {
	verdict, rec, err := v.judge(ctx, a)
	if err != nil {
		return out, err
	}
	var report *signing.Report
	out.Renditions = max(a.Rendition, r.Sequence)
	if rec != nil && bytes.Equal(rec.file, file) {
		report, out.Renditions = rec.report, len(rec.renditions)
	} else if report, _, err = v.signaturesOf(ctx, a, r, file); err != nil {
		return out, err
	}
	out.Match, out.Number, out.Rendition = MatchSame, a.Number, r.Sequence
	out.Register, out.Signatures = &verdict, report
	return out, nil
}

// actNumber is how the metadata of our files, never compressed, name the act.
var actNumber = regexp.MustCompile(`<act:ActNumber>([0-9A-Za-z/.-]{1,64})</act:ActNumber>`)

// maxNumbers is how many act numbers of a file are looked up.
const maxNumbers = 4

// numbersIn returns the first act numbers that a file gives itself, the very
// first at the end. What a signature covers stands before what was appended, so
// that appended numbers cannot push the signed one out. It looks at bytes, not
// at structure, so that a damaged copy is still known.
func numbersIn(file []byte) []string {
	var numbers []string
	for _, m := range actNumber.FindAllSubmatch(file, 4*maxNumbers) {
		if n := string(m[1]); !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	numbers = numbers[:min(len(numbers), maxNumbers)]
	slices.Reverse(numbers)
	return numbers
}
