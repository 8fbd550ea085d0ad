package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"docsvc/internal/document"
)

// What an operator can do about an engine that does not work. The keys are
// messages of the catalogues; the English text is for the log.
var (
	diskFull    = trouble{"error.register.disk_full", "the disk of the register is full: free space on it"}
	readOnly    = trouble{"error.register.read_only", "the register cannot be written: check the owner and mode of its file and folder, how the disk is mounted, or whether the server is a standby"}
	ioError     = trouble{"error.register.io", "the disk of the register does not work: check the disk and the system's log"}
	damaged     = trouble{"error.register.damaged", "the register is damaged: stop docsvc, keep the file, and restore a backup or run docsvc rebuild"}
	busy        = trouble{"error.register.busy", "other processes hold the register: try again"}
	unreachable = trouble{"error.register.unreachable", "the register's server does not answer: check that it runs and can be reached"}
)

type trouble struct{ key, advice string }

func (t trouble) wrap(err error) error {
	return &document.Error{Kind: document.Unavailable, Key: t.key, Err: fmt.Errorf("%s: %w", t.advice, err)}
}

// translate turns an engine's error into the register's. It is the only place
// that knows their codes, save retryable and missingTable below.
func translate(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return translateSQLite(e.Code(), err)
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return translatePostgres(e.Code, err)
	}
	if disconnected(err) {
		return unreachable.wrap(err)
	}
	return err
}

func translateSQLite(code int, err error) error {
	switch code {
	case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE:
		return fmt.Errorf("%w: %w", document.ErrExists, err)
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return fmt.Errorf("%w: %w", document.ErrNotFound, err)
	}
	switch code & 0xff {
	case sqlite3.SQLITE_FULL:
		return diskFull.wrap(err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		return readOnly.wrap(err)
	case sqlite3.SQLITE_IOERR:
		return ioError.wrap(err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return damaged.wrap(err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return busy.wrap(err)
	}
	return err
}

// translatePostgres takes the codes of PostgreSQL's appendix A.
func translatePostgres(code string, err error) error {
	switch code {
	case "23505": // unique_violation
		return fmt.Errorf("%w: %w", document.ErrExists, err)
	case "23503": // foreign_key_violation
		return fmt.Errorf("%w: %w", document.ErrNotFound, err)
	case "53100": // disk_full
		return diskFull.wrap(err)
	case "25006": // read_only_sql_transaction
		return readOnly.wrap(err)
	case "58030": // io_error
		return ioError.wrap(err)
	case "XX001", "XX002": // data_corrupted, index_corrupted
		return damaged.wrap(err)
	case "40001", "40P01", "55P03", "53300": // serialization, deadlock, lock not available, too many connections
		return busy.wrap(err)
	}
	switch code[:min(2, len(code))] {
	case "08", "57": // connection exception, operator intervention
		return unreachable.wrap(err)
	}
	return err
}

func disconnected(err error) bool {
	_, connect := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[net.Error](err)
	return connect || network || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.ErrUnexpectedEOF)
}

// retryable tells the errors after which the whole transaction, of which
// nothing was kept, may simply run again.
func retryable(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()&0xff == sqlite3.SQLITE_BUSY
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "40001" || e.Code == "40P01"
	}
	return false
}

func missingTable(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "42P01"
	}
	return strings.Contains(err.Error(), "no such table")
}
