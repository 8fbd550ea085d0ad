package typeset

import (
	"context"
	_ "embed"
	"os"
	"sync"
	"testing"
	"time"
)

//go:embed testdata/decision.html
var decisionHTML string

//go:embed testdata/emblem.png
var emblemPNG []byte

var engineOnce = sync.OnceValues(Default)

// testEngine returns the engine that the tests of this package share.
func testEngine(t testing.TB) *Engine {
	t.Helper()
	e, err := engineOnce()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var sampleDate = time.Date(2026, 11, 22, 10, 0, 0, 0, time.FixedZone("AZT", 4*3600))

// noise is a repeatable pattern of modules that is as dense as a real symbol.
func noise(x, y int) bool {
	h := uint32(x)*2654435761 ^ uint32(y)*2246822519
	h ^= h >> 13
	h *= 3266489917
	return h>>16&1 == 1
}

// sample is the two-page decision of testdata.
func sample() Document {
	return Document{
		HTML: decisionHTML, Author: "Binəqədi rayonu İcra Şöbəsi", Subject: "İcra hərəkətlərinə başlanılması",
		Created: sampleDate,
		Meta:    Meta{TemplateID: "initiation", TemplateVersion: "1", EngineVersion: "test", ActNumber: "EI2611000000001T-003", Evaluation: true},
		Symbols: map[string]Symbol{
			"barcode": {Width: 167, Height: 1, Quiet: 10, Dark: noise},
			"qr":      {Width: 81, Height: 81, Quiet: 4, Dark: noise},
		},
		Images: map[string][]byte{"emblem": emblemPNG},
		Attachments: []Attachment{{
			Name: "act.json", MIME: "application/json", Description: "Maşınla oxunan məlumat", Relationship: "Data",
			Data: []byte(`{"number":"EI2611000000001T-003"}`), Modified: sampleDate,
		}},
	}
}

func TestWriteSample(t *testing.T) {
	path := os.Getenv("DOCSVC_SAMPLE_OUT")
	if path == "" {
		t.Skip("DOCSVC_SAMPLE_OUT names no file to write the sample to")
	}
	r, err := testEngine(t).Render(context.Background(), sample())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, r.PDF, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d pages, %d bytes, fields %+v", r.Pages, len(r.PDF), r.Fields)
}
