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
	readOnly    = trouble{"error.register.read_only", "the register cannot be written: check the owner and mode of its file and folder, and how the disk is mounted"}
	standby     = trouble{"error.register.read_only", "the register's server takes no writes, as a standby does: name all servers in the connection string, and look which of them is the primary"}
	denied      = trouble{"error.register.read_only", "the role of the connection lacks a privilege: run deploy/postgres/roles.sql as a superuser and docsvc migrate as the owner of the tables"}
	ioError     = trouble{"error.register.io", "the disk of the register does not work: check the disk and the system's log"}
	damaged     = trouble{"error.register.damaged", "the register is damaged: stop docsvc, keep the file, and restore a backup or run docsvc rebuild"}
	busy        = trouble{"error.register.busy", "other processes hold the register: try again"}
	unreachable = trouble{"error.register.unreachable", "the register's server does not answer: check that it runs and can be reached"}
	refused     = trouble{"error.register.unreachable", "the register's server refuses the login: check the name of the database, the role, its password or certificate, and pg_hba.conf"}
	unknown     = trouble{"error.register.unreachable", "the connection broke at the commit: whether the change was kept must be read from the register"}
)

type trouble struct{ key, advice string }

func (t trouble) wrap(err error) error {
	return &document.Error{Kind: document.Unavailable, Key: t.key, Err: fmt.Errorf("%s: %w", t.advice, err)}
}

// errStandby is the answer to a connection that reached a server without writes.
var errStandby = errors.New("the server is read-only")

// unknownCommit marks a commit whose answer was lost: the transaction must not
// run again.
type unknownCommit struct{ err error }

func (u unknownCommit) Error() string { return u.err.Error() }
func (u unknownCommit) Unwrap() error { return u.err }

// translate turns an engine's error into the register's. It is the only place
// that knows their codes, save retryable and missingTable below. The end of ctx
// stays what it is; a limit that the driver set itself is a server that does not
// answer.
func translate(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil && (endOfContext(err) || disconnected(err)) {
		return ended
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return translateSQLite(e.Code(), err)
	}
	if errors.Is(err, errStandby) {
		return standby.wrap(err)
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return translatePostgres(e.Code, err)
	}
	if disconnected(err) {
		return unreachable.wrap(err)
	}
	return err
}

func endOfContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
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
		return standby.wrap(err)
	case "42501": // insufficient_privilege
		return denied.wrap(err)
	case "58030": // io_error
		return ioError.wrap(err)
	case "XX001", "XX002": // data_corrupted, index_corrupted
		return damaged.wrap(err)
	case "40001", "40P01", "55P03", "53300", "57014": // serialization, deadlock, no lock, no connection, time is up
		return busy.wrap(err)
	case "28000", "28P01", "3D000": // invalid authorization, wrong password, no such database
		return refused.wrap(err)
	case "25P03": // idle_in_transaction_session_timeout
		return unreachable.wrap(err)
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
	return connect || network || pgconn.Timeout(err) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, pgconn.ErrConnClosed) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, context.DeadlineExceeded)
}

// retryable tells the errors after which the whole transaction, of which
// nothing was kept, may simply run again: others were in its way, or the
// connection broke before the commit was sent.
func retryable(err error) bool {
	if _, ok := errors.AsType[unknownCommit](err); ok {
		return false
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()&0xff == sqlite3.SQLITE_BUSY
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code {
		case "40001", "40P01", "55P03", "53300", "25P03", "57P01", "57P02", "57P03":
			return true
		}
		return strings.HasPrefix(e.Code, "08")
	}
	e, ok := errors.AsType[*document.Error](err)
	return ok && e.Key == unreachable.key && disconnected(err)
}

func missingTable(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "42P01"
	}
	return strings.Contains(err.Error(), "no such table")
}
