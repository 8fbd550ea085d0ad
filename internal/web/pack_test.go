package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"regexp"
	"testing"
)

// TestPacked: who accepts gzip gets the same bytes packed, who does not gets
// them plain, and a page of who is logged in is never packed.
func TestPacked(t *testing.T) {
	s := newSite(t)
	css := regexp.MustCompile(`/static/site\.[0-9a-f]+\.css`).FindString(s.get("/v").Body.String())
	for _, path := range []string{"/v", css, "/static/qr-0.7.0/decode.js", "/nothing"} {
		plain := s.get(path, "Accept-Encoding", "gzip;q=0, br")
		if got := plain.Header().Get("Content-Encoding"); got != "" {
			t.Errorf("%s: %q for who refuses it", path, got)
		}
		packed := s.get(path, "Accept-Encoding", "br, gzip")
		if got := packed.Header().Get("Content-Encoding"); got != "gzip" {
			t.Fatalf("%s: %q", path, got)
		}
		size := packed.Body.Len()
		unpack, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(unpack)
		if err != nil || path != "/nothing" && !bytes.Equal(got, plain.Body.Bytes()) { // an error page holds the id of its request
			t.Errorf("%s: %d bytes packed, %d plain, %v", path, len(got), plain.Body.Len(), err)
		}
		t.Logf("%s: %d bytes, packed %d", path, plain.Body.Len(), size)
	}
}

func TestOfficePagesAreNotPacked(t *testing.T) {
	o := newOffice(t)
	nigar := o.as("nigar")
	for _, path := range []string{"/office", "/office/acts/none", "/logout"} {
		if got := nigar.get(path, "Accept-Encoding", "gzip").Header().Get("Content-Encoding"); got != "" {
			t.Errorf("%s is packed", path)
		}
	}
}
