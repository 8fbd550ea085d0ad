package s3

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/archive/archivetest"
	"docsvc/internal/testservers"
)

// TestTraffic counts the requests: each costs the server of a small office
// milliseconds an act.
func TestTraffic(t *testing.T) {
	onEach(t, func(t *testing.T, server *testservers.S3Server, name string) {
		head := 0 // of versitygw: what GetObject does not tell is asked for
		if name == "versitygw" {
			head = 1
		}
		m := newMeasure()
		c := config(t, server)
		if err := Create(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		s := reopen(t, m.into(c))
		want := func(doing string, want map[string]int) {
			t.Helper()
			maps.DeleteFunc(want, func(_ string, n int) bool { return n == 0 })
			if got := m.requests(); !maps.Equal(got, want) {
				t.Errorf("%s: requests %v, want %v", doing, got, want)
			}
			m.reset()
		}
		want("opening", map[string]int{"bucket": 2, "put": 3, "get": 2, "stat": 2 * head, "delete": 2, "retain": 2, "list": 1})
		file := []byte("PDF")
		manifest := archivetest.Manifest("A-1", file)
		write := func() {
			t.Helper()
			if _, err := archive.WriteRecord(t.Context(), s, manifest, [][]byte{file}); err != nil {
				t.Fatal(err)
			}
		}
		write()
		want("an act archived", map[string]int{"put": 2, "get": 2, "stat": 2 * head})
		write()
		want("an act confirmed", map[string]int{"put": 2, "list": 2, "get": 2, "stat": 2 * head})
		s.known = known{}
		for _, list := range []int{1, 0} {
			if _, err := archive.ReadManifest(t.Context(), s, manifest.Record()); err != nil {
				t.Fatal(err)
			}
			want("reading", map[string]int{"list": list, "get": 1, "stat": head})
		}
		if _, err := s.Stat(t.Context(), "probe/none.json"); !errors.Is(err, archive.ErrNotFound) {
			t.Error(err)
		}
		want("asking whether it is ready", map[string]int{"list": 1})
		const events = 20
		for i := range events {
			e := archive.Event{
				Kind: archive.KindVoid, ID: fmt.Sprintf("%04d", i), At: time.Unix(1, 0), Subject: "A-1", Body: json.RawMessage(`{}`),
			}
			if _, err := archive.WriteEvent(t.Context(), s, e, manifest.RetainUntil); err != nil {
				t.Fatal(err)
			}
		}
		m.reset()
		for _, err := range archive.Events(t.Context(), s, archive.KindVoid) {
			if err != nil {
				t.Fatal(err)
			}
		}
		want("a rebuild", map[string]int{"list": 1, "get": events, "stat": events * head})
	})
}

func TestKnownIsBounded(t *testing.T) {
	t.Parallel()
	var k known
	const n = 5 * knownHalf
	for i := range n {
		k.add(fmt.Sprint(i), "v")
		if _, ok := k.get(fmt.Sprint(max(0, i-knownHalf/2))); !ok {
			t.Fatalf("after %d keys a recent one is forgotten", i)
		}
	}
	if total := len(k.recent) + len(k.older); total > 2*knownHalf {
		t.Errorf("%d keys are remembered, want at most %d", total, 2*knownHalf)
	}
	k.forget(fmt.Sprint(n - 1))
	if _, ok := k.get(fmt.Sprint(n - 1)); ok {
		t.Error("a forgotten key is remembered")
	}
}

// TestObserve: whoever measures is told of failures too, and of time up to the
// end of the answer.
func TestObserve(t *testing.T) {
	t.Parallel()
	c := config(t, testservers.MinIO(t))
	if err := Create(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	p := testservers.HTTPProxy(t, c.Endpoint)
	var op string
	var took time.Duration
	var failed error
	c.Observe = func(o string, d time.Duration, err error) { op, took, failed = o, d, err }
	s := reopen(t, through(c, p.Addr))
	if _, err := s.Put(t.Context(), "a.txt", benchData(1), benchOptions()); err != nil || op != "get" || failed != nil {
		t.Errorf("Put: %v; observed %s, %v, %v", err, op, took, failed)
	}
	p.Set(testservers.Fault{Mode: testservers.Slow, Bytes: 120_000, On: "GET /" + s.bucket + "/a.txt"})
	if _, _, err := s.Get(t.Context(), "a.txt"); err != nil || op != "get" || failed != nil || took < 300*time.Millisecond {
		t.Errorf("a slow Get: %v; observed %s, %v, %v", err, op, took, failed)
	}
	p.Set(testservers.Fault{Mode: testservers.Refuse})
	if _, _, err := s.Get(t.Context(), "a.txt"); err == nil || failed == nil {
		t.Errorf("a refused Get: %v; observed %s, %v, %v", err, op, took, failed)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := Config{Endpoint: "s3.example.az:9000", Bucket: "docsvc", AccessKey: "a", SecretKey: "b"}
	for name, change := range map[string]func(*Config){
		"":                        func(*Config) {},
		"no port":                 func(c *Config) { c.Endpoint = "s3.example.az" },
		"IPv6":                    func(c *Config) { c.Endpoint = "[::1]:9000" },
		"SSE-S3":                  func(c *Config) { c.Encryption = "SSE-S3" },
		"SSE-KMS":                 func(c *Config) { c.Encryption = "SSE-KMS:key" },
		"endpoint: none":          func(c *Config) { c.Endpoint = "" },
		"endpoint: a URL":         func(c *Config) { c.Endpoint = "https://s3.example.az" },
		"endpoint: a path":        func(c *Config) { c.Endpoint = "s3.example.az:9000/x" },
		"endpoint: credentials":   func(c *Config) { c.Endpoint = "a:b@s3.example.az:9000" },
		"endpoint: empty port":    func(c *Config) { c.Endpoint = "s3.example.az:" },
		"endpoint: empty host":    func(c *Config) { c.Endpoint = ":9000" },
		"bucket: none":            func(c *Config) { c.Bucket = "" },
		"bucket: a path":          func(c *Config) { c.Bucket = "a/b" },
		"bucket: capitals":        func(c *Config) { c.Bucket = "Docsvc" },
		"access key: none":        func(c *Config) { c.AccessKey = "" },
		"secret key: none":        func(c *Config) { c.SecretKey = "" },
		"CA file: plain":          func(c *Config) { c.Plain, c.CAFile = true, "ca.pem" },
		"encryption: unknown":     func(c *Config) { c.Encryption = "AES" },
		"encryption: no key":      func(c *Config) { c.Encryption = "SSE-KMS:" },
		"timeout: negative":       func(c *Config) { c.Timeout = -time.Second },
		"CA file: missing":        func(c *Config) { c.CAFile = "none.pem" },
		"CA file: no certificate": func(c *Config) { c.CAFile = "config.go" },
	} {
		c := good
		change(&c)
		_, err := connect(c)
		part, _, bad := strings.Cut(name, ":")
		if bad {
			mustSay(t, err, part)
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
