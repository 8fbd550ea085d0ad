package s3

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"docsvc/internal/archive"
)

// answering returns a store whose server answers every request in one way.
func answering(t *testing.T, handler http.HandlerFunc) *Store {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	s, err := connect(Config{
		Endpoint: strings.TrimPrefix(server.URL, "http://"), Bucket: "archive",
		AccessKey: "key", SecretKey: "secret", Plain: true, Timeout: 5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// endless writes for as long as someone reads.
func endless(w http.ResponseWriter, piece string) {
	piece = strings.Repeat(piece, 1+64<<10/len(piece))
	for {
		if _, err := io.WriteString(w, piece); err != nil {
			return
		}
	}
}

// counted is what a server was made to do.
type counted struct {
	http.ResponseWriter
	written *atomic.Int64
}

func (c counted) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.written.Add(int64(n))
	return n, err
}

// TestEndless: an answer without end, or answers without end, cost neither time
// nor memory without end. Counted, since a clock would count what else runs.
func TestEndless(t *testing.T) {
	t.Parallel()
	version := "<Version><Key>d/a.txt</Key><VersionId>v</VersionId><Size>1</Size></Version>"
	for name, handler := range map[string]http.HandlerFunc{
		"list": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<ListVersionsResult>")
			endless(w, version)
		},
		"error": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			endless(w, "x")
		},
		"text": func(w http.ResponseWriter, _ *http.Request) { endless(w, "x") },
		"head": func(w http.ResponseWriter, _ *http.Request) {
			for i := range 2000 {
				w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("x", 1000))
			}
		},
		"pages": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>d/a.txt</NextKeyMarker>"+
				strings.Repeat(version, 1000)+"</ListVersionsResult>")
		},
	} {
		t.Run(name, func(t *testing.T) {
			var requests, written atomic.Int64
			s := answering(t, func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				handler(counted{w, &written}, r)
			})
			if _, _, err := s.Get(t.Context(), "d/a.txt"); !errors.Is(err, archive.ErrUnavailable) {
				t.Errorf("Get: %v, want ErrUnavailable", err)
			}
			// Versions come by the thousand; what is written may wait in buffers.
			if n, b := requests.Load(), written.Load(); n > maxVersions/1000+2 || b > 4*maxAnswer {
				t.Errorf("%d requests, %d bytes", n, b)
			}
		})
	}
	t.Run("object", func(t *testing.T) {
		s := answering(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Has("versions") {
				_, _ = io.WriteString(w, "<ListVersionsResult>"+version+"</ListVersionsResult>")
				return
			}
			w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
			w.Header().Set(headerVersion, "v")
			endless(w, "x")
		})
		if _, _, err := s.Get(t.Context(), "d/a.txt"); !errors.Is(err, archive.ErrUnavailable) { // it has no length
			t.Errorf("Get: %v, want ErrUnavailable", err)
		}
	})
}

// TestHostileLists: what a server lists is not taken for granted.
func TestHostileLists(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		versions string // KEY=ID, or -KEY=ID for a mark of deletion
		keys     []string
		err      error
	}{
		"as it should be":     {"d/a.txt=2 d/a.txt=1 d/b.txt=1", []string{"d/a.txt", "d/b.txt"}, nil},
		"deletions elsewhere": {"d/a.txt=1 d/b.txt=1 -d/a.txt=2 -d/0.txt=1", []string{"d/a.txt", "d/b.txt"}, nil},
		"foreign keys":        {"d/.hidden=1 d/a.txt=1 d/b/=1 d/c%20d.txt=1 d/no-dot=1", []string{"d/a.txt"}, nil},
		"traversal":           {"d/../e.txt=1", nil, nil},
		"out of order":        {"d/b.txt=1 d/a.txt=1", nil, archive.ErrUnavailable},
		"another prefix":      {"e/a.txt=1", nil, archive.ErrUnavailable},
		"a key comes back":    {"d/a.txt=1 d/b.txt=1 d/a.txt=2", []string{"d/a.txt"}, archive.ErrUnavailable},
		"no version id":       {"d/a.txt=", nil, archive.ErrUnavailable},
		"a bad version id":    {"d/a.txt=a&#10;b", nil, archive.ErrUnavailable},
		"a long version id":   {"d/a.txt=" + strings.Repeat("x", 2000), nil, archive.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s := answering(t, func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "<ListVersionsResult><EncodingType>url</EncodingType>")
				for v := range strings.FieldsSeq(c.versions) {
					element := "Version"
					if strings.HasPrefix(v, "-") {
						element = "DeleteMarker"
					}
					key, id, _ := strings.Cut(strings.TrimPrefix(v, "-"), "=")
					_, _ = fmt.Fprintf(w, "<%s><Key>%s</Key><VersionId>%s</VersionId></%s>", element, key, id, element)
				}
				_, _ = io.WriteString(w, "</ListVersionsResult>")
			})
			var keys []string
			var failed error
			for o, err := range s.List(t.Context(), "d/") {
				if failed = err; err == nil {
					keys = append(keys, o.Key)
				}
			}
			if !slices.Equal(keys, c.keys) || !errors.Is(failed, c.err) {
				t.Errorf("List = %q, %v; want %q, %v", keys, failed, c.keys, c.err)
			}
		})
	}
}

// FuzzDescribe: whatever an answer's head says, what is made of it can be
// written down, and an object is never larger than any may be.
func FuzzDescribe(f *testing.F) {
	f.Add("v1", strings.Repeat("0", 64), "COMPLIANCE", "2036-11-22T08:00:00Z", int64(1))
	f.Add("", "zz", "GOVERNANCE", "2036-11-22T08:00:00.000+04:00", int64(-1))
	f.Add("null", "", "", "", int64(archive.MaxObject+1))
	f.Add("a b", "", "", "yesterday", int64(0))
	f.Fuzz(func(t *testing.T, version, sum, mode, until string, size int64) {
		h := http.Header{headerVersion: {version}, headerSum: {sum}, headerMode: {mode}, headerUntil: {until}}
		o, err := describe("a.txt", minio.ObjectInfo{Size: size}, h)
		if err != nil {
			if !errors.Is(err, archive.ErrDamaged) && !errors.Is(err, archive.ErrUnavailable) {
				t.Errorf("%v is no error of an archive", err)
			}
			return
		}
		if o.VersionID == "" || strings.ContainsAny(o.VersionID, " \n\x00") || o.Size < 0 || o.Size > archive.MaxObject {
			t.Errorf("%+v was accepted", o)
		}
		if err := o.lockedUntil(time.Now()); err == nil && (o.mode != modeCompliance || !o.RetainUntil.After(time.Now().Add(-time.Minute))) {
			t.Errorf("%+v counts as locked", o)
		}
	})
}
