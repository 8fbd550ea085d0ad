package corpus_test

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"hash/fnv"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"docsvc/internal/signing"
)

const corpusDir = "testdata"

var update = flag.Bool("update", false, "make testdata anew")

// corpusCase is how one file of the corpus comes about and what it is worth.
type corpusCase struct {
	name            string // of the file, without .pdf
	attack          string // what it is called, or what it does
	indication, sub string
	reason          string // why the verdict is that
	build           func(v *victim) []byte
	at              time.Duration // of validation after the signing; 0: an hour
}

// corpusEntry is a row of the committed table.
type corpusEntry struct {
	File          string    `json:"file"`
	Attack        string    `json:"attack"`
	At            time.Time `json:"at"`
	Indication    string    `json:"indication"`
	SubIndication string    `json:"sub_indication,omitempty"`
	Reason        string    `json:"reason"`
}

const (
	formatFailure = signing.FormatFailure
	hour          = time.Hour
	day           = 24 * time.Hour
	year          = 365 * day
)

// corpusCases lists all of them by group, which is the folder.
func corpusCases() map[string][]corpusCase {
	return map[string][]corpusCase{
		"valid":   corpusValid,
		"update":  corpusUpdates,
		"shadow":  corpusShadows,
		"layout":  corpusLayouts,
		"message": corpusMessages,
		"trust":   corpusTrust,
		"file":    corpusFiles,
		"bomb":    corpusBombs,
	}
}

// seed makes the keys of every case the same, and what is drawn after them a
// matter of its name.
func seed(t *testing.T, name string) *victim {
	t.Helper()
	cryptotest.SetGlobalRandom(t, 1)
	v := newVictim(t)
	h := fnv.New64a()
	h.Write([]byte(name))
	cryptotest.SetGlobalRandom(t, h.Sum64())
	return v
}

// TestCorpus has the verifier judge the committed files by the committed table,
// with nothing but the root. Run with -update it makes both anew.
func TestCorpus(t *testing.T) {
	if *update {
		writeCorpus(t)
	}
	var table []corpusEntry
	if err := json.Unmarshal(read(t, filepath.Join(corpusDir, "table.json")), &table); err != nil {
		t.Fatal(err)
	}
	roots := trusted(t)
	listed := map[string]bool{}
	for _, e := range table {
		listed[e.File] = true
		t.Run(e.File, func(t *testing.T) {
			v := &signing.Verifier{Roots: roots, Now: func() time.Time { return e.At }}
			file := read(t, filepath.Join(corpusDir, e.File))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r, err := v.Verify(t.Context(), file, e.At)
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			if r.Indication != e.Indication || r.SubIndication != e.SubIndication {
				t.Errorf("%s %s, want %s %s: %s: %+v", r.Indication, r.SubIndication, e.Indication, e.SubIndication, e.Reason, reasons(r))
			}
			if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > corpusMemory {
				t.Errorf("%d MB were allocated, at most %d are allowed", used, corpusMemory)
			}
			t.Logf("%s %s: %s", r.Indication, r.SubIndication, strings.Join(reasons(r), "; "))
		})
	}
	checkListed(t, listed)
}

// corpusMemory bounds what is allocated in all for any file of the corpus, in
// MB: twice the 64 MB that may be inflated, and the values of a hostile file.
const corpusMemory = 400

func checkListed(t *testing.T, listed map[string]bool) {
	t.Helper()
	total := 0
	for _, path := range corpusPaths(t) {
		if !listed[path] {
			t.Errorf("%s is not in the table", path)
		}
		n := len(read(t, filepath.Join(corpusDir, path)))
		if total += n; n > 110<<10 {
			t.Errorf("%s has %d bytes: large files are no use to other programs", path, n)
		}
	}
	t.Logf("%d files, %d KB", len(listed), total>>10)
}

func corpusPaths(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(corpusDir, "*", "*.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range paths {
		paths[i] = filepath.ToSlash(strings.TrimPrefix(p, corpusDir+string(filepath.Separator)))
	}
	return paths
}

// reasons are those of the file and of everything in it.
func reasons(r *signing.Report) []string {
	all := slices.Clone(r.Reasons)
	for _, s := range r.Signatures {
		all = append(all, s.Reasons...)
	}
	for _, s := range r.DocumentTimestamps {
		all = append(all, s.Reasons...)
	}
	return all
}

func writeCorpus(t *testing.T) {
	t.Helper()
	for _, path := range corpusPaths(t) {
		if err := os.Remove(filepath.Join(corpusDir, path)); err != nil {
			t.Fatal(err)
		}
	}
	var table []corpusEntry
	groups := corpusCases()
	for _, group := range []string{"valid", "update", "shadow", "layout", "message", "trust", "file", "bomb"} {
		for _, c := range groups[group] {
			path := group + "/" + strings.ReplaceAll(c.name, " ", "-") + ".pdf"
			if c.at == 0 {
				c.at = time.Hour
			}
			table = append(table, corpusEntry{path, c.attack, actDay.Add(c.at), c.indication, c.sub, c.reason})
			t.Run("make "+path, func(t *testing.T) {
				v := seed(t, path)
				root := filepath.Join(corpusDir, "root.pem")
				write(t, filepath.Join(corpusDir, path), c.build(v))
				write(t, root, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: v.p.Root.Cert.Raw}))
			})
		}
	}
	out := &bytes.Buffer{}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(table); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(corpusDir, "table.json"), out.Bytes())
}

// TestCorpusRepeats: the generator gives the committed files again, so that who
// reads the source knows what they are. Time-stamps are left out: their library
// writes the time of the computer beside that of the token.
func TestCorpusRepeats(t *testing.T) {
	groups := corpusCases()
	for _, group := range []string{"update", "shadow", "layout", "message", "file", "bomb"} {
		for i, c := range groups[group] {
			if i%5 != 0 { // some of each
				continue
			}
			path := group + "/" + strings.ReplaceAll(c.name, " ", "-") + ".pdf"
			t.Run(path, func(t *testing.T) {
				if !bytes.Equal(c.build(seed(t, path)), read(t, filepath.Join(corpusDir, path))) {
					t.Error("made differently: run go test -run TestCorpus$ -update ./internal/signing/corpus")
				}
			})
		}
	}
}

func trusted(t *testing.T) *x509.CertPool {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(read(t, filepath.Join(corpusDir, "root.pem"))) {
		t.Fatal("no root")
	}
	return roots
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
