package archive_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"docsvc/internal/archive"
	"docsvc/internal/archive/archivetest"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares with a file whose bytes must never change: archives that
// exist have been written so.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func event() archive.Event {
	previous := archive.Digest{1, 2, 3}
	return archive.Event{
		Kind: archive.KindStatus, ID: "0190a7c0-0000-7000-8000-000000000001",
		At:      time.Date(2026, 11, 22, 13, 30, 0, 123456789, time.FixedZone("Asia/Baku", 4*3600)),
		Subject: `EI2611000000001T-001 "sha256":"0`, Previous: &previous,
		Body: json.RawMessage(`{"by":"ə","sha256":"0","state":"annulled"}`),
	}
}

func canonicalEvent(t testing.TB) []byte {
	t.Helper()
	data, err := archive.EncodeEvent(event())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func canonicalManifest(t testing.TB) []byte {
	t.Helper()
	data, err := archive.EncodeManifest(archivetest.Manifest("EI2611000000001T-001", []byte("file")))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestManifestFormat(t *testing.T) {
	data := canonicalManifest(t)
	golden(t, "manifest.json", data)
	m, err := archive.DecodeManifest(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(archivetest.Manifest("EI2611000000001T-001", []byte("file")), m); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
	if r, ok := m.HasFile(m.Renditions[0].SHA256); !ok || r.Sequence != 1 {
		t.Errorf("HasFile = %v, %v", r, ok)
	}
	if _, ok := m.HasFile(archive.Digest{1}); ok {
		t.Error("HasFile knows a foreign hash")
	}
}

func TestEventFormat(t *testing.T) {
	data := canonicalEvent(t)
	golden(t, "event.json", data)
	e, err := archive.DecodeEvent(data)
	if err != nil {
		t.Fatal(err)
	}
	want := event()
	want.Format, want.At, want.SHA256 = archive.EventFormat, want.At.UTC().Truncate(time.Microsecond), e.SHA256
	if diff := cmp.Diff(want, e); diff != "" || e.SHA256.IsZero() {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
	for i := range data {
		changed := slices.Clone(data)
		changed[i] ^= 1
		if _, err := archive.DecodeEvent(changed); !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
}

func TestManifestRefuses(t *testing.T) {
	for name, change := range map[string]func(*archive.Manifest){
		"no number":            func(m *archive.Manifest) { m.Number = "" },
		"number of dots":       func(m *archive.Manifest) { m.Number = "../x" },
		"year":                 func(m *archive.Manifest) { m.Year = 26 },
		"no retention":         func(m *archive.Manifest) { m.RetainUntil = time.Time{} },
		"no time":              func(m *archive.Manifest) { m.SignedAt = time.Time{} },
		"no renditions":        func(m *archive.Manifest) { m.Renditions = nil },
		"no signers":           func(m *archive.Manifest) { m.Signers = nil },
		"rendition out of row": func(m *archive.Manifest) { m.Renditions[0].Sequence = 2 },
		"rendition of nothing": func(m *archive.Manifest) { m.Renditions[0].Size = 0 },
		"rendition, no hash":   func(m *archive.Manifest) { m.Renditions[0].SHA256 = archive.Digest{} },
		"no act":               func(m *archive.Manifest) { m.Act = nil },
		"act is no object":     func(m *archive.Manifest) { m.Act = json.RawMessage(`[1]`) },
		"act not canonical":    func(m *archive.Manifest) { m.Act = json.RawMessage(`{"b":1,"a":2}`) },
		"act with large int":   func(m *archive.Manifest) { m.Act = json.RawMessage(`{"a":12345678901234567890}`) },
		"case broken":          func(m *archive.Manifest) { m.Case = json.RawMessage(`{`) },
		"case deep": func(m *archive.Manifest) {
			m.Case = json.RawMessage(`{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`)
		},
		"too large": func(m *archive.Manifest) { m.Code = strings.Repeat("x", archive.MaxManifest) },
	} {
		m := archivetest.Manifest("EI2611000000001T-001", []byte("file"))
		change(&m)
		if data, err := archive.EncodeManifest(m); !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("%s: %.80s, %v", name, data, err)
		}
	}
}

func TestEventRefuses(t *testing.T) {
	for name, change := range map[string]func(*archive.Event){
		"no kind":       func(e *archive.Event) { e.Kind = "" },
		"other kind":    func(e *archive.Event) { e.Kind = "../x" },
		"no id":         func(e *archive.Event) { e.ID = "" },
		"id of dots":    func(e *archive.Event) { e.ID = ".." },
		"id with slash": func(e *archive.Event) { e.ID = "a/b" },
		"no time":       func(e *archive.Event) { e.At = time.Time{} },
		"year 10000":    func(e *archive.Event) { e.At = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"no subject":    func(e *archive.Event) { e.Subject = "" },
		"not UTF-8":     func(e *archive.Event) { e.Subject = "\xff" },
		"long subject":  func(e *archive.Event) { e.Subject = strings.Repeat("x", 2000) },
		"no body":       func(e *archive.Event) { e.Body = nil },
		"not canonical": func(e *archive.Event) { e.Body = json.RawMessage(`{"b":1,"a":2}`) },
		"two bodies":    func(e *archive.Event) { e.Body = json.RawMessage(`{},"format":{}`) },
		"too large": func(e *archive.Event) {
			e.Body = json.RawMessage(`{"a":"` + strings.Repeat("x", archive.MaxEvent) + `"}`)
		},
	} {
		e := event()
		change(&e)
		if data, err := archive.EncodeEvent(e); !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("%s: %.80s, %v", name, data, err)
		}
	}
}

func TestDecodersRefuse(t *testing.T) {
	manifest := string(canonicalManifest(t))
	for name, bad := range map[string]string{
		"empty": "", "null": "null", "{}": "{}", "space": manifest + " ", "two": manifest + manifest,
		"unknown field":  `{"a":1,` + manifest[1:],
		"repeated field": strings.Replace(manifest, `"year":2026`, `"year":2026,"year":2026`, 1),
		"missing field":  strings.Replace(manifest, `"evaluation":false,`, "", 1),
		"other format":   strings.Replace(manifest, "manifest/1", "manifest/2", 1),
		"other case":     strings.Replace(manifest, `"year"`, `"Year"`, 1),
		"capital hash":   strings.Replace(manifest, `"certificate_sha256":"3b`, `"certificate_sha256":"3B`, 1),
		"time zone":      strings.Replace(manifest, "123456Z", "123456+00:00", 1),
		"nanoseconds":    strings.Replace(manifest, "123456Z", "123456001Z", 1),
		"huge size":      strings.Replace(manifest, `"size":4`, `"size":4e20`, 1),
		"an event":       string(canonicalEvent(t)),
	} {
		if _, err := archive.DecodeManifest([]byte(bad)); !errors.Is(err, archive.ErrInvalid) || bad == manifest {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := archive.DecodeEvent([]byte(bad)); name != "an event" && !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("%s as an event: %v", name, err)
		}
	}
}

func TestKeys(t *testing.T) {
	for number, want := range map[string]string{
		"EI2611000000001T-003": "acts/2026/EI2611000000001T-003/",
		"2(102)-5029/2021":     "acts/2026/2_28102_29-5029_2f2021/",
		"a.b_c":                "acts/2026/a_2eb_5fc/",
		"M-ə":                  "acts/2026/M-_c9_99/",
	} {
		dir, err := archive.Record{Year: 2026, Number: number}.Dir()
		if err != nil || dir != want {
			t.Errorf("Dir of %q = %q, %v; want %q", number, dir, err, want)
		}
	}
	for _, number := range []string{"", "-1", "/etc/passwd", "..", ".a", "ə", strings.Repeat("x", 300), strings.Repeat("/", 100)} {
		if dir, err := (archive.Record{Year: 2026, Number: number}).Dir(); !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("Dir of %q = %q, %v", number, dir, err)
		}
	}
	r := archive.Record{Year: 2026, Number: "A-1"}
	if key, err := r.RenditionKey(12); err != nil || key != "acts/2026/A-1/0012.pdf" {
		t.Errorf("RenditionKey = %q, %v", key, err)
	}
	for _, n := range []int{0, -1, 10000} {
		if key, err := r.RenditionKey(n); !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("RenditionKey(%d) = %q, %v", n, key, err)
		}
	}
	for _, key := range archivetest.HostileKeys() {
		if err := archive.CheckKey(key); !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("CheckKey(%.60q) = %v", key, err)
		}
	}
}

func FuzzDecodeManifest(f *testing.F) {
	f.Add(canonicalManifest(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := archive.DecodeManifest(data)
		if err != nil {
			return
		}
		if again, err := archive.EncodeManifest(m); err != nil || string(again) != string(data) {
			t.Errorf("%q encodes as %q, %v", data, again, err)
		}
	})
}

func FuzzDecodeEvent(f *testing.F) {
	f.Add(canonicalEvent(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := archive.DecodeEvent(data)
		if err != nil {
			return
		}
		if again, err := archive.EncodeEvent(e); err != nil || string(again) != string(data) {
			t.Errorf("%q encodes as %q, %v", data, again, err)
		}
	})
}

// FuzzEncodeEvent lets body and subject imitate the envelope.
func FuzzEncodeEvent(f *testing.F) {
	f.Add(`"sha256":"0`, []byte(`{"body":{},"sha256":"0"}`))
	f.Fuzz(func(t *testing.T, subject string, body []byte) {
		e := archive.Event{Kind: archive.KindVoid, ID: "1", At: time.Unix(1, 0), Subject: subject, Body: body}
		data, err := archive.EncodeEvent(e)
		if err != nil {
			return
		}
		got, err := archive.DecodeEvent(data)
		if err != nil || string(got.Body) != string(body) || got.Subject != subject {
			t.Errorf("%q decodes as %+v, %v", data, got, err)
		}
	})
}

func FuzzKey(f *testing.F) {
	for _, key := range archivetest.HostileKeys() {
		f.Add(key, key)
	}
	f.Add("acts/2026/A-1/0001.pdf", "2(102)-5029/2021")
	f.Fuzz(func(t *testing.T, key, other string) {
		if archive.CheckKey(key) == nil && (!filepath.IsLocal(key) || filepath.Clean(key) != key) {
			t.Errorf("key %q is no plain path", key)
		}
		a, errA := archive.Record{Year: 2026, Number: key}.ManifestKey()
		b, errB := archive.Record{Year: 2026, Number: other}.ManifestKey()
		if errA != nil || errB != nil {
			return
		}
		if archive.CheckKey(a) != nil || (a == b) != (key == other) {
			t.Errorf("numbers %q and %q have the keys %q and %q", key, other, a, b)
		}
	})
}
