package typeset

import (
	"context"
	_ "embed"
	"os"
	"path/filepath"
	"strings"
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

func TestWriteSamples(t *testing.T) {
	dir := os.Getenv("DOCSVC_SAMPLE_DIR")
	if dir == "" {
		t.Skip("DOCSVC_SAMPLE_DIR names no directory to write the samples to")
	}
	for name, d := range map[string]Document{"decision": sample(), "stress": stress()} {
		r, err := testEngine(t).Render(context.Background(), d)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".pdf"), r.PDF, 0o644); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d pages, %d bytes, fields %+v", name, r.Pages, len(r.PDF), r.Fields)
	}
}

//go:embed testdata/stress.html
var stressHTML string

// stress is a document with every construct, some in unkind sizes.
func stress() Document {
	long := strings.Repeat("<p>Hündür xananın mətni səhifədən uzundur və hissələrə bölünməlidir ki, heç nə itməsin.</p>\n", 70)
	box := strings.Repeat("<p>Çərçivəli blok səhifələrə bölünür və hər səhifədə öz çərçivəsi olur, heç nə itmir.</p>\n", 60)
	return Document{
		HTML:    strings.NewReplacer("<td>TALL</td>", "<td>"+long+"</td>", "BOXTALL", box).Replace(stressHTML),
		Created: sampleDate,
	}
}
