package signing_test

import (
	"bytes"
	"encoding/pem"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
	"docsvc/internal/testservers"
)

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// bench is a directory with what the programs need to check a file.
type bench struct {
	dir           string
	root, issuing string
}

func newBench(t *testing.T, p *signingtest.PKI) bench {
	t.Helper()
	b := bench{dir: t.TempDir()}
	encode := func(e *signingtest.Entity) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: e.Cert.Raw})
	}
	b.root, b.issuing = b.write(t, "root.pem", encode(p.Root)), b.write(t, "issuing.pem", encode(p.Issuing))
	return b
}

func (b bench) write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// checks are the programs. Each says how many signatures or time-stamps it
// found good, of how many that it knows, or fails the test.
var checks = []struct {
	name  string
	tool  string
	check func(*testing.T, string, bench, variant) string
}{
	{"openssl cms -cades", "openssl", checkCMS},
	{"openssl ts", "openssl", checkTokens},
	{"pdfsig", "pdfsig", checkPDFSig},
	{"mutool sign", "mutool", checkMuTool},
	{"qpdf --check", "qpdf", checkQPDF},
	{"pdfsign", "", checkPeer},
}

var keep = flag.String("keep", "", "directory for the files of TestTools, to be checked by further programs")

// TestTools has programs of others check every level with every key, one and
// two signatures, and a certification signature. go test -v prints the table.
func TestTools(t *testing.T) {
	p := signingtest.New(t, nil)
	files := variants(t, p)
	if *keep != "" {
		for _, v := range files {
			write(t, filepath.Join(*keep, strings.NewReplacer(", ", "_", " ", "-").Replace(v.String())+".pdf"), v.file)
		}
		write(t, filepath.Join(*keep, "root.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Root.Cert.Raw}))
	}
	results := map[string]string{}
	var mu sync.Mutex
	t.Run("each", func(t *testing.T) {
		for _, c := range checks {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				program := c.tool
				if program != "" {
					program = testservers.Tool(t, c.tool)
				}
				b := newBench(t, p)
				for _, v := range files {
					t.Run(v.String(), func(t *testing.T) {
						told := c.check(t, program, b, v)
						mu.Lock()
						defer mu.Unlock()
						results[c.name+v.String()] = told
					})
				}
			})
		}
	})
	t.Logf("good of all that the program knows:\n%s", table(t, files, results))
}

// table has a line for each file, a column for each program.
func table(t *testing.T, files []variant, results map[string]string) string {
	t.Helper()
	lines := []string{"level\tkey\tsignatures"}
	for _, c := range checks {
		lines[0] += "\t" + c.name
	}
	for _, v := range files {
		line := fmt.Sprintf("%s\t%s\t%s", v.level, v.kind.Name, v.shape)
		for _, c := range checks {
			told, ok := results[c.name+v.String()]
			if !ok {
				told = "-"
			}
			line += "\t" + told
		}
		lines = append(lines, line)
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	if _, err := w.Write([]byte(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// checkCMS has each signature checked with its CAdES attributes.
func checkCMS(t *testing.T, openssl string, b bench, v variant) string {
	n := 0
	for _, s := range parts(t, v.file) {
		if s.value == nil {
			continue
		}
		out := run(t, openssl, "cms", "-verify", "-cades", "-binary", "-inform", "DER",
			"-in", b.write(t, "signature.der", s.der), "-content", b.write(t, "content", s.content),
			"-CAfile", b.root, "-certfile", b.issuing, "-purpose", "any", "-out", os.DevNull)
		if !strings.Contains(out, "successful") {
			t.Errorf("%s: %s", s.field, out)
		}
		n++
	}
	return count(t, n, v.signatures())
}

// checkTokens has each time-stamp checked, over a signature or over the file.
func checkTokens(t *testing.T, openssl string, b bench, v variant) string {
	n, want := 0, v.stamps()
	if v.level.AtLeast(signing.LevelBT) {
		want += v.signatures()
	}
	for _, s := range parts(t, v.file) {
		token, data := s.token, s.value
		if s.value == nil {
			token, data = s.der, s.content
		}
		if token == nil {
			continue
		}
		out := run(t, openssl, "ts", "-verify", "-token_in", "-in", b.write(t, "token.der", token),
			"-data", b.write(t, "data", data), "-CAfile", b.root, "-untrusted", b.issuing)
		if !strings.Contains(out, "Verification: OK") {
			t.Errorf("%s: %s", s.field, out)
		}
		n++
	}
	return count(t, n, want)
}

// checkPDFSig reads what poppler says of the integrity; it does not know
// document time-stamps.
func checkPDFSig(t *testing.T, pdfsig string, b bench, v variant) string {
	out := run(t, pdfsig, "-nocert", b.write(t, "file.pdf", v.file))
	blocks := slices.DeleteFunc(strings.Split(out, "Signature #")[1:], func(b string) bool {
		return strings.Contains(b, "form field is not signed")
	})
	if len(blocks) != v.signatures()+v.stamps() {
		t.Fatalf("%d signatures in\n%s", len(blocks), out)
	}
	n := 0
	for i, block := range blocks {
		// The validation data of B-LT is the last update, and nobody's.
		whole := i == len(blocks)-1 && v.level != signing.LevelBLT
		if strings.Contains(block, "Total document signed") != whole {
			t.Errorf("coverage of signature %d in\n%s", i+1, out)
		}
		if strings.Contains(block, "ETSI.CAdES.detached") && strings.Contains(block, "Signature Validation: Signature is Valid.") {
			n++
		}
	}
	if v.kind.PSS && n < v.signatures() {
		return fmt.Sprintf("%d/%d, no PSS", n, v.signatures()) // NSS of some versions cannot verify RSASSA-PSS
	}
	return count(t, n, v.signatures())
}

// checkMuTool does likewise with MuPDF, which cannot verify RSASSA-PSS, knows no
// document time-stamps, and calls whatever follows a signature an edit.
func checkMuTool(t *testing.T, mutool string, b bench, v variant) string {
	path := b.write(t, "file.pdf", v.file)
	if out := run(t, mutool, "info", path); strings.Contains(out, "error") || strings.Contains(out, "repair") {
		t.Error(out)
	}
	out := run(t, mutool, "sign", "-v", path)
	n := strings.Count(out, "The signature is valid but") + strings.Count(out, "The document is unchanged")
	if v.kind.PSS {
		if n+1 != v.signatures() || strings.Count(out, "Digest error") != 1 {
			t.Error(out)
		}
		return fmt.Sprintf("%d/%d, no PSS", n, v.signatures())
	}
	return count(t, n, v.signatures())
}

func checkQPDF(t *testing.T, qpdf string, b bench, v variant) string {
	if out := run(t, qpdf, "--check", b.write(t, "file.pdf", v.file)); !strings.Contains(out, "No syntax or stream encoding errors") {
		t.Error(out)
	}
	return "good"
}

func count(t *testing.T, n, want int) string {
	t.Helper()
	if n != want {
		t.Errorf("%d good, want %d", n, want)
	}
	return fmt.Sprintf("%d/%d", n, want)
}

// TestToolsNotice: the programs refuse a file with another byte, so that their
// agreement means something.
func TestToolsNotice(t *testing.T) {
	p := signingtest.New(t, nil)
	e := p.Officer(t, signingtest.P256(t))
	file := raised(t, p, e, signing.LevelBLTA)
	file[bytes.Index(file, []byte("Borc"))] ^= 1
	b := newBench(t, p)
	path := b.write(t, "file.pdf", file)
	all := parts(t, file)
	if len(all) != 2 {
		t.Fatalf("%d signatures", len(all))
	}
	fails := func(t *testing.T, program string, args ...string) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), testservers.Tool(t, program), args...).CombinedOutput(); err == nil {
			t.Errorf("accepted: %s", out)
		}
	}
	t.Run("openssl cms", func(t *testing.T) {
		fails(t, "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", b.write(t, "s", all[0].der),
			"-content", b.write(t, "c", all[0].content), "-CAfile", b.root, "-certfile", b.issuing, "-purpose", "any", "-out", os.DevNull)
	})
	t.Run("openssl ts", func(t *testing.T) {
		fails(t, "openssl", "ts", "-verify", "-token_in", "-in", b.write(t, "t", all[1].der), "-data", b.write(t, "d", all[1].content),
			"-CAfile", b.root, "-untrusted", b.issuing)
	})
	t.Run("pdfsig", func(t *testing.T) {
		if out := run(t, testservers.Tool(t, "pdfsig"), "-nocert", path); strings.Contains(out, "Signature is Valid") {
			t.Error(out)
		}
	})
	t.Run("mutool", func(t *testing.T) {
		out := run(t, testservers.Tool(t, "mutool"), "sign", "-v", path)
		if strings.Contains(out, "signature is valid") || strings.Contains(out, "unchanged") {
			t.Error(out)
		}
	})
}

// TestQPDFRewrites: other writers' layouts (object streams, linearised) are
// read, and an old signature does not survive a rewrite.
func TestQPDFRewrites(t *testing.T) {
	qpdf := testservers.Tool(t, "qpdf")
	p := signingtest.New(t, nil)
	signed := raised(t, p, p.Officer(t, signingtest.P256(t)), signing.LevelBT)
	path := newBench(t, p).write(t, "file.pdf", signed)
	for _, option := range []string{"--object-streams=generate", "--linearize", "--object-streams=disable"} {
		t.Run(option, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out.pdf")
			run(t, qpdf, option, path, out)
			b, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			r := verify(t, verifier(p), b)
			if r.Indication != signing.TotalFailed || len(r.Signatures) != 1 || bytes.Equal(b, signed) {
				t.Errorf("%+v", r)
			}
			t.Log(r.Signatures[0].Reasons)
		})
	}
}
