package render_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"docsvc/internal/testservers"
)

// tool runs a program of others on a file.
func tool(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), testservers.Tool(t, name), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return out
}

// files writes the stages of a line; DOCSVC_STAGES_DIR keeps them to look at.
func (l *line) files(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("DOCSVC_STAGES_DIR")
	if dir == "" {
		dir = t.TempDir()
	}
	names := make([]string, len(l.stages))
	for i, s := range l.stages {
		names[i] = filepath.Join(dir, fmt.Sprintf("stage-%d.pdf", i))
		if err := os.WriteFile(names[i], s.file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// TestPagesStay: programs of others find the same text, fonts and picture in
// every stage, and no fault in any.
func TestPagesStay(t *testing.T) {
	_, file := newOffice(t).termination(t)
	l := wholeLife(t, file, false)
	files := l.files(t)
	for _, c := range []struct {
		name string
		args []string // the file comes in the place of FILE
		from int      // signatures of the first stage that looks like all that follow
	}{
		{"pdftotext", []string{"-layout", "-enc", "UTF-8", "FILE", "-"}, 0},
		{"pdffonts", []string{"FILE"}, 0},
		{"pdftoppm", []string{"-r", "60", "FILE"}, 0},
		// MuPDF paints a mark of its own over a field that waits for its signer.
		{"mutool", []string{"draw", "-q", "-r", "60", "-F", "pnm", "-o", "-", "FILE"}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			var first []byte
			for i, name := range files {
				if l.stages[i].signers < c.from {
					continue
				}
				args := slices.Clone(c.args)
				args[slices.Index(args, "FILE")] = name
				out := tool(t, c.name, args...)
				if first == nil {
					first = out
				}
				if len(out) < 300 || !bytes.Equal(out, first) {
					t.Errorf("%s: %d bytes, not the same as the %d of the first stage", l.stages[i].name, len(out), len(first))
				}
			}
		})
	}
	t.Run("qpdf", func(t *testing.T) {
		for i, name := range files {
			if out := tool(t, "qpdf", "--check", name); !bytes.Contains(out, []byte("No syntax or stream encoding errors")) || bytes.Contains(out, []byte("WARNING")) {
				t.Errorf("%s: %s", l.stages[i].name, out)
			}
		}
	})
}

// TestBlocksAreRead: both blocks can be read on the page, the approval below.
func TestBlocksAreRead(t *testing.T) {
	_, file := newOffice(t).termination(t)
	text := textOf(t, file)
	at := -1
	for _, want := range []string{
		"Nümunə Rayon İcra Şöbəsinin dövlət icra məmuru Məmurzadə Nigar Sınaq qızı Gücləndirilmiş elektron imza ilə imzalanır",
		"TƏSDİQ EDİRƏM Nümunə Rayon İcra Şöbəsinin rəhbəri Rəhbərli Vüqar Misal oğlu Gücləndirilmiş elektron imza ilə imzalanır",
	} {
		i := strings.Index(text, want)
		if i <= at {
			t.Errorf("%q is not on the page, or in another order:\n%s", want, text)
		}
		at = i
	}
}

// textOf is what pdftotext reads, in one line.
func textOf(t *testing.T, file []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "act.pdf")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(tool(t, "pdftotext", "-enc", "UTF-8", name, "-"))), " ")
}
