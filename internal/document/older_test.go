package document_test

import (
	"errors"
	"os"
	"testing"

	"docsvc/internal/document"
	"docsvc/internal/sqldb"
)

// TestOlderRegister: a register that was restored from a backup knows less
// than the archive; nothing more is signed with it.
func TestOlderRegister(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	if err := s.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.register.Close(); err != nil {
		t.Fatal(err)
	}
	backup, err := os.ReadFile(w.path)
	if err != nil {
		t.Fatal(err)
	}
	w.reopen()
	s = w.process()
	if _, err := line(t.Context(), w, s); err != nil {
		t.Fatal(err)
	}
	if err := s.CheckRegister(t.Context()); err != nil {
		t.Errorf("the right register: %v", err)
	}
	before := len(w.archive.Keys())

	if err := w.register.Close(); err != nil {
		t.Fatal(err)
	}
	for _, log := range []string{"-wal", "-shm"} {
		if err := os.Remove(w.path + log); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(w.path, backup, 0o600); err != nil {
		t.Fatal(err)
	}
	w.reopen()
	s = w.process()
	if err := s.CheckRegister(t.Context()); document.KindOf(err) != document.Conflict {
		t.Errorf("an older register: %v", err)
	}
	w.staff(s) // makes audit events that want a checkpoint
	if err := s.Sequence(t.Context()); document.KindOf(err) != document.Conflict {
		t.Errorf("sequencing an older register: %v", err)
	}
	if now := len(w.archive.Keys()); now != before+len(w.officers) {
		t.Errorf("%d objects were archived, want the accounts' %d only", now-before, len(w.officers))
	}
}

// reopen opens the register's file again.
func (w *world) reopen() {
	w.t.Helper()
	var err error
	w.register, err = sqldb.Open(w.t.Context(), sqldb.Options{Engine: sqldb.SQLite, Path: w.path, Now: w.now})
	if err != nil {
		w.t.Fatal(err)
	}
	register := w.register
	w.t.Cleanup(func() { _ = register.Close() })
	w.store = &faultyStore{Store: w.register}
}
