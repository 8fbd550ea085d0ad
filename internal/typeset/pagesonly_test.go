package typeset

import (
	"slices"
	"testing"
	"time"
)

// TestPagesOnly: the same pages and fields without a file.
func TestPagesOnly(t *testing.T) {
	e, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	d := Document{Created: time.Unix(0, 0), HTML: `<html lang="az"><head><title>Akt</title><style>@page { size: A4; margin: 20mm; }
body { font-family: "Noto Serif"; font-size: 11pt; }</style></head><body><p>Qərar</p>
<signature-field name="signer-1" label="imza" width="60mm" height="20mm"><p>Ad</p></signature-field></body></html>`}
	full, err := e.Render(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	d.PagesOnly = true
	pages, err := e.Render(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if len(pages.PDF) != 0 || pages.Pages != full.Pages || !slices.Equal(pages.Fields, full.Fields) {
		t.Errorf("%+v, want the pages and fields of %d, %+v", pages, full.Pages, full.Fields)
	}
}
