package verify

import (
	"archive/zip"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/document"
)

// The limits of one export.
const (
	MaxExport     = 200       // acts
	MaxExportSize = 500 << 20 // bytes of their files
)

//go:embed bundle.txt
var bundleText string

// Bundle is what one export puts out.
type Bundle struct {
	Verifier *Verifier
	// Copied numbers the copy of an act and puts it into the trail. Without it
	// nothing of the act is written.
	Copied func(ctx context.Context, a document.Act) (int64, error)
	Acts   []document.Act
}

// Check says whether the acts can be exported at once: how many they are, that
// all are archived, and how large their files are together.
func (b *Bundle) Check(ctx context.Context) error {
	refuse := func(key string, pairs map[string]string) error {
		return &document.Error{Kind: document.Invalid, Key: key, Args: pairs}
	}
	if len(b.Acts) == 0 || len(b.Acts) > MaxExport {
		return refuse("error.export.count", map[string]string{"max": strconv.Itoa(MaxExport)})
	}
	total := int64(0)
	for _, a := range b.Acts {
		if a.State != document.Archived {
			return refuse("error.export.state", map[string]string{"number": a.Number})
		}
		o, err := b.Verifier.Archive.Stat(ctx, a.Path)
		if errors.Is(err, archive.ErrUnavailable) {
			return unavailable("error.archive.unavailable", err)
		}
		if err == nil { // what the archive lacks is told in the file
			total += o.Size
		}
	}
	if total > MaxExportSize {
		return refuse("error.export.size", map[string]string{"max": strconv.Itoa(MaxExportSize >> 20), "size": strconv.FormatInt(total>>20+1, 10)})
	}
	return nil
}

// Write writes the acts as a ZIP: a directory for each with its file and its
// evidence, and at the end README.txt, which says how to check them and which
// ones are not there. An act that cannot be handed out does not hold up the
// others; failed counts these. The error is that of w or of ctx.
func (b *Bundle) Write(ctx context.Context, w io.Writer) (failed int, err error) {
	z := zip.NewWriter(w)
	now := b.Verifier.now()
	var lines []string
	for _, a := range b.Acts {
		line, err := b.writeAct(ctx, z, a, now)
		if err != nil && (ctx.Err() != nil || errors.Is(err, errWriting)) {
			return failed, err
		}
		if err != nil {
			failed++
			b.Verifier.logExport(ctx, a, err)
			line = a.Number + "\tAKT BU FAYLDA YOXDUR: verilə bilmədi / NOT IN THIS FILE: it could not be handed out"
		}
		lines = append(lines, line)
	}
	keys := strings.Join(b.Verifier.Ledger.Published(), "\n") + "\n"
	readme := fmt.Sprintf(bundleText, now.Format(time.RFC3339), strings.Join(lines, "\n"))
	err = errors.Join(put(z, "log-key.txt", []byte(keys), zip.Deflate, now), put(z, "README.txt", []byte(readme), zip.Deflate, now), z.Close())
	return failed, err
}

// errWriting marks what went wrong with the file itself.
var errWriting = errors.New("writing the export")

func (b *Bundle) writeAct(ctx context.Context, z *zip.Writer, a document.Act, now time.Time) (line string, err error) {
	x, err := b.Verifier.Export(ctx, a)
	if err != nil {
		return "", err
	}
	n, err := b.Copied(ctx, a)
	if err != nil {
		return "", err
	}
	name := safeName(a.Number)
	line = fmt.Sprintf("%s\tsurət / copy %d\t%s", a.Number, n, x.Verdict.Kind)
	if c := x.Verdict.Change; c != nil {
		line += "\t" + c.By
	}
	if err := put(z, name+"/"+name+".pdf", x.PDF, zip.Store, now); err != nil {
		return "", err
	}
	if x.Evidence == nil {
		return line + "\tsübut hələ yoxdur / no proof yet", nil
	}
	return line, put(z, name+"/"+name+".evidence.json", x.Evidence, zip.Deflate, now)
}

func put(z *zip.Writer, name string, data []byte, method uint16, at time.Time) error {
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: at})
	if err == nil {
		_, err = w.Write(data)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errWriting, err)
	}
	return nil
}

var unsafeInNames = regexp.MustCompile(`[^0-9A-Za-z_-]+`)

// safeName is a number as the name of a file on any system.
func safeName(number string) string { return unsafeInNames.ReplaceAllString(number, "_") }
