package signing_test

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"docsvc/internal/signing"
	"docsvc/internal/signing/cms"
	"docsvc/internal/signing/signingtest"
)

var update = flag.Bool("update", false, "make testdata anew")

// goldenTime is when the files of testdata were signed.
var goldenTime = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const (
	goldenRoot  = "testdata/root.pem"
	goldenOnce  = "testdata/once.pdf"  // B-T in imza1
	goldenTwice = "testdata/twice.pdf" // and B-B in imza2
	goldenCMS   = "testdata/signature.der"
	goldenToken = "testdata/token.der"

	goldenArchived     = "testdata/archived.pdf" // certified, signed twice, B-LTA, renewed after five years
	goldenArchivedRoot = "testdata/archived-root.pem"
)

// TestGolden: what was signed once stays valid for later versions of the code.
func TestGolden(t *testing.T) {
	if *update {
		writeGolden(t)
	}
	v := goldenVerifier(t)
	for path, n := range map[string]int{goldenOnce: 1, goldenTwice: 2} {
		r := verify(t, v, read(t, path))
		if r.Indication != signing.TotalPassed || len(r.Signatures) != n || r.Signatures[0].Level != signing.LevelBT ||
			!r.Signatures[0].BestTime.Equal(goldenTime) {
			t.Errorf("%s: %+v", path, r)
		}
	}
}

func goldenVerifier(tb testing.TB) *signing.Verifier {
	tb.Helper()
	return &signing.Verifier{
		Roots: goldenPool(tb, goldenRoot), Now: func() time.Time { return goldenTime.Add(time.Hour) }, RevocationOptional: true,
	}
}

func goldenPool(tb testing.TB, path string) *x509.CertPool {
	tb.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(read(tb, path)) {
		tb.Fatal("no root")
	}
	return roots
}

// TestGoldenArchived: an act of 2026 as the archive has it in 2031, checked with
// nothing but its root. Its signers' certificates have expired.
func TestGoldenArchived(t *testing.T) {
	if *update {
		writeArchived(t)
	}
	v := &signing.Verifier{
		Roots: goldenPool(t, goldenArchivedRoot), Now: func() time.Time { return goldenTime.AddDate(5, 0, 0).Add(time.Hour) },
	}
	r := passes(t, v, read(t, goldenArchived), 2, 2)
	for _, s := range r.Signatures {
		if s.Level != signing.LevelBLTA || !s.BestTime.Equal(goldenTime) || s.Certificate.NotAfter.After(v.Now()) {
			t.Errorf("%+v", s)
		}
	}
	if !r.Signatures[0].Certifies || r.Signatures[0].PermittedChanges != 2 || r.Signatures[1].Certifies {
		t.Errorf("%+v", r.Signatures)
	}
}

func writeArchived(t *testing.T) {
	t.Helper()
	clock := signingtest.NewClock(goldenTime)
	p := signingtest.New(t, clock.Now)
	officer, head := p.Officer(t, signingtest.P256(t)), p.Officer(t, signingtest.P384(t))
	file := certified(t, p, officer, signingtest.PDF(50, "imza1", "imza2"), signing.LevelBLTA, false)
	file = raise(t, p, file, signing.LevelBLT)
	file = raise(t, p, signed(t, p, head, file, "imza2", signing.LevelBLTA), signing.LevelBLTA)
	clock.Years(5)
	file, err := p.Augmenter().Renew(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, goldenArchived, file)
	write(t, goldenArchivedRoot, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Root.Cert.Raw}))
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

func read(tb testing.TB, path string) []byte {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func writeGolden(t *testing.T) {
	t.Helper()
	p := signingtest.New(t, func() time.Time { return goldenTime })
	e := p.Officer(t, signingtest.P256(t))
	r := request(signingtest.PDF(50, "imza1", "imza2"), p, e, signing.LevelBT)
	r.ContentsSize = 3500
	once, err := signing.Sign(t.Context(), r, signing.SignerKey(e.Key), p)
	if err != nil {
		t.Fatal(err)
	}
	r.PDF, r.Field, r.Level, r.ContentsSize = once, "imza2", signing.LevelBB, 0
	twice, err := signing.Sign(t.Context(), r, signing.SignerKey(e.Key), nil)
	if err != nil {
		t.Fatal(err)
	}
	start, end := hole(t, once)
	der := make([]byte, (end-start-2)/2)
	if _, err := hex.Decode(der, once[start+1:end-1]); err != nil {
		t.Fatal(err)
	}
	m, err := cms.Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	token, err := m.SignatureTimestamp()
	if err != nil {
		t.Fatal(err)
	}
	for path, b := range map[string][]byte{
		goldenOnce: once, goldenTwice: twice, goldenCMS: m.Raw, goldenToken: token,
		goldenRoot: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Root.Cert.Raw}),
	} {
		write(t, path, b)
	}
}
