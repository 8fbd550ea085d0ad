package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"docsvc/internal/document"
)

// querier is what a transaction needs of a connection.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// tx is one transaction, or one savepoint in a shared one. Like every
// transaction it is for one goroutine.
type tx struct {
	q        querier
	now      func() time.Time
	writable bool
	failed   error // the engine's first error: it ends the transaction
}

var _ document.Tx = (*tx)(nil)

// errReadOnly is a fault of the program.
var errReadOnly = errors.New("sqldb: write in View")

// run calls fn and makes sure that an error of the engine is not lost, even if
// fn ignores it or answers another one.
func (t *tx) run(fn func(document.Tx) error) error {
	err := fn(t)
	if t.failed != nil && !errors.Is(err, t.failed) {
		return t.failed
	}
	return err
}

func (t *tx) fail(ctx context.Context, err error) error {
	t.failed = translate(ctx, err)
	return t.failed
}

// exec runs a statement and returns how many rows it touched.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	if t.failed != nil {
		return 0, t.failed
	}
	if !t.writable {
		return 0, t.fail(ctx, errReadOnly)
	}
	res, err := t.q.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, t.fail(ctx, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, t.fail(ctx, err)
	}
	return n, nil
}

// insert runs an INSERT … ON CONFLICT DO NOTHING of one row: no row means that
// a unique key is taken. In this way the answer does not end the transaction.
func (t *tx) insert(ctx context.Context, query string, args ...any) error {
	n, err := t.exec(ctx, query, args...)
	if err == nil && n == 0 {
		return document.ErrExists
	}
	return err
}

// swap runs an UPDATE with a guard: no row means that the guard did not hold.
func (t *tx) swap(ctx context.Context, query string, args ...any) error {
	n, err := t.exec(ctx, query, args...)
	if err == nil && n == 0 {
		return document.ErrStale
	}
	return err
}

// scan takes the columns of one row.
type scan func(dest ...any) error

// each calls fn for each row of the answer.
func (t *tx) each(ctx context.Context, fn func(scan) error, query string, args ...any) error {
	if t.failed != nil {
		return t.failed
	}
	rows, err := t.q.QueryContext(ctx, query, args...)
	if err != nil {
		return t.fail(ctx, err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what went wrong
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return t.fail(ctx, err)
		}
	}
	if err := rows.Err(); err != nil {
		return t.fail(ctx, err)
	}
	return nil
}

// one scans the only row of the answer into dest, or answers ErrNotFound.
func (t *tx) one(ctx context.Context, dest []any, query string, args ...any) error {
	found := false
	err := t.each(ctx, func(s scan) error {
		found = true
		return s(dest...)
	}, query, args...)
	if err == nil && !found {
		return document.ErrNotFound
	}
	return err
}

// bulkRows bounds the rows of one INSERT: far below the engines' limits on
// placeholders, and beyond it nothing is gained.
const bulkRows = 64

// bulk inserts many rows of some width: head is the statement up to VALUES.
// Row counts are powers of two, so that few statements need to be prepared. A
// taken key ends the transaction with ErrExists.
func (t *tx) bulk(ctx context.Context, head string, width int, args []any) error {
	for size := bulkRows; size > 0; size /= 2 {
		for len(args) >= size*width {
			query := head + placeholders(size, width)
			if _, err := t.exec(ctx, query, args[:size*width]...); err != nil {
				return err
			}
			args = args[size*width:]
		}
	}
	return nil
}

// in calls fn with lists for "IN (…)" and their arguments, of at most bulkRows.
// Lists are filled up with their last value to a power of two.
func in[V any](values []V, fn func(list string, args []any) error) error {
	for len(values) > 0 {
		part := values[:min(len(values), bulkRows)]
		values = values[len(part):]
		size := 1
		for size < len(part) {
			size *= 2
		}
		args := make([]any, size)
		for i := range args {
			args[i] = part[min(i, len(part)-1)]
		}
		if err := fn(placeholders(1, size), args); err != nil {
			return err
		}
	}
	return nil
}

// placeholders returns "($1,$2),($3,$4)" for two rows of two columns.
func placeholders(rows, width int) string {
	var b strings.Builder
	for i := range rows * width {
		switch {
		case i == 0:
			b.WriteByte('(')
		case i%width == 0:
			b.WriteString("),(")
		default:
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "$%d", i+1)
	}
	b.WriteByte(')')
	return b.String()
}

// nullable makes empty and missing bytes the same: NULL.
func nullable(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// filled is for columns in which empty bytes are a value.
func filled(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
