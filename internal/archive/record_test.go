package archive_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/archive/archivetest"
)

const number = "EI2611000000001T-001"

func write(t *testing.T, s archive.Store) error {
	t.Helper()
	file := []byte("PDF")
	_, err := archive.WriteRecord(t.Context(), s, archivetest.Manifest(number, file), [][]byte{file})
	return err
}

// TestCrashes lets every operation of WriteRecord fail, before and after it
// was done. Writing again finishes the record; until then there is no manifest
// without its files.
func TestCrashes(t *testing.T) {
	for _, stage := range []archivetest.Stage{archivetest.Before, archivetest.After} {
		for failing := 1; ; failing++ {
			var s archivetest.Fake
			n := 0
			s.Fail = func(op archivetest.Op) error {
				if op.Stage != stage {
					return nil
				}
				if n++; n == failing {
					return context.DeadlineExceeded
				}
				return nil
			}
			err := write(t, &s)
			if err == nil {
				if failing != 5 { // two puts, two gets
					t.Errorf("%d operations, want 4", failing-1)
				}
				break
			}
			if !errors.Is(err, archive.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("operation %d: %v", failing, err)
			}
			if keys := s.Keys(); slices.Contains(keys, "acts/2026/"+number+"/manifest.json") && len(keys) != 2 {
				t.Errorf("operation %d: a manifest without its file in %q", failing, keys)
			}
			if err := write(t, &s); err != nil {
				t.Errorf("after operation %d failed: %v", failing, err)
			}
			if got := len(s.Keys()); got != 2 {
				t.Errorf("after operation %d failed and all was done again: %d objects", failing, got)
			}
		}
	}
}

func TestWriteRecordRefuses(t *testing.T) {
	file := []byte("PDF")
	for name, c := range map[string]struct {
		change func(*archive.Manifest)
		files  [][]byte
	}{
		"other bytes":  {nil, [][]byte{[]byte("pdf")}},
		"no file":      {nil, nil},
		"two files":    {nil, [][]byte{file, file}},
		"bad manifest": {func(m *archive.Manifest) { m.Act = nil }, [][]byte{file}},
	} {
		var s archivetest.Fake
		m := archivetest.Manifest(number, file)
		if c.change != nil {
			c.change(&m)
		}
		if _, err := archive.WriteRecord(t.Context(), &s, m, c.files); !errors.Is(err, archive.ErrInvalid) || len(s.Keys()) > 0 {
			t.Errorf("%s: %v, left %q", name, err, s.Keys())
		}
	}
}

// liar is a store that gives other bytes back than it was given.
type liar struct {
	*archivetest.Fake
	change func([]byte, *archive.Object)
}

func (l liar) Get(ctx context.Context, key string) ([]byte, archive.Object, error) {
	data, o, err := l.Fake.Get(ctx, key)
	l.change(data, &o)
	return data, o, err
}

func TestReadingBackIsCompared(t *testing.T) {
	for name, change := range map[string]func([]byte, *archive.Object){
		"other bytes":   func(data []byte, _ *archive.Object) { data[0] ^= 1 },
		"newer version": func(_ []byte, o *archive.Object) { o.VersionID += "x" },
	} {
		s := liar{&archivetest.Fake{}, change}
		if err := write(t, s); !errors.Is(err, archive.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		if slices.Contains(s.Keys(), "acts/2026/"+number+"/manifest.json") {
			t.Errorf("%s: the record was committed", name)
		}
	}
}

func TestReading(t *testing.T) {
	var s archivetest.Fake
	record := archive.Record{Year: 2026, Number: number}
	if _, err := archive.ReadManifest(t.Context(), &s, record); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("no record: %v", err)
	}
	if err := write(t, &s); err != nil {
		t.Fatal(err)
	}
	m, err := archive.ReadManifest(t.Context(), &s, record)
	if err != nil {
		t.Fatal(err)
	}
	other := m.Renditions[0]
	other.SHA256 = sha256.Sum256([]byte("other"))
	if _, err := archive.ReadRendition(t.Context(), &s, record, other); !errors.Is(err, archive.ErrDamaged) {
		t.Errorf("file with another hash than the manifest's: %v", err)
	}
	s.SetDown(true)
	if _, err := archive.ReadManifest(t.Context(), &s, record); !errors.Is(err, archive.ErrUnavailable) {
		t.Errorf("while down: %v", err)
	}
}

// TestWalkGoesOnAfterDamage: one damaged manifest does not hide the others,
// and an object under another's key is damage.
func TestWalkGoesOnAfterDamage(t *testing.T) {
	var s archivetest.Fake
	file := []byte("PDF")
	for _, n := range []string{"A-1", "A-2", "A-3", "A-4"} {
		if _, err := archive.WriteRecord(t.Context(), &s, archivetest.Manifest(n, file), [][]byte{file}); err != nil {
			t.Fatal(err)
		}
	}
	s.Corrupt("acts/2026/A-2/manifest.json", func(b []byte) []byte { b[9] ^= 1; return b })
	moved, _, err := s.Get(t.Context(), "acts/2026/A-1/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	o := archive.PutOptions{RetainUntil: time.Unix(2e9, 0)}
	for key, data := range map[string][]byte{
		"acts/2026/A-5/manifest.json": moved,          // under a foreign number
		"acts/2026/A-6/manifest.json": []byte("{}"),   // not a manifest
		"acts/2026/A-7/0001.pdf":      []byte("half"), // never committed
	} {
		if _, err := s.Put(t.Context(), key, data, o); err != nil {
			t.Fatal(err)
		}
	}
	var good []string
	bad := 0
	for m, err := range archive.Records(t.Context(), &s) {
		switch {
		case err == nil:
			good = append(good, m.Number)
		case errors.Is(err, archive.ErrDamaged):
			bad++
		default:
			t.Error(err)
		}
	}
	if !slices.Equal(good, []string{"A-1", "A-3", "A-4"}) || bad != 3 {
		t.Errorf("good %q, %d damaged", good, bad)
	}
	s.Fail = func(op archivetest.Op) error {
		if op.Name == "get" && op.Key == "acts/2026/A-3/manifest.json" {
			return context.DeadlineExceeded
		}
		return nil
	}
	var last error
	n := 0
	for _, err := range archive.Records(t.Context(), &s) {
		n, last = n+1, err
	}
	if n != 3 || !errors.Is(last, archive.ErrUnavailable) {
		t.Errorf("walk ended after %d with %v, want the third to be unavailable and the last", n, last)
	}
}

func TestEventConflict(t *testing.T) {
	var s archivetest.Fake
	e := event()
	e.Body = json.RawMessage(`{"state":"annulled"}`)
	until := e.At.AddDate(10, 0, 0)
	if _, err := archive.WriteEvent(t.Context(), &s, e, until); err != nil {
		t.Fatal(err)
	}
	e.Body = json.RawMessage(`{"state":"valid"}`)
	if _, err := archive.WriteEvent(t.Context(), &s, e, until); !errors.Is(err, archive.ErrConflict) {
		t.Errorf("another event with the same id: %v", err)
	}
}
