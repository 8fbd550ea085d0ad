package archivetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"docsvc/internal/archive"
)

// LockedStore is a store whose server enforces retention.
type LockedStore interface {
	archive.Store
	archive.Holder
}

// Behind acts on a store's server behind the store's back, as the most powerful
// identity that the server has. Its methods return what the server said.
type Behind interface {
	// Overwrite puts a newer version over the key.
	Overwrite(ctx context.Context, key string, data []byte) error
	// Hide puts a mark of deletion over the key.
	Hide(ctx context.Context, key string) error
	// Destroy deletes a version, by every means there is.
	Destroy(ctx context.Context, key, version string) error
	// Shorten gives a version an earlier retention, by every means there is.
	Shorten(ctx context.Context, key, version string, until time.Time) error
	// Versions counts the versions of the key, marks of deletion left out.
	Versions(ctx context.Context, key string) (int, error)
}

// Quirks are where a server falls short. The suite checks that it does, so that
// the list stays true.
type Quirks struct {
	// ShadowHidesLock: of a version that another lies over, the server does not
	// tell the retention. A put of the same is then ErrUnlocked.
	ShadowHidesLock bool
	// HoldEndsWithRetention: a legal hold is not heeded once retention is over.
	HoldEndsWithRetention bool
}

// locked is a store under test.
type locked struct {
	LockedStore
	Behind
	quirks Quirks
}

// RunLocked checks what a store promises besides Run's contract if its server
// has versions and Object Lock. Each store is empty and the test's own.
func RunLocked(t *testing.T, q Quirks, open func(t *testing.T) (LockedStore, Behind)) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*testing.T, locked)
	}{
		{"ShadowedByVersion", shadowedByVersion},
		{"ShadowedByDeletion", shadowedByDeletion},
		{"ShadowedList", shadowedList},
		{"OnlyDeletion", onlyDeletion},
		{"OneVersion", oneVersion},
		{"Indestructible", indestructible},
		{"Extend", extend},
		{"Hold", hold},
		{"Expired", expired},
		{"PastRetention", pastRetention},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, b := open(t)
			c.test(t, locked{s, b, q})
		})
	}
}

func must(t *testing.T, doing string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", doing, err)
	}
}

// wantShadowed reads key in every way and wants what was put first.
func wantShadowed(t *testing.T, s locked, put archive.Object, text string) {
	t.Helper()
	for range 2 { // what the store may remember does not change the answer
		data, got, err := s.Get(t.Context(), put.Key)
		if err != nil || string(data) != text {
			t.Errorf("Get = %q, %v; want what was put first, %q", data, err, text)
		}
		stat, err := s.Stat(t.Context(), put.Key)
		if err != nil {
			t.Errorf("Stat: %v", err)
		}
		for _, o := range []archive.Object{got, stat} {
			if o.VersionID != put.VersionID || !o.Shadowed || o.SHA256 != put.SHA256 || o.RetainUntil.Equal(put.RetainUntil) == s.quirks.ShadowHidesLock {
				t.Errorf("%+v, want the first put shadowed: %+v", o, put)
			}
		}
	}
	again, err := s.Put(t.Context(), put.Key, []byte(text), options())
	if s.quirks.ShadowHidesLock {
		if !errors.Is(err, archive.ErrUnlocked) {
			t.Errorf("Put of the same: %v, want ErrUnlocked", err)
		}
		return
	}
	if err != nil || !again.Existed || !again.Shadowed || again.VersionID != put.VersionID {
		t.Errorf("Put of the same = %+v, %v; want Existed, shadowed, the first version", again, err)
	}
}

func shadowedByVersion(t *testing.T, s locked) {
	for _, read := range []bool{false, true} { // before: the store may remember it
		key := fmt.Sprintf("a/%v.txt", read)
		put := mustPut(t, s, key, "first")
		if _, o, err := s.Get(t.Context(), key); read && (err != nil || o.Shadowed) {
			t.Errorf("Get of what nothing lies over = %+v, %v", o, err)
		}
		must(t, "overwriting", s.Overwrite(t.Context(), key, []byte("second")))
		wantShadowed(t, s, put, "first")
		if _, err := s.Put(t.Context(), key, []byte("second"), options()); !errors.Is(err, archive.ErrConflict) {
			t.Errorf("Put of the shadow's bytes: %v, want ErrConflict", err)
		}
	}
}

func shadowedByDeletion(t *testing.T, s locked) {
	for _, read := range []bool{false, true} {
		key := fmt.Sprintf("a/%v.txt", read)
		put := mustPut(t, s, key, "first")
		if _, _, err := s.Get(t.Context(), key); read && err != nil {
			t.Error(err)
		}
		must(t, "hiding", s.Hide(t.Context(), key))
		data, got, err := s.Get(t.Context(), key)
		if err != nil || string(data) != "first" || !got.Shadowed || got.VersionID != put.VersionID {
			t.Errorf("Get of a hidden object = %q, %+v, %v", data, got, err)
		}
		stat, err := s.Stat(t.Context(), key)
		if err != nil || !stat.Shadowed || stat.VersionID != put.VersionID {
			t.Errorf("Stat of a hidden object = %+v, %v", stat, err)
		}
		// To a conditional put the key looks free. Whatever becomes of it, the
		// first put stays the object.
		_, err = s.Put(t.Context(), key, []byte("first"), options())
		if err != nil && !(s.quirks.ShadowHidesLock && errors.Is(err, archive.ErrUnlocked)) {
			t.Errorf("Put of the same over a mark of deletion: %v", err)
		}
		data, got, err = s.Get(t.Context(), key)
		if err != nil || string(data) != "first" || !got.Shadowed || got.VersionID != put.VersionID {
			t.Errorf("Get after that = %q, %+v, %v", data, got, err)
		}
	}
}

func shadowedList(t *testing.T, s locked) {
	shadowed := map[string]bool{"a/1.txt": false, "a/2.txt": true, "a/3.txt": true, "b/1.txt": false}
	for key := range shadowed {
		mustPut(t, s, key, "content")
	}
	for range 3 {
		must(t, "overwriting", s.Overwrite(t.Context(), "a/2.txt", []byte("a longer content")))
	}
	must(t, "hiding", s.Hide(t.Context(), "a/3.txt"))
	must(t, "hiding what never was", s.Hide(t.Context(), "a/4.txt"))
	n := 0
	for o, err := range s.List(t.Context(), "") {
		n++
		if err != nil || o.Size != int64(len("content")) || o.Shadowed != shadowed[o.Key] {
			t.Errorf("List gives %+v, %v", o, err)
		}
	}
	if n != len(shadowed) {
		t.Errorf("List gives %d objects, want %d", n, len(shadowed))
	}
}

// onlyDeletion: a mark of deletion by itself is no object, and none below one.
func onlyDeletion(t *testing.T, s locked) {
	must(t, "hiding", s.Hide(t.Context(), "a.txt"))
	if _, _, err := s.Get(t.Context(), "a.txt"); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("Get of what never was: %v, want ErrNotFound", err)
	}
	put := mustPut(t, s, "a.txt", "content")
	if data, o, err := s.Get(t.Context(), "a.txt"); err != nil || string(data) != "content" || o.Shadowed || o.VersionID != put.VersionID {
		t.Errorf("Get = %q, %+v, %v", data, o, err)
	}
}

func oneVersion(t *testing.T, s locked) {
	for _, text := range []string{"same", "same", "other", "same"} {
		_, _ = s.Put(t.Context(), "a.txt", []byte(text), options()) // putOther tests the answers
	}
	if n, err := s.Versions(t.Context(), "a.txt"); err != nil || n != 1 {
		t.Errorf("%d versions, %v; want one", n, err)
	}
}

func indestructible(t *testing.T, s locked) {
	put := mustPut(t, s, "a.txt", "content")
	for _, until := range []time.Time{{}, time.Now().Add(time.Hour), retention.Add(-time.Second)} {
		if err := s.Shorten(t.Context(), "a.txt", put.VersionID, until); err == nil {
			t.Errorf("the server accepted retention until %v instead of %v", until, put.RetainUntil)
		}
	}
	if err := s.Destroy(t.Context(), "a.txt", put.VersionID); err == nil {
		t.Error("the server deleted a locked version")
	}
	data, got, err := s.Get(t.Context(), "a.txt")
	if err != nil || !bytes.Equal(data, []byte("content")) || !got.RetainUntil.Equal(put.RetainUntil) {
		t.Errorf("after all that: %q, %+v, %v", data, got, err)
	}
}

func extend(t *testing.T, s locked) {
	put := mustPut(t, s, "a.txt", "content")
	if !s.quirks.ShadowHidesLock { // it is the object that is extended, whatever lies over it
		must(t, "overwriting", s.Overwrite(t.Context(), "a.txt", []byte("shadow")))
	}
	later := put.RetainUntil.AddDate(1, 0, 0)
	for range 2 {
		must(t, "extending", s.Extend(t.Context(), "a.txt", later.Add(999*time.Millisecond)))
		if o, err := s.Stat(t.Context(), "a.txt"); err != nil || !o.RetainUntil.Equal(later) || o.VersionID != put.VersionID {
			t.Errorf("extended to %v: %+v, %v", later, o, err)
		}
	}
	for _, earlier := range []time.Time{put.RetainUntil, later.Add(-time.Second), time.Now().Add(time.Hour), {}} {
		if err := s.Extend(t.Context(), "a.txt", earlier); !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("Extend to the earlier %v: %v, want ErrInvalid", earlier, err)
		}
	}
	if err := s.Shorten(t.Context(), "a.txt", put.VersionID, put.RetainUntil); err == nil {
		t.Error("the server took the extension back")
	}
	if err := s.Extend(t.Context(), "none.txt", later); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("Extend of nothing: %v, want ErrNotFound", err)
	}
}

func hold(t *testing.T, s locked) {
	mustPut(t, s, "a.txt", "content")
	must(t, "overwriting", s.Overwrite(t.Context(), "a.txt", []byte("shadow")))
	for _, on := range []bool{false, true, true, false, false} {
		must(t, "hold", s.Hold(t.Context(), "a.txt", on))
		if held, err := s.Held(t.Context(), "a.txt"); err != nil || held != on {
			t.Errorf("Held = %v, %v after Hold %v", held, err, on)
		}
	}
	for _, key := range HostileKeys() {
		if err := s.Hold(t.Context(), key, true); !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("Hold %q: %v, want ErrInvalid", key, err)
		}
	}
	if _, err := s.Held(t.Context(), "none.txt"); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("Held of nothing: %v, want ErrNotFound", err)
	}
}

// expired: what holds an object after its retention is the hold, and only that.
func expired(t *testing.T, s locked) {
	short := options()
	short.RetainUntil = time.Now().Add(3 * time.Second)
	put, err := s.Put(t.Context(), "a.txt", []byte("content"), short)
	must(t, "putting", err)
	must(t, "hold", s.Hold(t.Context(), "a.txt", true))
	time.Sleep(time.Until(put.RetainUntil) + 1500*time.Millisecond)
	if err := s.Destroy(t.Context(), "a.txt", put.VersionID); (err == nil) != s.quirks.HoldEndsWithRetention {
		t.Fatalf("deleting a held version: %v", err)
	}
	if s.quirks.HoldEndsWithRetention {
		return
	}
	if _, _, err := s.Get(t.Context(), "a.txt"); err != nil {
		t.Errorf("Get of a held object: %v", err)
	}
	must(t, "lifting the hold", s.Hold(t.Context(), "a.txt", false))
	must(t, "destroying", s.Destroy(t.Context(), "a.txt", put.VersionID))
	if _, _, err := s.Get(t.Context(), "a.txt"); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("Get of what was destroyed: %v, want ErrNotFound", err)
	}
	again := mustPut(t, s, "a.txt", "another") // the key is free
	if _, o, err := s.Get(t.Context(), "a.txt"); err != nil || o.VersionID != again.VersionID {
		t.Errorf("Get of the next = %+v, %v", o, err)
	}
}

func pastRetention(t *testing.T, s locked) {
	past := options()
	past.RetainUntil = time.Now().Add(-time.Second)
	if _, err := s.Put(t.Context(), "a.txt", []byte("content"), past); !errors.Is(err, archive.ErrInvalid) {
		t.Errorf("Put with a retention that is over: %v, want ErrInvalid", err)
	}
	if _, err := s.Stat(t.Context(), "a.txt"); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("it left something: %v", err)
	}
}
