package web_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"docsvc/internal/i18n"
	"docsvc/internal/signing/signingtest"
	"docsvc/internal/verify"
	"docsvc/internal/verify/verifytest"
	"docsvc/internal/web"
)

func TestFullAct(t *testing.T) {
	s := newSite(t)
	act := s.Issue("case-1", 0)
	w := s.post("/v/"+act.Code+"/act", url.Values{"fact": {"5nmn1a1"}})
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/pdf" || w.Header().Get("Cache-Control") != "no-store" ||
		w.Header().Get("Content-Disposition") != `attachment; filename="`+act.Number+`.pdf"` || !bytes.Equal(w.Body.Bytes(), s.File(act)) {
		t.Errorf("%d, %d bytes, %v", w.Code, w.Body.Len(), w.Header())
	}
	w = s.post("/v/"+act.Code+"/act?lang=en", url.Values{"fact": {"5NMN1A2"}})
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), i18n.Text("en", "error.copy.refused", nil)) || strings.Contains(w.Body.String(), "%PDF") {
		t.Errorf("a wrong fact: %d", w.Code)
	}
	checkPage(t, w.Body.String(), "en", i18n.Text("en", "verdict.valid.title", nil))
	if !strings.Contains(w.Body.String(), `action="/v/`+act.Code+`/act?lang=en"`) {
		t.Error("the form does not lead back")
	}
	if w := s.get("/v/" + act.Code + "/act"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/v/"+act.Code {
		t.Errorf("GET: %d to %q", w.Code, w.Header().Get("Location"))
	}
	if w := s.post("/v/nonsense/act", url.Values{"fact": {"5NMN1A1"}}); w.Code != http.StatusNotFound {
		t.Errorf("no code: %d", w.Code)
	}
}

// TestGuessingIsLimited: after five wrong facts even the right one waits, for
// this act and this address only.
func TestGuessingIsLimited(t *testing.T) {
	s := newSite(t)
	act, other := s.Issue("case-1", 0), s.Issue("case-1", 0)
	for range 5 {
		if w := s.post("/v/"+act.Code+"/act", url.Values{"fact": {"wrong"}}); w.Code != http.StatusForbidden {
			t.Fatalf("%d", w.Code)
		}
	}
	right := url.Values{"fact": {"5NMN1A1"}}
	w := s.post("/v/"+act.Code+"/act", right)
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "600" {
		t.Errorf("%d, %q", w.Code, w.Header().Get("Retry-After"))
	}
	if w := s.post("/v/"+other.Code+"/act", right); w.Code != 200 {
		t.Errorf("another act: %d", w.Code)
	}
	s.Advance(11 * time.Minute)
	if w := s.post("/v/"+act.Code+"/act", right); w.Code != 200 {
		t.Errorf("later: %d", w.Code)
	}
}

func TestLookupsAreLimited(t *testing.T) {
	s := newSite(t)
	last := 0
	for range 121 {
		last = s.get("/v/" + unknownCode).Code
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("look-up 121 in a minute: %d", last)
	}
	if w := s.get("/v/"+unknownCode, "Accept", "application/json"); !strings.Contains(w.Body.String(), "error.limit.text") {
		t.Errorf("%s", w.Body)
	}
	if w := s.get("/v"); w.Code != 200 {
		t.Errorf("the form itself: %d", w.Code)
	}
}

func TestUpload(t *testing.T) {
	dir := t.TempDir()
	s := newSite(t, func(o *web.Options) { o.TempDir = dir })
	a := s.allActs()
	file := s.File(a.valid)
	changed := bytes.Clone(file)
	changed[len(changed)/2] ^= 1
	for name, c := range map[string]struct {
		file  []byte
		title string
	}{
		"the act":        {file, "report.same.title"},
		"of an annulled": {s.File(a.annulled), "report.same.title"},
		"changed":        {changed, "report.other.title"},
		"unsigned":       {signingtest.PDF(100, "signer-1"), "report.none.title"},
		"text":           {[]byte("hello"), "report.failed.title"},
	} {
		for _, lang := range i18n.Languages() {
			w := s.upload("/v/file?lang="+lang, bytes.NewReader(c.file))
			if w.Code != 200 {
				t.Fatalf("%s: %d %s", name, w.Code, w.Body)
			}
			checkPage(t, w.Body.String(), lang, i18n.Text(lang, c.title, nil))
			sum := sha256.Sum256(c.file)
			if !strings.Contains(w.Body.String(), hex.EncodeToString(sum[:])) {
				t.Errorf("%s: no hash", name)
			}
			s.Advance(time.Minute) // past the rate limit
		}
	}
	if w := s.upload("/v/file?lang=en", io.LimitReader(zeros{}, web.MaxUpload)); w.Code != 200 || !strings.Contains(w.Body.String(), "104857600 bytes") {
		t.Errorf("the largest file: %d", w.Code)
	}
	w := s.upload("/v/file", bytes.NewReader(file), "Accept", "application/json")
	var report verify.FileReport
	if err := json.Unmarshal(w.Body.Bytes(), &report); err != nil || report.Match != verify.MatchSame || report.Register.Kind != verify.Valid {
		t.Errorf("%+v, %v", report, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("uploads stay behind: %v, %v", left, err)
	}
}

func TestUploadRefused(t *testing.T) {
	s := newSite(t)
	big := s.upload("/v/file?lang=en", io.LimitReader(zeros{}, web.MaxUpload+1))
	if big.Code != http.StatusRequestEntityTooLarge || !strings.Contains(big.Body.String(), "at most 100 MB") {
		t.Errorf("a byte too many: %d %s", big.Code, big.Body)
	}
	for name, c := range map[string]struct {
		contentType, body string
		status            int
	}{
		"no file":     {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nhello\r\n--x--\r\n", 422},
		"empty file":  {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n\r\n--x--\r\n", 422},
		"cut off":     {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nhel", 422},
		"other form":  {"application/x-www-form-urlencoded", "file=x", 422},
		"no boundary": {"multipart/form-data", "--x", 422},
		"nothing":     {"", "", 422},
	} {
		r := httptest.NewRequest(http.MethodPost, "/v/file", strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.contentType)
		if w := s.do(r); w.Code != c.status {
			t.Errorf("%s: %d", name, w.Code)
		}
		s.Advance(time.Minute)
	}
	down := s.with(func(v *verify.Verifier) { v.Store = verifytest.Broken{} })
	named := "<act:ActNumber>EI2611000000001T-001</act:ActNumber>"
	if w := down.upload("/v/file", strings.NewReader(named)); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("register down: %d", w.Code)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestOtherSitesMayNotPost(t *testing.T) {
	s := newSite(t)
	w := s.post("/v", url.Values{"code": {unknownCode}}, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	if w.Code != http.StatusForbidden || w.Header().Get("Content-Security-Policy") == "" {
		t.Errorf("%d", w.Code)
	}
	if w := s.post("/v", url.Values{"code": {unknownCode}}, "Origin", verifytest.Origin, "Sec-Fetch-Site", "same-origin"); w.Code != http.StatusSeeOther {
		t.Errorf("our own: %d", w.Code)
	}
	if w := s.post("/v/keys", nil); w.Code != http.StatusMethodNotAllowed && w.Code != http.StatusNotFound {
		t.Errorf("POST to a page without form: %d", w.Code)
	}
}
