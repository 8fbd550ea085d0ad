package archive_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/archive/archivetest"
)

func BenchmarkManifest(b *testing.B) {
	m := archivetest.Manifest("EI2611000000001T-001", []byte("file"))
	for b.Loop() {
		if _, err := archive.EncodeManifest(m); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLargeEvent is a checkpoint over a thousand audit events.
func BenchmarkLargeEvent(b *testing.B) {
	row := `{"actor":"nigar","at":"2026-11-22T09:30:00.123456Z","detail":{"certificate_sha256":"` + strings.Repeat("0", 64) + `"}}`
	body := json.RawMessage(`{"audit":[` + row + strings.Repeat(","+row, 999) + `]}`)
	e := archive.Event{Kind: archive.KindCheckpoint, ID: "1", At: time.Unix(1, 0), Subject: "ledger", Body: body}
	b.SetBytes(int64(len(body)))
	data, err := archive.EncodeEvent(e)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			if _, err := archive.EncodeEvent(e); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			if _, err := archive.DecodeEvent(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}
