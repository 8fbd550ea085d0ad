package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresEngine leaves serialising and grouping of commits to the server. Its
// connections keep their prepared statements by themselves.
type postgresEngine struct {
	db *sql.DB
	// wait bounds how long a transaction waits for one of the connections.
	wait time.Duration
}

func openPostgres(ctx context.Context, o Options) (_ *postgresEngine, err error) {
	db, err := postgresDB(o, serving(o))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = db.Close()
		}
	}()
	p := &postgresEngine{db: db, wait: o.StatementTimeout}
	if err := p.check(ctx, o); err != nil {
		return nil, err
	}
	return p, nil
}

// check refuses a server that is not this register's, and a role that could
// undo what the register promises.
func (p *postgresEngine) check(ctx context.Context, o Options) error {
	return p.view(ctx, func(q querier) error {
		if err := checkVersion(ctx, q, Postgres); err != nil {
			return err
		}
		if o.AllowOwner {
			return nil
		}
		return checkRole(ctx, q)
	})
}

// update is READ COMMITTED: those who want the same row wait for one another,
// where a stricter level would make all but one start again. Guards in the
// statements do the rest.
func (p *postgresEngine) update(ctx context.Context, fn func(querier) error) error {
	return p.transact(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, fn)
}

// view sees one state of the register in all its queries.
func (p *postgresEngine) view(ctx context.Context, fn func(querier) error) error {
	return p.transact(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, fn)
}

// single runs a lone statement, which is a transaction by itself and saves the
// two round trips of begin and commit. It may run twice when its answer is
// lost: only what may be counted twice goes this way.
func (p *postgresEngine) single(ctx context.Context, _ bool, fn func(querier) error) error {
	return retry(ctx, func() error {
		c, err := p.connection(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }() // gives it back
		return fn(statements{c})
	})
}

func (p *postgresEngine) transact(ctx context.Context, o pgx.TxOptions, fn func(querier) error) error {
	return retry(ctx, func() error {
		c, err := p.connection(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }() // gives it back
		return once(ctx, c, o, fn)
	})
}

// connection takes one of the pool, or makes it.
func (p *postgresEngine) connection(ctx context.Context) (*sql.Conn, error) {
	waiting, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	c, err := p.db.Conn(waiting)
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	switch {
	case err == nil:
		return c, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case waiting.Err() != nil && !connecting:
		return nil, busy.wrap(fmt.Errorf("all %d connections are in use: %w", p.db.Stats().MaxOpenConnections, err))
	default:
		return nil, translate(ctx, err)
	}
}

// once runs fn in one transaction of the connection.
func once(ctx context.Context, c *sql.Conn, o pgx.TxOptions, fn func(querier) error) (err error) {
	var t pgx.Tx
	if err := onConn(c, func(conn *pgx.Conn) (err error) {
		t, err = conn.BeginTx(ctx, o)
		return err
	}); err != nil {
		return translate(ctx, err)
	}
	ended := false
	defer func() {
		if !ended { // also when fn panics
			rollback(c, t)
		}
	}()
	if err := fn(statements{c}); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if o.AccessMode == pgx.ReadOnly {
		return nil // there is nothing to keep
	}
	ended = true
	return commit(ctx, c, t)
}

// commit is not cut short by the end of ctx: then nobody would know whether the
// change was kept. What bounds it is the patience of the connection. The driver
// is not asked whether it may be repeated: it says so too when the answer to a
// statement without arguments was lost.
func commit(ctx context.Context, c *sql.Conn, t pgx.Tx) error {
	ctx = context.WithoutCancel(ctx)
	sent := false
	err := onConn(c, func(conn *pgx.Conn) error {
		if conn.IsClosed() {
			return pgconn.ErrConnClosed
		}
		sent = true
		return t.Commit(ctx)
	})
	switch {
	case err == nil:
		return nil
	case !sent || notCommitted(err):
		return translate(ctx, err)
	default:
		return unknown.wrap(unknownCommit{err})
	}
}

// notCommitted tells the answers to a commit by which surely nothing was kept. A
// server that ends a session (FATAL, PANIC) may do so after the commit.
func notCommitted(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.SeverityUnlocalized == "ERROR" || errors.Is(err, pgx.ErrTxCommitRollback)
}

// rollback ends the transaction, or else the connection: an open transaction
// would keep its rows from everybody.
func rollback(c *sql.Conn, t pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.Background(), rollbackPatience)
	defer cancel()
	_ = onConn(c, func(*pgx.Conn) error { return t.Rollback(ctx) })
}

const rollbackPatience = 5 * time.Second

// onConn hands out the driver's connection, and drops it from the pool when fn
// left it in a state that nobody else should meet.
func onConn(c *sql.Conn, fn func(conn *pgx.Conn) error) error {
	var answer error
	err := c.Raw(func(driven any) error {
		ours, ok := driven.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("sqldb: a connection of type %T", driven) // a fault of the program
		}
		conn := ours.Conn()
		answer = fn(conn)
		if answer != nil && (conn.IsClosed() || conn.PgConn().TxStatus() != 'I') {
			return driver.ErrBadConn
		}
		return nil
	})
	if answer != nil {
		return answer
	}
	return err
}

// statements runs the statements of one transaction. Other than [sql.Tx], a
// [sql.Conn] does not look whether the context has ended.
type statements struct{ c *sql.Conn }

func (s statements) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.c.ExecContext(ctx, query, args...)
}

func (s statements) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.c.QueryContext(ctx, query, args...)
}

func (p *postgresEngine) close() error { return p.db.Close() }
