package s3

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// liar is a small S3 server that breaks one promise. Real ones do not on
// demand.
type liar struct {
	lie string

	mu       sync.Mutex
	versions []*lie // oldest first
}

type lie struct {
	key, id, mode string
	until         time.Time
	header        http.Header
	data          []byte
}

func newLiar(t *testing.T, lie string) (*liar, Config) {
	t.Helper()
	l := &liar{lie: lie}
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	return l, Config{
		Endpoint: strings.TrimPrefix(server.URL, "http://"), Bucket: "archive",
		AccessKey: "key", SecretKey: "secret", Plain: true, Timeout: 5 * time.Second,
	}
}

// ServeHTTP implements http.Handler.
func (l *liar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	query := r.URL.Query()
	key := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/archive"), "/")
	switch {
	case l.lie == "says yes to all":
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
		return
	case l.lie == "clock":
		w.Header().Set("Date", time.Now().Add(-time.Minute).UTC().Format(http.TimeFormat))
	}
	switch {
	case query.Has("versioning"):
		l.versioning(w)
	case query.Has("object-lock"):
		rule := ""
		if l.lie == "locks by default" {
			rule = "<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>1</Days></DefaultRetention></Rule>"
		}
		_, _ = io.WriteString(w, `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>`+rule+`</ObjectLockConfiguration>`)
	case query.Has("versions"):
		l.list(w, query.Get("prefix"))
	case query.Has("retention"):
		l.retain(w, r, key, query.Get("versionId"))
	case r.Method == http.MethodPut:
		l.put(w, r, key)
	case r.Method == http.MethodDelete:
		l.remove(w, key, query.Get("versionId"))
	default:
		l.get(w, key, query.Get("versionId"))
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	_, _ = io.WriteString(w, xmlError(code))
}

func (l *liar) versioning(w http.ResponseWriter) {
	extra := ""
	status := "Enabled"
	switch l.lie {
	case "versioning suspended":
		status = "Suspended"
	case "versioning with gaps":
		extra = "<ExcludedPrefixes><Prefix>acts/</Prefix></ExcludedPrefixes>"
	}
	_, _ = fmt.Fprintf(w, "<VersioningConfiguration><Status>%s</Status>%s</VersioningConfiguration>", status, extra)
}

// find returns the version, or the latest.
func (l *liar) find(key, id string) (int, *lie) {
	for i := len(l.versions) - 1; i >= 0; i-- {
		if v := l.versions[i]; v.key == key && (id == "" || v.id == id) {
			return i, v
		}
	}
	return 0, nil
}

func (l *liar) put(w http.ResponseWriter, r *http.Request, key string) {
	data, _ := io.ReadAll(r.Body)
	if _, v := l.find(key, ""); v != nil && r.Header.Get("If-None-Match") == "*" && l.lie != "overwrites" {
		refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	v := &lie{key: key, id: fmt.Sprintf("v%d", len(l.versions)+1), mode: r.Header.Get(headerMode), header: http.Header{}, data: data}
	v.until, _ = time.Parse(time.RFC3339, r.Header.Get(headerUntil))
	v.header.Set(headerSum, r.Header.Get(headerSum))
	switch locked := v.mode != ""; {
	case locked && l.lie == "does not lock":
		v.mode = ""
	case locked && l.lie == "locks softly":
		v.mode = "GOVERNANCE"
	case locked && l.lie == "locks for less":
		v.until = v.until.Add(-time.Second)
	case locked && l.lie == "damages":
		v.data[0] ^= 1
	case locked && l.lie == "cuts":
		v.data = v.data[:1]
	}
	if l.lie != "gives no version" {
		w.Header().Set(headerVersion, v.id)
	}
	if l.lie != "stores nothing" {
		l.versions = append(l.versions, v)
	}
}

func (l *liar) get(w http.ResponseWriter, key, id string) {
	_, v := l.find(key, id)
	if v == nil {
		refuse(w, http.StatusNotFound, "NoSuchKey")
		return
	}
	h := w.Header()
	h.Set(headerSum, v.header.Get(headerSum))
	h.Set(headerVersion, v.id)
	if l.lie == "gives another version" {
		h.Set(headerVersion, v.id+"x")
	}
	h.Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
	if v.mode != "" {
		h.Set(headerMode, v.mode)
		h.Set(headerUntil, v.until.Format(time.RFC3339))
	}
	h.Set("Content-Length", fmt.Sprint(len(v.data)))
	_, _ = w.Write(v.data)
}

func (l *liar) remove(w http.ResponseWriter, key, id string) {
	i, v := l.find(key, id)
	locked := v != nil && v.mode != ""
	switch {
	case locked && l.lie == "deletes" || v != nil && !locked && l.lie != "forbids to delete":
		l.versions = append(l.versions[:i], l.versions[i+1:]...)
		w.WriteHeader(http.StatusNoContent)
		return
	case locked && l.lie == "deletes and denies it":
		l.versions = append(l.versions[:i], l.versions[i+1:]...)
	case locked && l.lie == "fails to delete":
		refuse(w, http.StatusInternalServerError, "InternalError")
		return
	}
	refuse(w, http.StatusForbidden, "AccessDenied")
}

func (l *liar) retain(w http.ResponseWriter, r *http.Request, key, id string) {
	var asked struct {
		RetainUntilDate time.Time
	}
	_, v := l.find(key, id)
	if err := xml.NewDecoder(r.Body).Decode(&asked); err != nil || v == nil {
		refuse(w, http.StatusNotFound, "NoSuchVersion")
		return
	}
	longer := asked.RetainUntilDate.After(v.until)
	if longer && l.lie != "does not extend" || !longer && strings.HasPrefix(l.lie, "shortens") {
		v.until = asked.RetainUntilDate
	}
	if longer && l.lie == "forbids to extend" || !longer && l.lie != "shortens" && l.lie != "ignores a shortening" {
		refuse(w, http.StatusForbidden, "AccessDenied")
	}
}

func (l *liar) list(w http.ResponseWriter, prefix string) {
	_, _ = io.WriteString(w, "<ListVersionsResult>")
	for i := len(l.versions) - 1; i >= 0; i-- {
		if v := l.versions[i]; strings.HasPrefix(v.key, prefix) {
			_, _ = fmt.Fprintf(w, "<Version><Key>%s</Key><VersionId>%s</VersionId><IsLatest>true</IsLatest><Size>%d</Size><LastModified>%s</LastModified></Version>",
				v.key, v.id, len(v.data), time.Now().UTC().Format(time.RFC3339))
		}
	}
	_, _ = io.WriteString(w, "</ListVersionsResult>")
}
