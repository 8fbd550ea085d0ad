package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"docsvc/internal/ledger"
	"docsvc/internal/verify"
	"docsvc/internal/web"
)

// TestHeadersOnTheWire reads the headers that a client gets, from a server.
func TestHeadersOnTheWire(t *testing.T) {
	s := newSite(t)
	server := httptest.NewServer(s.handler)
	defer server.Close()
	want := map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"Referrer-Policy":           "no-referrer",
		"X-Content-Type-Options":    "nosniff",
		"Strict-Transport-Security": "max-age=63072000",
		"Set-Cookie":                "",
	}
	for _, path := range []string{"/", "/v", "/v/" + unknownCode, "/v/keys", "/log/checkpoint", "/static/none", "/nothing", "/healthz", "/metrics"} {
		resp, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		for name, value := range want {
			if got := resp.Header.Get(name); got != value {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		camera := map[bool]string{true: "camera=(self), geolocation=(), microphone=()", false: "camera=(), geolocation=(), microphone=()"}[path == "/v"]
		if got := resp.Header.Get("Permissions-Policy"); got != camera {
			t.Errorf("%s may %s", path, got)
		}
		if len(resp.Header.Get("X-Request-Id")) != 16 {
			t.Errorf("%s: request id %q", path, resp.Header.Get("X-Request-Id"))
		}
	}
}

// TestLogHoldsNoCode: neither the log nor the metrics tell who looked up what.
func TestLogHoldsNoCode(t *testing.T) {
	s := newSite(t)
	a := s.allActs()
	for _, code := range []string{a.valid.Code, a.altered.Code, unknownCode, mistypedCode, "hello"} {
		s.get("/v/" + code)
		s.get("/v/"+code, "Accept", "application/json")
	}
	s.with(func(v *verify.Verifier) { v.Archive = downArchive(v) }).get("/v/" + a.valid.Code)
	metrics := s.get("/metrics").Body.String()
	for _, code := range []string{a.valid.Code, a.altered.Code, unknownCode, mistypedCode, "hello", strings.ReplaceAll(a.valid.Code, "-", "")} {
		if strings.Contains(s.log.String(), code) || strings.Contains(metrics, code) {
			t.Errorf("the code %s is written down", code)
		}
	}
	for _, want := range []string{`"route":"/v/{code}"`, `"status":404`, `"request_id":"`} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("the log lacks %s", want)
		}
	}
	for _, want := range []string{
		`docsvc_http_requests_total{route="/v/{code}",method="GET",status="404"} 6`, `docsvc_verdicts_total{verdict="altered"} 2`,
		`docsvc_http_request_seconds_count{route="/v/{code}"} 10`, "go_goroutines ",
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s:\n%s", want, metrics)
		}
	}
}

func TestStatic(t *testing.T) {
	s := newSite(t)
	act := s.Issue("case-1", 0)
	pages := s.get("/").Body.String() + s.get("/v").Body.String() + s.get("/v/"+act.Code).Body.String()
	first, seen := len(s.get("/v/"+act.Code).Body.String()), map[string]bool{}
	for _, m := range regexp.MustCompile(`(?:src|href)="(/static/[^"]*)"`).FindAllStringSubmatch(pages, -1) {
		if seen[m[1]] {
			continue
		}
		seen[m[1]] = true
		w := s.get(m[1])
		if w.Code != 200 || w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %d, %q", m[1], w.Code, w.Header().Get("Cache-Control"))
		}
		first += w.Body.Len()
		if kind := w.Header().Get("Content-Type"); strings.HasPrefix(kind, "text/plain") {
			t.Errorf("%s is %s", m[1], kind)
		}
	}
	if len(seen) < 6 || first > 60<<10 {
		t.Errorf("%d files and the page of an act are %d bytes, at most 60 KB", len(seen), first)
	}
	t.Logf("page of an act with all static files: %d bytes", first)
	if files, err := filepath.Glob("static/*"); err != nil || len(files) == 0 {
		t.Errorf("%v, %v", files, err)
	}
}

func TestPublishedKeys(t *testing.T) {
	s := newSite(t)
	var set struct {
		Keys []struct{ Kty, Crv, X, Y, Kid, Use, Alg string }
	}
	w := s.get("/v/keys")
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("%s, %v", w.Body, err)
	}
	k := set.Keys[0]
	if k.Kty != "EC" || k.Crv != "P-256" || len(k.X) != 43 || len(k.Y) != 43 || k.Kid != "seal-1" || k.Use != "sig" || k.Alg != "ES256" {
		t.Errorf("%+v", k)
	}
}

// TestPublishedLedger follows the log with nothing but what is published.
func TestPublishedLedger(t *testing.T) {
	s := newSite(t)
	if w := s.get("/log/checkpoint"); w.Code != 404 {
		t.Errorf("before the first checkpoint: %d", w.Code)
	}
	act := s.Issue("case-1", 0)
	s.Issue("case-1", 1)
	s.Sequence()
	tree, err := s.Service.LedgerKeys.Open(s.get("/log/checkpoint").Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.Verifier.Lookup(t.Context(), act.Code)
	if err != nil {
		t.Fatal(err)
	}
	reader := tlog.TileHashReader(tlog.Tree{N: tree.Size, Hash: tree.Root}, published{s})
	path, err := tlog.ProveRecord(tree.Size, *v.Ledger.Position, reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := tlog.CheckRecord(path, tree.Size, tree.Root, *v.Ledger.Position, tlog.RecordHash([]byte(v.Ledger.Proof.Leaf))); err != nil {
		t.Error(err)
	}
	entries := tlog.Tile{H: 8, L: -1, N: 0, W: int(tree.Size)}
	leaves, err := ledger.DecodeEntries(s.get("/log/" + ledger.TilePath(entries)).Body.Bytes())
	if err != nil || int64(len(leaves)) != tree.Size || string(leaves[*v.Ledger.Position]) != v.Ledger.Proof.Leaf {
		t.Errorf("%d entries, %v", len(leaves), err)
	}
	for _, path := range []string{"tile/0/000", "tile/0/001.p/1", "tile/entries/000.p/200", "tile/7/000", "tile/x"} {
		if w := s.get("/log/" + path); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

type published struct{ s *site }

func (p published) Height() int                     { return 8 }
func (p published) SaveTiles([]tlog.Tile, [][]byte) {}
func (p published) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, t := range tiles {
		w := p.s.get("/log/" + ledger.TilePath(t))
		if w.Code != 200 {
			return nil, errors.New("no tile " + ledger.TilePath(t))
		}
		data = append(data, w.Body.Bytes())
	}
	return data, nil
}

func TestHealth(t *testing.T) {
	s := newSite(t)
	if w := s.get("/healthz"); w.Code != 200 || w.Body.String() != "ok\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := s.get("/readyz"); w.Code != 200 || w.Body.String() != `{"archive":"ok","register":"ok"}`+"\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	s.Archive.SetDown(true)
	if w := s.get("/readyz"); w.Code != 503 || w.Body.String() != `{"archive":"unavailable","register":"ok"}`+"\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	ready := newSite(t, func(o *web.Options) {
		o.Probes = []web.Probe{{Name: "clock", Check: func(context.Context) error { return errors.New("late") }}}
	})
	if w := ready.get("/readyz"); w.Code != 503 || !strings.Contains(w.Body.String(), `"clock":"unavailable"`) || strings.Contains(w.Body.String(), "late") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestAuthorityIsMounted(t *testing.T) {
	authority := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Method+" "+r.URL.Path) })
	s := newSite(t, func(o *web.Options) { o.Authority = authority })
	if w := s.get("/pki/crl"); w.Body.String() != "GET /crl" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := s.post("/pki/ocsp", nil); w.Body.String() != "POST /ocsp" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := newSite(t).get("/pki/crl"); w.Code != 404 {
		t.Errorf("without authority: %d", w.Code)
	}
}

func TestClientAddress(t *testing.T) {
	limiter := &keys{}
	proxy := netip.MustParsePrefix("10.0.0.0/8")
	s := newSite(t, func(o *web.Options) { o.Limiter, o.TrustedProxies = limiter, []netip.Prefix{proxy} })
	for name, c := range map[string]struct{ remote, forwarded, want string }{
		"direct":         {"192.0.2.1:5000", "", "192.0.2.1"},
		"not trusted":    {"192.0.2.1:5000", "203.0.113.9", "192.0.2.1"},
		"proxy":          {"10.1.1.1:5000", "203.0.113.9", "203.0.113.9"},
		"two proxies":    {"10.1.1.1:5000", "203.0.113.9, 10.2.2.2", "203.0.113.9"},
		"made up":        {"10.1.1.1:5000", "198.51.100.1, 203.0.113.9", "203.0.113.9"},
		"nonsense":       {"10.1.1.1:5000", "hello", "10.1.1.1"},
		"IPv6":           {"[2001:db8:1:2:3:4:5:6]:5000", "", "2001:db8:1:2::/64"},
		"mapped":         {"[::ffff:192.0.2.1]:5000", "", "192.0.2.1"},
		"proxy and IPv6": {"10.1.1.1:5000", "2001:db8:1:2::9", "2001:db8:1:2::/64"},
		"nothing":        {"", "", "unknown"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/v/"+unknownCode, nil)
		r.RemoteAddr = c.remote
		r.Header.Set("X-Forwarded-For", c.forwarded)
		s.do(r)
		if got := strings.TrimPrefix(limiter.last, "lookup "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
