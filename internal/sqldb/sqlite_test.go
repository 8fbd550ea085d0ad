package sqldb

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"docsvc/internal/auth"
	"docsvc/internal/auth/authtest"
	"docsvc/internal/document"
	"docsvc/internal/sqldb/sqldbtest"
)

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		os.Exit(child())
	}
	os.Exit(m.Run())
}

// newSQLite makes an empty register in a folder of its own.
func newSQLite(tb testing.TB) (*Register, Options) {
	tb.Helper()
	o := Options{Engine: SQLite, Path: filepath.Join(tb.TempDir(), "register.db")}
	if err := Create(tb.Context(), o); err != nil {
		tb.Fatal(err)
	}
	return open(tb, o), o
}

func open(tb testing.TB, o Options) *Register {
	tb.Helper()
	r, err := Open(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := r.Close(); err != nil {
			tb.Errorf("closing: %v", err)
		}
	})
	return r
}

// rawDB is the register's database without the register's care.
func rawDB(tb testing.TB, o Options) *sql.DB {
	tb.Helper()
	db, _, _, err := migrationDB(o.withDefaults())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	return db
}

func TestSQLite(t *testing.T) {
	t.Run("older acts", func(t *testing.T) {
		testOlderActs(t, Options{Engine: SQLite, Path: filepath.Join(t.TempDir(), "register.db")})
	})
	t.Run("suite", func(t *testing.T) {
		sqldbtest.Run(t, func(t *testing.T) document.Store {
			t.Parallel()
			r, _ := newSQLite(t)
			return r
		})
	})
	t.Run("sessions", func(t *testing.T) {
		authtest.Run(t, func(t *testing.T) auth.Store {
			r, _ := newSQLite(t)
			return r
		})
		r, _ := newSQLite(t)
		testPurgeBounded(t, r)
	})
	t.Run("rates", func(t *testing.T) {
		_, o := newSQLite(t)
		testRates(t, func(now func() time.Time) *Register {
			o.Now = now
			return open(t, o)
		})
	})
	t.Run("guards", func(t *testing.T) {
		r, o := newSQLite(t)
		testGuards(t, r, rawDB(t, o))
	})
	t.Run("plans", func(t *testing.T) {
		r, _ := newSQLite(t)
		testSQLitePlans(t, r)
	})
	t.Run("find", func(t *testing.T) {
		r, _ := newSQLite(t)
		testBrokenOff(t, r)
		_, o := newSQLite(t)
		testFillWords(t, o)
	})
	t.Run("versions", func(t *testing.T) {
		o := Options{Engine: SQLite, Path: filepath.Join(t.TempDir(), "register.db")}
		testVersions(t, o)
	})
	t.Run("processes", func(t *testing.T) {
		r, o := newSQLite(t)
		testProcesses(t, r, o)
	})
	t.Run("kill", func(t *testing.T) {
		_, o := newSQLite(t)
		testKill(t, o)
	})
}

func TestFileMode(t *testing.T) {
	r, o := newSQLite(t)
	fill(t, r)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(o.Path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("register%s has mode %o", suffix, mode)
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	r, o := newSQLite(t)
	fill(t, r)
	before := dump(t, r)
	if err := Create(t.Context(), o); !errors.Is(err, document.ErrExists) {
		t.Errorf("Create over a register: %v", err)
	}
	if string(dump(t, r)) != string(before) {
		t.Error("Create changed the register that was there")
	}
	o.Path = filepath.Join(t.TempDir(), "none", "register.db")
	if err := Create(t.Context(), o); document.KindOf(err) != document.Unavailable {
		t.Errorf("Create without a folder: %v", err)
	}
}
