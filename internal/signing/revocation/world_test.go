package revocation_test

import (
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/signing/revocation"
	"docsvc/internal/signing/signingtest"
)

// world is a PKI whose lists are served over HTTP, and a clock.
type world struct {
	*signingtest.PKI
	server *httptest.Server

	mu     sync.Mutex
	clock  *signingtest.Clock
	number int64
	pages  map[string]http.HandlerFunc
	asked  map[string]int
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{clock: signingtest.NewClock(time.Now().UTC().Truncate(time.Second)), pages: map[string]http.HandlerFunc{}, asked: map[string]int{}}
	w.PKI = signingtest.New(t, w.now)
	w.server = httptest.NewServer(w)
	t.Cleanup(w.server.Close)
	w.publish(t)
	return w
}

func (w *world) now() time.Time { return w.clock.Now() }

func (w *world) pass(d time.Duration) { w.clock.Advance(d) }

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.asked[r.URL.Path]++
	page := w.pages[r.URL.Path]
	w.mu.Unlock()
	if page == nil {
		http.NotFound(rw, r)
		return
	}
	page(rw, r)
}

// put changes what an address answers, and count says how often it was asked.
func (w *world) put(path string, page http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages[path] = page
}

func (w *world) count(path string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked[path]
}

const (
	rootList    = "/root.crl"
	issuingList = "/issuing.crl"
)

func (w *world) url(path string) string { return w.server.URL + path }

// page answers with bytes, and with 304 to who has them.
func page(content []byte) http.HandlerFunc {
	tag := fmt.Sprintf(`"%x"`, content[max(0, len(content)-16):])
	return func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("ETag", tag)
		rw.Header().Set("Content-Type", "application/pkix-crl")
		if r.Header.Get("If-None-Match") == tag {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = rw.Write(content)
	}
}

// list makes a list of a CA that is good for a day; revoked are since a minute.
func (w *world) list(t testing.TB, ca *signingtest.Entity, edit func(*x509.RevocationList), revoked ...*x509.Certificate) []byte {
	t.Helper()
	w.mu.Lock()
	w.number++
	l := &x509.RevocationList{Number: big.NewInt(w.number), ThisUpdate: w.now(), NextUpdate: w.now().Add(24 * time.Hour)}
	w.mu.Unlock()
	for _, c := range revoked {
		l.RevokedCertificateEntries = append(l.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: l.ThisUpdate.Add(-time.Minute), ReasonCode: 1})
	}
	if edit != nil {
		edit(l)
	}
	der, err := x509.CreateRevocationList(rand.Reader, l, ca.Cert, ca.Key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// publish puts new lists of both CAs in place.
func (w *world) publish(t testing.TB, revoked ...*x509.Certificate) {
	t.Helper()
	w.put(rootList, page(w.list(t, w.Root, nil, revoked...)))
	w.put(issuingList, page(w.list(t, w.Issuing, nil, revoked...)))
}

func (w *world) anchors() *revocation.Anchors {
	return &revocation.Anchors{Roots: []*x509.Certificate{w.Root.Cert}, Intermediates: []*x509.Certificate{w.Issuing.Cert}}
}

func (w *world) config() revocation.Config {
	return revocation.Config{
		Anchors: w.anchors(), CRLs: []string{w.url(rootList), w.url(issuingList)},
		Now: w.now, Timeout: 400 * time.Millisecond,
	}
}

func (w *world) open(t testing.TB, edit func(*revocation.Config)) *revocation.Source {
	t.Helper()
	c := w.config()
	if edit != nil {
		edit(&c)
	}
	s, err := revocation.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// good, unavailable and the states are what Usable may answer.
const (
	good        revocation.State = "good"
	unavailable revocation.State = "unavailable"
)

func state(t testing.TB, err error) revocation.State {
	t.Helper()
	if err == nil {
		return good
	}
	if n, ok := errors.AsType[*revocation.NotUsable](err); ok {
		return n.State
	}
	if document.KindOf(err) == document.Unavailable {
		return unavailable
	}
	t.Errorf("neither a state nor unavailable: %v", err)
	return ""
}

func (w *world) expect(t testing.TB, s *revocation.Source, c *x509.Certificate, want revocation.State) {
	t.Helper()
	err := s.Usable(t.Context(), c, w.now())
	if got := state(t, err); got != want {
		t.Errorf("%s, want %s: %v", got, want, err)
	}
}

func serial(t testing.TB) *big.Int {
	t.Helper()
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
