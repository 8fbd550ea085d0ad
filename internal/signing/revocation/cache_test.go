package revocation_test

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"docsvc/internal/signing/revocation"
	"docsvc/internal/signing/signingtest"
)

func (w *world) cached(t testing.TB, dir string) *revocation.Source {
	t.Helper()
	return w.open(t, func(c *revocation.Config) { c.CacheDir = dir })
}

// down makes the CA unreachable for those who ask later.
func (w *world) down() {
	w.put(rootList, nil)
	w.put(issuingList, nil)
}

func TestCache(t *testing.T) {
	w := newWorld(t)
	e, bad := w.Officer(t, signingtest.P256(t)).Cert, w.Officer(t, signingtest.P256(t)).Cert
	replay := w.list(t, w.Issuing, nil)
	w.pass(time.Minute)
	w.publish(t, bad)
	dir := filepath.Join(t.TempDir(), "lists")
	w.expect(t, w.cached(t, dir), e, good)
	n := w.count(issuingList)

	// Another process, within the hour: nothing is asked.
	w.pass(30 * time.Minute)
	s := w.cached(t, dir)
	w.expect(t, s, e, good)
	w.expect(t, s, bad, revocation.Revoked)
	if w.count(issuingList) != n {
		t.Error("a list that was just fetched is fetched again")
	}
	// A restart while the CA is down.
	w.down()
	w.pass(2 * time.Hour)
	s = w.cached(t, dir)
	w.expect(t, s, e, good)
	w.expect(t, s, bad, revocation.Revoked)
	// The list of before is not believed after a restart either.
	w.put(issuingList, page(replay))
	w.pass(time.Hour)
	s = w.cached(t, dir)
	if err := s.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "older") {
		t.Errorf("older list: %v", err)
	}
	w.expect(t, s, bad, revocation.Revoked)
	// What has run out still tells who is revoked.
	w.down()
	w.pass(48 * time.Hour)
	s = w.cached(t, dir)
	w.expect(t, s, e, unavailable)
	w.expect(t, s, bad, revocation.Revoked)
	// Without the cache nothing is known.
	w.expect(t, w.open(t, nil), bad, unavailable)
}

// TestCacheRunOut keeps a list that had run out when it came.
func TestCacheRunOut(t *testing.T) {
	w := newWorld(t)
	bad := w.Officer(t, signingtest.P256(t)).Cert
	w.put(issuingList, page(w.list(t, w.Issuing, func(l *x509.RevocationList) {
		l.ThisUpdate, l.NextUpdate = l.ThisUpdate.Add(-48*time.Hour), l.NextUpdate.Add(-48*time.Hour)
	}, bad)))
	dir := t.TempDir()
	w.expect(t, w.cached(t, dir), bad, revocation.Revoked)
	w.down()
	w.expect(t, w.cached(t, dir), bad, revocation.Revoked)
}

// TestCacheDamaged: what is wrong in the directory means that the list is
// fetched, and never that a certificate is good.
func TestCacheDamaged(t *testing.T) {
	w, stranger := newWorld(t), newWorld(t)
	e, bad := w.Officer(t, signingtest.P256(t)).Cert, w.Officer(t, signingtest.P256(t)).Cert
	unrevoked := w.list(t, w.Issuing, nil)
	w.pass(time.Minute)
	w.publish(t, bad)
	each := func(dir, suffix string, edit func([]byte) []byte) {
		files, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
		if err != nil || len(files) != 2 {
			t.Fatalf("%v %v", files, err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(f, edit(b), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	entry := func(edit func(map[string]any)) func([]byte) []byte {
		return func(b []byte) []byte {
			var m map[string]any
			if err := json.Unmarshal(b, &m); err != nil {
				t.Fatal(err)
			}
			edit(m)
			b, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	for _, c := range []struct {
		name, suffix string
		edit         func([]byte) []byte
	}{
		{"list cut off", ".crl", func(b []byte) []byte { return b[:len(b)/2] }},
		{"list flipped", ".crl", func(b []byte) []byte { b[len(b)-2] ^= 1; return b }},
		{"list empty", ".crl", func([]byte) []byte { return nil }},
		{"list too long", ".crl", func([]byte) []byte { return bytes.Repeat([]byte{0x30}, 17<<20) }},
		{"list of a stranger", ".crl", func([]byte) []byte { return stranger.list(t, stranger.Issuing, nil) }},
		{"older list", ".crl", func([]byte) []byte { return unrevoked }},
		{"entry cut off", ".json", func(b []byte) []byte { return b[:len(b)/2] }},
		{"entry of another address", ".json", entry(func(m map[string]any) { m["url"] = "http://x" })},
		{"entry of another list", ".json", entry(func(m map[string]any) { m["sha256"] = strings.Repeat("0", 64) })},
		{"entry of tomorrow", ".json", entry(func(m map[string]any) { m["checked"] = w.now().Add(24 * time.Hour) })},
		{"validator too long", ".json", entry(func(m map[string]any) { m["etag"] = strings.Repeat("x", 4000) })},
		{"entry too long", ".json", func([]byte) []byte { return bytes.Repeat([]byte(" "), 1<<20) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			w.expect(t, w.cached(t, dir), bad, revocation.Revoked)
			each(dir, c.suffix, c.edit)
			n := w.count(issuingList)
			s := w.cached(t, dir)
			if c.name == "validator too long" { // the list itself is right
				w.pass(2 * time.Hour)
			}
			w.expect(t, s, e, good)
			w.expect(t, s, bad, revocation.Revoked)
			if w.count(issuingList) == n {
				t.Error("not fetched again")
			}
			w.expect(t, w.cached(t, dir), bad, revocation.Revoked)
		})
	}
	t.Run("directory gone", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "lists")
		s := w.cached(t, dir)
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
		w.expect(t, s, bad, revocation.Revoked)
	})
}

// TestCacheOfLearnedIssuer: the CA of a cached list is known only when a
// certificate by it comes along.
func TestCacheOfLearnedIssuer(t *testing.T) {
	w := newWorld(t)
	e := w.Officer(t, signingtest.P256(t)).Cert
	dir := t.TempDir()
	w.expect(t, w.cached(t, dir), e, good)
	w.down()
	s := w.open(t, func(c *revocation.Config) { c.CacheDir, c.Anchors.Intermediates = dir, nil })
	if l, _ := s.Lists(t.Context(), e, w.Issuing.Cert); len(l) != 0 {
		t.Fatal("the CA was known")
	}
	if l, err := s.Lists(t.Context(), e, w.Issuing.Cert); err != nil || len(l) != 1 {
		t.Errorf("%d lists, %v", len(l), err)
	}
}
