package sqldb

import (
	"context"
	"database/sql"
)

// conn is one connection to SQLite with its prepared statements. Their number
// is bounded by the texts in this package. One goroutine uses it at a time.
type conn struct {
	c     *sql.Conn
	stmts map[string]*sql.Stmt
	// shielded connections do not pass the end of a context on to SQLite: an
	// interrupted write rolls the whole transaction back, and others take part
	// in it.
	shielded bool
}

func newConn(ctx context.Context, db *sql.DB, shielded bool) (*conn, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, translate(ctx, err)
	}
	return &conn{c: c, stmts: map[string]*sql.Stmt{}, shielded: shielded}, nil
}

// prepare makes sure that query is among the statements, and returns the context
// to run it under.
func (c *conn) prepare(ctx context.Context, query string) (context.Context, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c.shielded {
		ctx = context.WithoutCancel(ctx)
	}
	if _, ok := c.stmts[query]; ok {
		return ctx, nil
	}
	s, err := c.c.PrepareContext(ctx, query) //nolint:sqlclosecheck // lives as long as the connection: see close
	if err != nil {
		return nil, err
	}
	c.stmts[query] = s
	return ctx, nil
}

func (c *conn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return c.stmts[query].ExecContext(ctx, args...)
}

func (c *conn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return c.stmts[query].QueryContext(ctx, args...)
}

// do runs a statement of transaction control, which no context may stop.
func (c *conn) do(query string) error {
	_, err := c.ExecContext(context.Background(), query)
	return err
}

func (c *conn) close() error {
	for _, s := range c.stmts {
		_ = s.Close() // the connection goes with it
	}
	return c.c.Close()
}
