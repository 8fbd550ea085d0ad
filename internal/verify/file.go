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
	// MatchSame: the file is, byte for byte, an archived act.
	MatchSame Match = "same"
	// MatchOther: the file calls itself an act of the register, and is not the
	// file that was archived. However well it is signed, it is not that act.
	MatchOther Match = "other"
	// MatchNone: the register knows nothing of what the file says of itself.
	MatchNone Match = "none"
)

// FileReport is the verdict on a file.
type FileReport struct {
	CheckedAt  time.Time       `json:"checked_at"`
	SHA256     string          `json:"sha256"`
	Size       int64           `json:"size"`
	Match      Match           `json:"match"`
	Number     string          `json:"number,omitempty"` // that the file gives itself
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
		same, err := v.isRendition(ctx, a, sum)
		if err != nil {
			return out, err
		}
		if same {
			return v.checkArchived(ctx, a, out, file)
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

// isRendition reports whether a file with the given hash is one of the act's.
func (v *Verifier) isRendition(ctx context.Context, a document.Act, sum archive.Digest) (bool, error) {
	if a.State != document.Archived {
		return false, nil
	}
	if bytes.Equal(a.SHA256, sum[:]) {
		return true, nil
	}
	m, err := archive.ReadManifest(ctx, v.Archive, archive.Record{Year: a.IssuedAt.UTC().Year(), Number: a.Number})
	if errors.Is(err, archive.ErrUnavailable) {
		return false, unavailable("error.archive.unavailable", err)
	}
	if err != nil {
		return false, nil // judge raises the alarm when the act is looked up
	}
	_, ok := m.HasFile(sum)
	return ok, nil
}

// checkArchived reports on a file that is an archived act: the whole verdict,
// and its signatures as of the time of signing.
func (v *Verifier) checkArchived(ctx context.Context, a document.Act, out FileReport, file []byte) (FileReport, error) {
	verdict, _, err := v.judge(ctx, a)
	if err != nil {
		return out, err
	}
	report, err := v.Signatures.Verify(ctx, file, a.SignedAt)
	if err != nil {
		return out, unavailable("error.revocation.unavailable", err)
	}
	out.Match, out.Number, out.Register, out.Signatures = MatchSame, a.Number, &verdict, report
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
