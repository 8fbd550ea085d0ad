package etsi_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"

	"docsvc/internal/signing"
	"docsvc/internal/signing/etsi"
)

var update = flag.Bool("update", false, "make testdata anew")

// TestReport compares the reports on files that were signed once with reports
// that were read and found right.
func TestReport(t *testing.T) {
	for _, c := range []struct{ name, file, root string }{
		{"archived", "../testdata/archived.pdf", "../testdata/archived-root.pem"},
		{"altered", "../testdata/archived.pdf", "../testdata/archived-root.pem"},
		{"unsigned", "", "../testdata/archived-root.pem"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var file []byte
			if c.file != "" {
				file = read(t, c.file)
			}
			if c.name == "altered" {
				file[len(file)/3] ^= 1
			}
			roots := x509.NewCertPool()
			if !roots.AppendCertsFromPEM(read(t, c.root)) {
				t.Fatal("no root")
			}
			at := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
			v := &signing.Verifier{Roots: roots, Now: func() time.Time { return at }}
			report, err := v.Verify(t.Context(), file, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(etsi.Build(report, sha256.Sum256(file), "docsvc test"), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden := "testdata/" + c.name + ".json"
			if *update {
				if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(bytes.TrimSpace(read(t, golden)), got) {
				t.Errorf("%s differs:\n%s", golden, got)
			}
		})
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
