package s3

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"docsvc/internal/archive"
	"docsvc/internal/testservers"
)

// TestLiars lets a server break one promise after the other: the archive is not
// opened, and what is said tells how to mend it.
func TestLiars(t *testing.T) {
	t.Parallel()
	for lie, says := range map[string]string{
		"":                      "", // an honest one
		"says yes to all":       "",
		"clock":                 "NTP",
		"versioning suspended":  "enable it for the whole bucket",
		"versioning with gaps":  "enable it for the whole bucket",
		"overwrites":            "If-None-Match",
		"does not lock":         "did not keep",
		"locks softly":          "GOVERNANCE",
		"locks for less":        "did not keep",
		"damages":               "did not keep",
		"cuts":                  "did not keep",
		"locks by default":      "remove its default retention",
		"gives no version":      "",
		"gives another version": "",
		"stores nothing":        "",
		"deletes":               "deleted a locked version",
		"deletes and denies it": "said that it did not",
		"forbids to delete":     "policy-service.json",
		"shortens":              "shortened a retention",
		"shortens and denies":   "did not keep",
		"ignores a shortening":  "shortened a retention",
		"does not extend":       "did not keep",
		"forbids to extend":     "policy-service.json",
		"fails to delete":       "",
	} {
		t.Run(lie, func(t *testing.T) {
			_, c := newLiar(t, lie)
			s, err := Open(t.Context(), c)
			if lie == "" {
				if err != nil {
					t.Fatalf("an honest server is refused: %v", err)
				}
				_ = s.Close()
				return
			}
			if err == nil {
				t.Fatal("opened")
			}
			// What is not understood is not taken for a refusal.
			temporary := slices.Contains([]string{"fails to delete", "gives another version", "says yes to all"}, lie)
			if errors.Is(err, ErrUnfit) == temporary ||
				errors.Is(err, archive.ErrUnavailable) != temporary {
				t.Errorf("%v: unavailable for now %v, want %v", err, !temporary, temporary)
			}
			mustSay(t, err, says)
		})
	}
}

// TestLaterLies: a server that was honest when the archive was opened.
func TestLaterLies(t *testing.T) {
	t.Parallel()
	for lie, want := range map[string]error{
		"":                      nil,
		"does not lock":         archive.ErrUnlocked,
		"locks softly":          archive.ErrUnlocked,
		"locks for less":        archive.ErrUnlocked,
		"gives no version":      archive.ErrUnlocked,
		"damages":               archive.ErrDamaged,
		"cuts":                  archive.ErrDamaged,
		"stores nothing":        archive.ErrDamaged,
		"gives another version": archive.ErrUnavailable,
		"says yes to all":       archive.ErrUnlocked,
	} {
		t.Run(lie, func(t *testing.T) {
			l, c := newLiar(t, "")
			s := reopen(t, c)
			l.mu.Lock()
			l.lie = lie
			l.mu.Unlock()
			if _, err := s.Put(t.Context(), "a.txt", []byte("content"), benchOptions()); !errors.Is(err, want) {
				t.Errorf("Put: %v, want %v", err, want)
			}
		})
	}
}

// TestDamaged: what is stored is not what was put, at any later time.
func TestDamaged(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*lie){
		"flipped":     func(v *lie) { v.data[3] ^= 1 },
		"shorter":     func(v *lie) { v.data = v.data[:3] },
		"longer":      func(v *lie) { v.data = append(v.data, '\n') },
		"wrong hash":  func(v *lie) { v.header.Set(headerSum, strings.Repeat("0", 63)+"1") },
		"bad hash":    func(v *lie) { v.header.Set(headerSum, "nonsense") },
		"much longer": func(v *lie) { v.data = make([]byte, archive.MaxObject+1) },
	} {
		t.Run(name, func(t *testing.T) {
			l, c := newLiar(t, "")
			s := reopen(t, c)
			if _, err := s.Put(t.Context(), "a.txt", []byte("content"), benchOptions()); err != nil {
				t.Fatal(err)
			}
			l.mu.Lock()
			_, v := l.find("a.txt", "")
			change(v)
			l.mu.Unlock()
			for range 2 { // the second time the version is known
				if _, _, err := s.Get(t.Context(), "a.txt"); !errors.Is(err, archive.ErrDamaged) {
					t.Errorf("Get: %v, want ErrDamaged", err)
				}
			}
			if _, err := s.Put(t.Context(), "a.txt", []byte("content"), benchOptions()); !errors.Is(err, archive.ErrDamaged) {
				t.Errorf("Put again: %v, want ErrDamaged", err)
			}
		})
	}
	t.Run("no hash", func(t *testing.T) { // a copy that lost its metadata
		l, c := newLiar(t, "")
		s := reopen(t, c)
		put, err := s.Put(t.Context(), "a.txt", []byte("content"), benchOptions())
		if err != nil {
			t.Fatal(err)
		}
		l.mu.Lock()
		l.versions[len(l.versions)-1].header.Del(headerSum)
		l.mu.Unlock()
		if o, err := s.Stat(t.Context(), "a.txt"); err != nil || o.SHA256 != put.SHA256 {
			t.Errorf("Stat = %+v, %v", o, err)
		}
	})
}

// TestUnfitBuckets are real ones.
func TestUnfitBuckets(t *testing.T) {
	onEach(t, func(t *testing.T, server *testservers.S3Server, name string) {
		for _, c := range []struct {
			name    string
			prepare func(t *testing.T, c *Config)
			says    string
		}{
			{"missing", func(*testing.T, *Config) {}, "docsvc init"},
			{"no lock", func(t *testing.T, c *Config) { makeBucket(t, *c, false) }, "no Object Lock"},
			{"default retention", func(t *testing.T, c *Config) {
				makeBucket(t, *c, true)
				mode, days, unit := minio.Compliance, uint(1), minio.Days
				if err := asRoot(t, *c).core.SetObjectLockConfig(t.Context(), c.Bucket, &mode, &days, &unit); err != nil {
					t.Fatal(err)
				}
			}, "remove its default retention"},
			{"wrong secret key", func(_ *testing.T, c *Config) { c.SecretKey = "another" }, "check both files"},
			{"wrong access key", func(_ *testing.T, c *Config) { c.AccessKey = "another" }, "check both files"},
			{"our clock is late", func(t *testing.T, c *Config) {
				makeBucket(t, *c, true)
				c.Now = func() time.Time { return time.Now().Add(-8 * time.Second) }
			}, "NTP"},
			{"our clock is early", func(t *testing.T, c *Config) {
				makeBucket(t, *c, true)
				c.Now = func() time.Time { return time.Now().Add(8 * time.Second) }
			}, "NTP"},
			{"HTTPS to HTTP", func(_ *testing.T, c *Config) { c.Plain = false }, "speaks plain HTTP"},
		} {
			t.Run(c.name, func(t *testing.T) {
				cfg := config(t, server)
				c.prepare(t, &cfg)
				_, err := Open(t.Context(), cfg)
				if !errors.Is(err, ErrUnfit) || errors.Is(err, archive.ErrUnavailable) {
					t.Errorf("%v, want ErrUnfit", err)
				}
				mustSay(t, err, c.says)
				if err != nil && strings.Contains(err.Error(), server.SecretKey) {
					t.Error("the secret key is in the error")
				}
			})
		}
		t.Run("our clock is a little off", func(t *testing.T) {
			cfg := config(t, server)
			cfg.Now = func() time.Time { return time.Now().Add(3 * time.Second) }
			open(t, cfg)
		})
	})
}

func makeBucket(t *testing.T, c Config, locked bool) {
	t.Helper()
	err := asRoot(t, c).core.MakeBucket(t.Context(), c.Bucket, minio.MakeBucketOptions{Region: defaultRegion, ObjectLocking: locked})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCreate(t *testing.T) {
	onEach(t, func(t *testing.T, server *testservers.S3Server, _ string) {
		c := config(t, server)
		done := make(chan error)
		for range 4 { // at once, as several instances of init may
			go func() { done <- Create(t.Context(), c) }()
		}
		for range 4 {
			if err := <-done; err != nil && !errors.Is(err, archive.ErrUnavailable) { // versitygw can make one at a time
				t.Error(err)
			}
		}
		if err := Create(t.Context(), c); err != nil {
			t.Errorf("again: %v", err)
		}
		reopen(t, c)
		unlocked := config(t, server)
		makeBucket(t, unlocked, false)
		err := Create(t.Context(), unlocked)
		if !errors.Is(err, ErrUnfit) {
			t.Errorf("a bucket that is there without Object Lock: %v, want ErrUnfit", err)
		}
		mustSay(t, err, "no Object Lock")
	})
}

// TestSweep: probes of earlier starts go, later ones stay, and neither is ever
// listed as an object.
func TestSweep(t *testing.T) {
	onEach(t, func(t *testing.T, server *testservers.S3Server, _ string) {
		c := config(t, server)
		s := open(t, c)
		reopen(t, c)
		if n := probes(t, s); n != 2 {
			t.Errorf("%d probes after two starts, want 2", n)
		}
		for o, err := range s.List(t.Context(), "") {
			t.Errorf("List gives %+v, %v", o, err)
		}
		if _, err := s.Put(t.Context(), probeDir+"a.txt", []byte("x"), benchOptions()); !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("Put among the probes: %v, want ErrInvalid", err)
		}
		// Ten minutes later. The two are still locked by the server's clock, so
		// they stay, which is no reason not to start.
		s.now = func() time.Time { return time.Now().Add(10 * time.Minute) }
		s.sweep(t.Context())
		if n := probes(t, s); n != 2 {
			t.Errorf("%d probes, want the 2 locked ones", n)
		}
		free := newWrite(probeDir+"left", []byte("x"), archive.PutOptions{})
		free.until = time.Time{}
		if _, err := s.create(t.Context(), free); err != nil {
			t.Fatal(err)
		}
		s.sweep(t.Context())
		if n := probes(t, s); n != 2 {
			t.Errorf("%d probes, want the old unlocked one gone", n)
		}
	})
}

func probes(t *testing.T, s *Store) int {
	t.Helper()
	n := 0
	for _, err := range s.versions(t.Context(), probeDir) {
		if n++; err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// TestOpenBroken lets each request of the proof fail.
func TestOpenBroken(t *testing.T) {
	onEach(t, func(t *testing.T, server *testservers.S3Server, _ string) {
		c := config(t, server)
		if err := Create(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		m := newMeasure()
		reopen(t, m.into(c))
		requests := m.total()
		for failing := 1; failing <= requests; failing++ {
			ctx, cancel := context.WithCancel(t.Context())
			n := 0
			c.Observe = func(string, time.Duration, error) {
				if n++; n == failing-1 {
					cancel()
				}
			}
			if failing == 1 {
				cancel()
			}
			s, err := Open(ctx, c)
			cancel()
			if s != nil {
				_ = s.Close()
			}
			// The last are of the clean-up, which must not keep docsvc from starting.
			if err != nil && !errors.Is(err, archive.ErrUnavailable) || err == nil && failing < requests-1 {
				t.Errorf("request %d of %d: %v, want ErrUnavailable", failing, requests, err)
			}
		}
	})
}
