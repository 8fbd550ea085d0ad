package document_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"docsvc/internal/audit"
	"docsvc/internal/document"
)

// TestLooked: a look is in the trail unless it is that of the author or a
// signer, and reloading a page is no second look.
func TestLooked(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	a, err := line(t.Context(), w, s)
	if err != nil {
		t.Fatal(err)
	}
	reader := func(login string) document.Actor {
		return document.Actor{Login: login, RequestID: "r-" + login, Grants: []document.Grant{{Role: document.RoleAuditor, Office: "110"}}}
	}
	looks := func() (list []audit.Event) {
		t.Helper()
		events, _, err := s.TrailOf(t.Context(), reader("x"), a)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Kind == audit.ActRead {
				list = append(list, e)
			}
		}
		return list
	}
	for _, c := range []struct {
		login string
		after time.Duration
		want  int
	}{
		{a.Officer, 0, 0}, {"archivist", 0, 1}, {"archivist", 9 * time.Minute, 1}, {"auditor", 0, 2},
		{"archivist", 2 * time.Minute, 3}, {"auditor", 0, 3},
	} {
		w.clock.Advance(c.after)
		if err := s.Looked(t.Context(), reader(c.login), a); err != nil {
			t.Fatal(err)
		}
		if got := looks(); len(got) != c.want {
			t.Errorf("%s after %s: %d looks, want %d", c.login, c.after, len(got), c.want)
		}
	}
	if e := looks()[0]; e.Actor != "archivist" || e.RequestID != "r-archivist" || e.Subject != a.Number {
		t.Errorf("%+v", e)
	}
	officer := document.Actor{Login: a.Officer, Grants: []document.Grant{{Role: document.RoleOfficer, Office: "110"}}}
	if _, _, err := s.TrailOf(t.Context(), officer, a); document.KindOf(err) != document.Forbidden {
		t.Errorf("an officer reads the trail: %v", err)
	}
	// A look that cannot be recorded is refused.
	w.store.arm(1, false)
	if err := s.Looked(t.Context(), reader("late"), a); !errors.Is(err, errInjected) {
		t.Errorf("the register is down: %v", err)
	}
}

// TestCopied: copies are numbered from one, each number once, and who asks again
// at once has the same copy.
func TestCopied(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	a, err := line(t.Context(), w, s)
	if err != nil {
		t.Fatal(err)
	}
	reader := func(login string) document.Actor {
		return document.Actor{Login: login, Grants: []document.Grant{{Role: document.RoleAuditor, Office: "110"}}}
	}
	var wg sync.WaitGroup
	numbers := make([]int64, 8)
	for i := range numbers {
		wg.Go(func() {
			n, err := s.Copied(t.Context(), reader(string(rune('a'+i))), a)
			if err != nil {
				t.Error(err)
			}
			numbers[i] = n
		})
	}
	wg.Wait()
	seen := map[int64]bool{}
	for _, n := range numbers {
		seen[n] = true
	}
	if len(seen) != 8 || !seen[1] || !seen[8] {
		t.Errorf("numbers %v", numbers)
	}
	if n, err := s.Copied(t.Context(), reader("a"), a); err != nil || n != numbers[0] {
		t.Errorf("again: %d, %v", n, err)
	}
	renewed := a
	renewed.SHA256 = []byte{1}
	if n, err := s.Copied(t.Context(), reader("a"), renewed); err != nil || n != 9 {
		t.Errorf("of another file: %d, %v", n, err)
	}
	e, err := s.LastCopyOf(t.Context(), reader("a"), a)
	if err != nil || e.Field("copy") != "9" {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := s.LastCopyOf(t.Context(), reader("nobody"), a); document.KindOf(err) != document.NotFound {
		t.Errorf("who took none: %v", err)
	}
}
