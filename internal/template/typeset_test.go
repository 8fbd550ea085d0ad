package template

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"docsvc/internal/codes"
	"docsvc/internal/typeset"
)

var pages = flag.String("pages", "", "folder into which the sample acts are written as PDF, to look at")

// TestTypeset sets every sample act: the templates keep to the typesetter's
// subset of HTML and CSS and reserve a signature field for each signer.
func TestTypeset(t *testing.T) {
	engine, err := typeset.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range renderSamples(t) {
		result, err := engine.Render(t.Context(), typesetDocument(t, r))
		if err != nil {
			t.Errorf("%s: %v", r.name, err)
			continue
		}
		signers := r.meta.SignersOf(r.c.Profile)
		if result.Pages > 2 || len(result.Fields) != signers || result.Fields[0].Name != "signer-1" ||
			signers == 2 && result.Fields[1].Name != "signer-2" {
			t.Errorf("%s: %d pages, fields %v", r.name, result.Pages, result.Fields)
		}
		if *pages != "" {
			if err := os.WriteFile(filepath.Join(*pages, r.name+".pdf"), result.PDF, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func typesetDocument(t testing.TB, r renderedSample) typeset.Document {
	t.Helper()
	bars, err := codes.Code128(r.c.Case.Number + "-001")
	if err != nil {
		t.Fatal(err)
	}
	qr, err := codes.QR("https://icra.example.az/v/7KQ2-9XVD-4M0P-HW3E#" + sealOfLength(430))
	if err != nil {
		t.Fatal(err)
	}
	symbol := func(b codes.Bitmap) typeset.Symbol {
		return typeset.Symbol{Width: b.Width, Height: b.Height, Quiet: b.Quiet, Dark: b.Dark}
	}
	return typeset.Document{HTML: r.html, Created: r.c.Date,
		Symbols: map[string]typeset.Symbol{"barcode": symbol(bars), "qr": symbol(qr)}}
}

// sealOfLength stands for a seal in the fragment of the QR code's address.
func sealOfLength(n int) string {
	s := make([]byte, n)
	for i := range s {
		s[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[i*37%64]
	}
	return string(s)
}
