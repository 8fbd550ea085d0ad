package signing_test

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"docsvc/internal/signing"
	"docsvc/internal/signing/cms"
	"docsvc/internal/signing/signingtest"
)

// tool skips the test when an independent verifier is not installed, unless
// DOCSVC_MUST_RUN names "tools".
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv("DOCSVC_MUST_RUN"), ","), "tools") {
			t.Fatalf("%s is not installed, but DOCSVC_MUST_RUN asks for tools", name)
		}
		t.Skipf("%s is not installed", name)
	}
	return path
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// peerFiles writes a signed file and what is needed to check it.
type peerFiles struct {
	signed                                         []byte
	pdf, content, cms, token, query, root, issuing string
}

func writePeerFiles(t *testing.T, key crypto.Signer, pss bool) peerFiles {
	t.Helper()
	p := signingtest.New(t, nil)
	e := p.Officer(t, key)
	r := request(signingtest.PDF(1000, "imza1", "imza2"), p, e, signing.LevelBT)
	r.PSS = pss
	signed, err := signing.Sign(t.Context(), r, signing.SignerKey(e.Key), p)
	if err != nil {
		t.Fatal(err)
	}
	start, end := hole(t, signed)
	contents := make([]byte, (end-start-2)/2)
	if _, err := hex.Decode(contents, signed[start+1:end-1]); err != nil {
		t.Fatal(err)
	}
	m, err := cms.Parse(contents)
	if err != nil {
		t.Fatal(err)
	}
	token, err := m.SignatureTimestamp()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	encode := func(e *signingtest.Entity) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: e.Cert.Raw})
	}
	return peerFiles{
		signed: signed, pdf: write("signed.pdf", signed),
		content: write("content", slices.Concat(signed[:start], signed[end:])),
		cms:     write("signature.der", m.Raw), token: write("token.der", token), query: write("value", m.Signature),
		root: write("root.pem", encode(p.Root)), issuing: write("issuing.pem", encode(p.Issuing)),
	}
}

func keys(t *testing.T) map[string]struct {
	key crypto.Signer
	pss bool
} {
	return map[string]struct {
		key crypto.Signer
		pss bool
	}{
		"P-256":   {signingtest.P256(t), false},
		"P-384":   {signingtest.P384(t), false},
		"RSA":     {signingtest.RSA3072(t), false},
		"RSA-PSS": {signingtest.RSA3072(t), true},
	}
}

// TestOpenSSL has the CMS checked with its CAdES attributes, and the token.
func TestOpenSSL(t *testing.T) {
	openssl := tool(t, "openssl")
	for name, k := range keys(t) {
		t.Run(name, func(t *testing.T) {
			f := writePeerFiles(t, k.key, k.pss)
			out := run(t, openssl, "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", f.cms, "-content", f.content,
				"-CAfile", f.root, "-certfile", f.issuing, "-purpose", "any", "-out", os.DevNull)
			if !strings.Contains(out, "successful") {
				t.Error(out)
			}
			hash := "-sha256"
			if name == "P-384" {
				hash = "-sha384"
			}
			digest := run(t, openssl, "dgst", hash, "-r", f.query)
			out = run(t, openssl, "ts", "-verify", "-token_in", "-in", f.token, "-digest", strings.Fields(digest)[0],
				"-CAfile", f.root, "-untrusted", f.issuing)
			if !strings.Contains(out, "Verification: OK") {
				t.Error(out)
			}
		})
	}
}

// TestPDFTools has the file's structure checked by other readers.
func TestPDFTools(t *testing.T) {
	for name, k := range keys(t) {
		f := writePeerFiles(t, k.key, k.pss)
		t.Run("qpdf "+name, func(t *testing.T) {
			if out := run(t, tool(t, "qpdf"), "--check", f.pdf); !strings.Contains(out, "No syntax or stream encoding errors") {
				t.Error(out)
			}
		})
		t.Run("mutool "+name, func(t *testing.T) {
			if out := run(t, tool(t, "mutool"), "info", f.pdf); strings.Contains(out, "error") || strings.Contains(out, "repair") {
				t.Error(out)
			}
		})
		if k.pss {
			continue // poppler's NSS cannot verify RSASSA-PSS; openssl does above
		}
		t.Run("pdfsig "+name, func(t *testing.T) {
			out := run(t, tool(t, "pdfsig"), "-nocert", f.pdf)
			for _, line := range []string{"Signature Validation: Signature is Valid.", "Total document signed", "ETSI.CAdES.detached"} {
				if !strings.Contains(out, line) {
					t.Errorf("%q is missing in\n%s", line, out)
				}
			}
		})
	}
}

// TestQPDFRewrites: other writers' layouts (object streams, linearised) are
// read, and an old signature does not survive a rewrite.
func TestQPDFRewrites(t *testing.T) {
	qpdf := tool(t, "qpdf")
	f := writePeerFiles(t, signingtest.P256(t), false)
	for _, option := range []string{"--object-streams=generate", "--linearize", "--object-streams=disable"} {
		t.Run(option, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out.pdf")
			run(t, qpdf, option, f.pdf, out)
			b, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			p := signingtest.New(t, nil)
			r := verify(t, verifier(p), b)
			if r.Indication != signing.TotalFailed || len(r.Signatures) != 1 || bytes.Equal(b, f.signed) {
				t.Errorf("%+v", r)
			}
			t.Log(r.Signatures[0].Reasons)
		})
	}
}
