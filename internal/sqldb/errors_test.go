package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"docsvc/internal/document"
)

func TestTranslatePostgres(t *testing.T) {
	for code, want := range map[string]trouble{
		"53100": diskFull, "25006": standby, "42501": denied, "58030": ioError, "XX001": damaged, "XX002": damaged,
		"40001": busy, "40P01": busy, "55P03": busy, "53300": busy, "57014": busy,
		"08006": unreachable, "57P01": unreachable, "57P03": unreachable, "25P03": unreachable,
		"28P01": refused, "28000": refused, "3D000": refused,
	} {
		err := translate(t.Context(), fmt.Errorf("query: %w", &pgconn.PgError{Code: code}))
		if document.KindOf(err) != document.Unavailable || !isTrouble(err, want) {
			t.Errorf("%s: %v", code, err)
		}
	}
	for code, want := range map[string]error{"23505": document.ErrExists, "23503": document.ErrNotFound} {
		if err := translate(t.Context(), &pgconn.PgError{Code: code}); !errors.Is(err, want) {
			t.Errorf("%s: %v", code, err)
		}
	}
	for _, code := range []string{"23514", "42601", "", "X"} {
		if err := translate(t.Context(), &pgconn.PgError{Code: code}); document.KindOf(err) != document.Internal {
			t.Errorf("%q: %v", code, err)
		}
	}
}

// TestEndOfContext: the caller's end stays the caller's, and a limit of the
// driver's own is a server that does not answer.
func TestEndOfContext(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range []error{context.Canceled, driver.ErrBadConn, io.ErrUnexpectedEOF} {
		if got := translate(ended, err); !errors.Is(got, context.Canceled) || document.KindOf(got) != document.Internal {
			t.Errorf("%v became %v", err, got)
		}
	}
	if got := translate(t.Context(), context.Canceled); !errors.Is(got, context.Canceled) || document.KindOf(got) != document.Internal {
		t.Errorf("the end of another context became %v", got)
	}
	if got := translate(t.Context(), fmt.Errorf("timeout: %w", context.DeadlineExceeded)); !isTrouble(got, unreachable) {
		t.Errorf("the driver's own limit became %v", got)
	}
}

func TestUnreachable(t *testing.T) {
	_, err := Open(t.Context(), Options{Engine: Postgres, DSN: "host=" + t.TempDir() + " user=x dbname=y"})
	if !isTrouble(err, unreachable) {
		t.Errorf("no server: %v", err)
	}
}

func TestBusy(t *testing.T) {
	r, o := newSQLite(t)
	ctx := t.Context()
	if err := r.engine.(*sqliteEngine).writer.c.do("PRAGMA busy_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	hold, err := rawDB(t, o).BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	put := func() error {
		return r.Update(ctx, func(tx document.Tx) error { return tx.PutAccount(ctx, document.Account{Login: "x"}) })
	}
	if err := put(); !isTrouble(err, busy) {
		t.Errorf("while another process writes: %v", err)
	}
	if err := hold.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := put(); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestReadOnly(t *testing.T) {
	r, _ := newSQLite(t)
	ctx := t.Context()
	if err := r.engine.(*sqliteEngine).writer.c.do("PRAGMA query_only = 1"); err != nil {
		t.Fatal(err)
	}
	err := r.Update(ctx, func(tx document.Tx) error { return tx.PutAccount(ctx, document.Account{Login: "x"}) })
	if !isTrouble(err, readOnly) {
		t.Errorf("a register that cannot be written: %v", err)
	}
}

func TestDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "register.db")
	for name, content := range map[string][]byte{
		"text":         []byte("this is not a register, whatever its name says; it goes on for a while like this ……………"),
		"header alone": append([]byte("SQLite format 3\x00"), make([]byte, 4000)...),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Open(t.Context(), Options{Engine: SQLite, Path: path})
		if err == nil {
			_ = r.Close()
		}
		if !isTrouble(err, damaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Engine: SQLite, Path: path}); !isTrouble(err, readOnly) {
		t.Errorf("a folder: %v", err)
	}
}
