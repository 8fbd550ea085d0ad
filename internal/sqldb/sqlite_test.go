package sqldb_test

import (
	"path/filepath"
	"testing"

	"docsvc/internal/document"
	"docsvc/internal/sqldb"
	"docsvc/internal/sqldb/sqldbtest"
)

// newSQLite makes an empty register in a folder of its own.
func newSQLite(tb testing.TB) (*sqldb.Register, sqldb.Options) {
	tb.Helper()
	o := sqldb.Options{Engine: sqldb.SQLite, Path: filepath.Join(tb.TempDir(), "register.db")}
	if err := sqldb.Create(tb.Context(), o); err != nil {
		tb.Fatal(err)
	}
	return open(tb, o), o
}

func open(tb testing.TB, o sqldb.Options) *sqldb.Register {
	tb.Helper()
	r, err := sqldb.Open(tb.Context(), o)
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

func TestSQLite(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T) document.Store {
		r, _ := newSQLite(t)
		return r
	})
}
