package archivetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"docsvc/internal/archive"
)

// Manifest returns a manifest whose only rendition is file.
func Manifest(number string, file []byte) archive.Manifest {
	sum := archive.Digest(sha256.Sum256(file))
	at := time.Date(2026, 11, 22, 9, 30, 0, 123456000, time.UTC)
	return archive.Manifest{
		Format:     archive.ManifestFormat,
		Year:       2026,
		Number:     number,
		CaseNumber: "EI2611000000001T",
		Code:       "0123-4567-89AB-CDEF",
		State:      "archived",
		Template:   archive.Template{ID: "initiation", Version: "1", Engine: "typeset/1"},
		Signers: []archive.Signer{{
			Name: "Məmurzadə Nigar Sınaq qızı", Post: "icra məmuru", Certificate: sum, KeyID: "officer-1",
			DocumentDigest: sum, ToBeSigned: sum, SignedAt: at, Level: "B-T",
		}},
		Renditions:  []archive.Rendition{{Sequence: 1, SHA256: sum, Size: int64(len(file)), MediaType: "application/pdf"}},
		SignedAt:    at,
		RetainUntil: at.AddDate(10, 0, 0),
		Audit:       archive.AuditMark{EventID: "0190a7c0-0000-7000-8000-000000000001", Digest: sum},
		Case:        json.RawMessage(`{"creditor":"\"Şəfəq Nümunə Bank\" ASC"}`),
		Act:         json.RawMessage(`{"amount":"6180.45"}`),
	}
}

func record(t *testing.T, s archive.Store) {
	file := bytes.Repeat([]byte("PDF "), 15_000)
	m := Manifest("EI2611000000001T-001", file)
	first, err := archive.WriteRecord(t.Context(), s, m, [][]byte{file})
	if err != nil {
		t.Fatal(err)
	}
	again, err := archive.WriteRecord(t.Context(), s, m, [][]byte{file})
	if err != nil || !again.Manifest.Existed || again.ManifestSHA256 != first.ManifestSHA256 {
		t.Fatalf("writing the record again = %+v, %v", again, err)
	}
	if first.Manifest.SHA256 != first.ManifestSHA256 || first.Renditions[0].SHA256 != m.Renditions[0].SHA256 {
		t.Errorf("receipt %+v", first)
	}
	got, err := archive.ReadManifest(t.Context(), s, m.Record())
	if err != nil {
		t.Fatal(err)
	}
	m.Renditions[0].VersionID = first.Renditions[0].VersionID
	if diff := cmp.Diff(m, got); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
	if data, err := archive.ReadRendition(t.Context(), s, m.Record(), got.Renditions[0]); err != nil || !bytes.Equal(data, file) {
		t.Errorf("ReadRendition = %d bytes, %v", len(data), err)
	}
	m.State = "otherwise"
	if _, err := archive.WriteRecord(t.Context(), s, m, [][]byte{file}); !errors.Is(err, archive.ErrConflict) {
		t.Errorf("another manifest for the record: %v, want ErrConflict", err)
	}
	n := 0
	for _, err := range archive.Records(t.Context(), s) {
		if n++; err != nil {
			t.Error(err)
		}
	}
	if n != 1 {
		t.Errorf("%d records, want 1", n)
	}
}

func events(t *testing.T, s archive.Store) {
	at := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	for _, n := range []int{10, 9, 100} {
		e := archive.Event{
			Kind: archive.KindCounter, ID: fmt.Sprintf("%04d", n), At: at, Subject: "EI26110",
			Body: json.RawMessage(fmt.Sprintf(`{"upto":%d}`, n)),
		}
		for range 2 {
			if _, err := archive.WriteEvent(t.Context(), s, e, at.AddDate(10, 0, 0)); err != nil {
				t.Fatal(err)
			}
		}
	}
	var bodies []string
	for e, err := range archive.Events(t.Context(), s, archive.KindCounter) {
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, string(e.Body))
	}
	if diff := cmp.Diff([]string{`{"upto":9}`, `{"upto":10}`, `{"upto":100}`}, bodies); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	for e, err := range archive.Events(t.Context(), s, archive.KindVoid) {
		t.Errorf("event %v, %v of another kind", e, err)
	}
}
