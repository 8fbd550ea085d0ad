// Package archivetest is the suite that every archive.Store passes, and a fake
// store for the tests of those who use one.
package archivetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"docsvc/internal/archive"
)

// Run checks that the stores which open returns keep the contract. Each is
// empty and the test's own.
func Run(t *testing.T, open func(t *testing.T) archive.Store) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*testing.T, archive.Store)
	}{
		{"PutThenGet", putThenGet},
		{"PutAgain", putAgain},
		{"PutOther", putOther},
		{"NotFound", notFound},
		{"Invalid", invalid},
		{"OwnCopy", ownCopy},
		{"Large", large},
		{"ListInKeyOrder", listInKeyOrder},
		{"ListStops", listStops},
		{"ListPages", listPages},
		{"Cancelled", cancelled},
		{"Race", race},
		{"Record", record},
		{"Events", events},
		{"Holder", holder},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

var retention = time.Date(2036, 11, 22, 12, 0, 0, 987654321, time.FixedZone("Asia/Baku", 4*3600))

func options() archive.PutOptions {
	return archive.PutOptions{RetainUntil: retention, ContentType: "text/plain"}
}

func mustPut(t *testing.T, s archive.Store, key, text string) archive.Object {
	t.Helper()
	o, err := s.Put(t.Context(), key, []byte(text), options())
	if err != nil {
		t.Fatalf("Put %s: %v", key, err)
	}
	return o
}

func putThenGet(t *testing.T, s archive.Store) {
	const key, text = "acts/2026/A-1/0001.pdf", "content"
	put := mustPut(t, s, key, text)
	if put.Existed {
		t.Error("the first Put reports Existed")
	}
	data, got, err := s.Get(t.Context(), key)
	if err != nil || string(data) != text {
		t.Fatalf("Get = %q, %v", data, err)
	}
	stat, err := s.Stat(t.Context(), key)
	if err != nil {
		t.Fatalf("Stat: %v", err)
	}
	for _, o := range []archive.Object{put, got, stat} {
		if o.Key != key || o.Size != int64(len(text)) || o.SHA256 != archive.Digest(sha256.Sum256([]byte(text))) ||
			o.VersionID == "" || o.VersionID != put.VersionID {
			t.Errorf("object %+v", o)
		}
		if want := retention.Truncate(time.Second); !o.RetainUntil.Equal(want) {
			t.Errorf("RetainUntil = %v, want %v", o.RetainUntil, want)
		}
		if o.Created.IsZero() || !o.Created.Equal(put.Created) {
			t.Errorf("Created = %v, at Put %v", o.Created, put.Created)
		}
	}
}

func putAgain(t *testing.T, s archive.Store) {
	first := mustPut(t, s, "a/b.txt", "same")
	later := options()
	later.RetainUntil = retention.AddDate(1, 0, 0)
	again, err := s.Put(t.Context(), "a/b.txt", []byte("same"), later)
	if err != nil || !again.Existed {
		t.Fatalf("Put of the same bytes = %+v, %v; want Existed", again, err)
	}
	if again.VersionID != first.VersionID || !again.RetainUntil.Equal(first.RetainUntil) || !again.Created.Equal(first.Created) {
		t.Errorf("second Put = %+v, first was %+v", again, first)
	}
}

func putOther(t *testing.T, s archive.Store) {
	mustPut(t, s, "a/b.txt", "first")
	for _, other := range []string{"other", "firs", "first ", "First"} {
		if _, err := s.Put(t.Context(), "a/b.txt", []byte(other), options()); !errors.Is(err, archive.ErrConflict) {
			t.Errorf("Put of %q over %q: %v, want ErrConflict", other, "first", err)
		}
	}
	if data, _, err := s.Get(t.Context(), "a/b.txt"); err != nil || string(data) != "first" {
		t.Errorf("Get = %q, %v after refused puts", data, err)
	}
}

func notFound(t *testing.T, s archive.Store) {
	mustPut(t, s, "a/b.txt", "x")
	for _, key := range []string{"a/c.txt", "b/b.txt", "b.txt", "a/b/c.txt", "a/b.tx"} {
		if _, _, err := s.Get(t.Context(), key); !errors.Is(err, archive.ErrNotFound) {
			t.Errorf("Get %s: %v, want ErrNotFound", key, err)
		}
		if _, err := s.Stat(t.Context(), key); !errors.Is(err, archive.ErrNotFound) {
			t.Errorf("Stat %s: %v, want ErrNotFound", key, err)
		}
	}
}

// HostileKeys are keys that no store accepts.
func HostileKeys() []string {
	return []string{
		"", "/", ".", "..", "../a.txt", "a/../b.txt", "/a.txt", "a//b.txt", "a/./b.txt", "a/", "a", "a/b",
		".hidden", "a/.b.txt", "a.d/b.txt", "a\\b.txt", "a b.txt", "a\x00.txt", "a\n.txt", "ə.txt", "%2e%2e/a.txt",
		"-a.txt", "a/~b.txt", strings.Repeat("a", 600) + ".txt", strings.Repeat("a", 250) + ".txt",
		strings.Repeat("a/", 300) + "b.txt",
	}
}

func invalid(t *testing.T, s archive.Store) {
	for _, key := range HostileKeys() {
		if _, err := s.Put(t.Context(), key, []byte("x"), options()); !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("Put %q: %v, want ErrInvalid", key, err)
		}
		if _, _, err := s.Get(t.Context(), key); !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("Get %q: %v, want ErrInvalid", key, err)
		}
		if _, err := s.Stat(t.Context(), key); !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("Stat %q: %v, want ErrInvalid", key, err)
		}
	}
	for _, prefix := range []string{"/", "../", "a", "a.b/", "a//", ".git/"} {
		if _, err := list(t.Context(), s, prefix); !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("List %q: %v, want ErrInvalid", prefix, err)
		}
	}
	if _, err := s.Put(t.Context(), "a.txt", nil, options()); !errors.Is(err, archive.ErrInvalid) {
		t.Errorf("Put of nothing: %v, want ErrInvalid", err)
	}
	if _, err := s.Put(t.Context(), "a.txt", make([]byte, archive.MaxObject+1), options()); !errors.Is(err, archive.ErrInvalid) {
		t.Errorf("Put of too much: %v, want ErrInvalid", err)
	}
	if _, err := s.Put(t.Context(), "a.txt", []byte("x"), archive.PutOptions{}); !errors.Is(err, archive.ErrInvalid) {
		t.Errorf("Put without retention: %v, want ErrInvalid", err)
	}
	if keys, err := list(t.Context(), s, ""); err != nil || len(keys) != 0 {
		t.Errorf("refused puts left %q, %v", keys, err)
	}
}

func ownCopy(t *testing.T, s archive.Store) {
	data := []byte("content")
	if _, err := s.Put(t.Context(), "a.txt", data, options()); err != nil {
		t.Fatal(err)
	}
	data[0] = 'X'
	got, _, err := s.Get(t.Context(), "a.txt")
	if err != nil || string(got) != "content" {
		t.Fatalf("Get = %q, %v after the caller changed its slice", got, err)
	}
	got[0] = 'Y'
	if again, _, err := s.Get(t.Context(), "a.txt"); err != nil || string(again) != "content" {
		t.Errorf("Get = %q, %v after the first result was changed", again, err)
	}
}

func large(t *testing.T, s archive.Store) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
	if _, err := s.Put(t.Context(), "large.bin", data, options()); err != nil {
		t.Fatal(err)
	}
	got, _, err := s.Get(t.Context(), "large.bin")
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("Get = %d bytes, %v; put were %d", len(got), err, len(data))
	}
}

func list(ctx context.Context, s archive.Store, prefix string) ([]string, error) {
	var keys []string
	for o, err := range s.List(ctx, prefix) {
		if err != nil {
			return keys, err
		}
		keys = append(keys, o.Key)
	}
	return keys, nil
}

func listInKeyOrder(t *testing.T, s archive.Store) {
	// '-' sorts before '/', '0' and '_' after it: a walk over directories alone
	// would give another order.
	keys := []string{"a/b/z.txt", "a/b-1/x.txt", "a/b0/x.txt", "a/b_/x.txt", "a/b.txt", "a/b-2.txt", "b/x.txt", "a/c/d/e.txt"}
	for _, key := range keys {
		mustPut(t, s, key, "content of "+key)
	}
	slices.Sort(keys)
	for _, prefix := range []string{"", "a/", "a/b/", "a/c/", "a/c/d/", "none/", "a/none/"} {
		want := slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return !strings.HasPrefix(k, prefix) })
		got, err := list(t.Context(), s, prefix)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("List %q = %q, %v; want %q", prefix, got, err, want)
		}
	}
	for o, err := range s.List(t.Context(), "a/b/") {
		if err != nil || o.Size != int64(len("content of a/b/z.txt")) {
			t.Errorf("List gives %+v, %v", o, err)
		}
	}
}

func listStops(t *testing.T, s archive.Store) {
	for i := range 5 {
		mustPut(t, s, fmt.Sprintf("d%d/x.txt", i), "x")
	}
	n := 0
	for _, err := range s.List(t.Context(), "") {
		if n++; n == 2 || err != nil {
			break
		}
	}
	if n != 2 {
		t.Errorf("List went on for %d objects after break", n)
	}
}

// listPages: object stores answer with a thousand keys at a time.
func listPages(t *testing.T, s archive.Store) {
	const writers, each = 8, 132
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if _, err := s.Put(t.Context(), pagedKey(w*each+i), []byte("x"), options()); err != nil {
					t.Errorf("Put: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	got, err := list(t.Context(), s, "d/")
	if err != nil || len(got) != writers*each || !slices.IsSorted(got) {
		t.Fatalf("List gives %d keys, sorted %v, %v; want %d", len(got), slices.IsSorted(got), err, writers*each)
	}
	for i, key := range got {
		if key != pagedKey(i) {
			t.Fatalf("key %d is %s, want %s", i, key, pagedKey(i))
		}
	}
}

func pagedKey(i int) string { return fmt.Sprintf("d/%d/%04d.txt", i/500, i) }

// holder: a store that has the methods of a Holder keeps their promise
// (RunLocked), or says that it cannot.
func holder(t *testing.T, s archive.Store) {
	h, ok := s.(archive.Holder)
	if !ok {
		return // and is not offered as one
	}
	put := mustPut(t, s, "a.txt", "content")
	later := put.RetainUntil.AddDate(1, 0, 0)
	_, heldErr := h.Held(t.Context(), "a.txt")
	for i, err := range []error{h.Hold(t.Context(), "a.txt", true), heldErr, h.Extend(t.Context(), "a.txt", later)} {
		if err != nil && !errors.Is(err, archive.ErrUnsupported) {
			t.Errorf("call %d: %v, want success or ErrUnsupported", i, err)
		}
		if o, statErr := s.Stat(t.Context(), "a.txt"); statErr != nil || errors.Is(err, archive.ErrUnsupported) && !o.RetainUntil.Equal(put.RetainUntil) {
			t.Errorf("afterwards %+v, %v", o, statErr)
		}
	}
}

func cancelled(t *testing.T, s archive.Store) {
	mustPut(t, s, "a.txt", "x")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, putErr := s.Put(ctx, "b.txt", []byte("x"), options())
	_, _, getErr := s.Get(ctx, "a.txt")
	_, statErr := s.Stat(ctx, "a.txt")
	_, listErr := list(ctx, s, "")
	for i, err := range []error{putErr, getErr, statErr, listErr} {
		if !errors.Is(err, archive.ErrUnavailable) || !errors.Is(err, context.Canceled) {
			t.Errorf("call %d with a cancelled context: %v, want ErrUnavailable and context.Canceled", i, err)
		}
	}
}

func race(t *testing.T, s archive.Store) {
	const writers, keys = 8, 10
	var wg sync.WaitGroup
	var mu sync.Mutex
	created, confirmed, refused := map[string]int{}, 0, 0
	winners, versions := map[string]string{}, map[string]string{}
	for w := range writers {
		wg.Go(func() {
			for k := range keys {
				key := fmt.Sprintf("race/%d.txt", k)
				text := fmt.Sprintf("content %d", w%2) // half of them agree
				o, err := s.Put(t.Context(), key, []byte(text), options())
				mu.Lock()
				switch {
				case errors.Is(err, archive.ErrConflict):
					refused++
				case err != nil:
					t.Errorf("Put: %v", err)
				case o.Existed:
					confirmed++
				default:
					created[key]++
					winners[key] = text
				}
				if err == nil {
					if v, ok := versions[key]; ok && v != o.VersionID {
						t.Errorf("%s: versions %s and %s", key, v, o.VersionID)
					}
					versions[key] = o.VersionID
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for k, n := range created {
		data, o, err := s.Get(t.Context(), k)
		if n != 1 || err != nil || string(data) != winners[k] || o.VersionID != versions[k] || o.Shadowed {
			t.Errorf("%s was created %d times, with %q; Get = %q, %+v, %v", k, n, winners[k], data, o, err)
		}
	}
	if len(created) != keys || refused != keys*writers/2 || confirmed != keys*(writers/2-1) {
		t.Errorf("%d created, %d confirmed, %d refused", len(created), confirmed, refused)
	}
}
