package testservers

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"docsvc/internal/testservers/start"
)

// PostgresServer is a PostgreSQL server. Its own methods connect through its
// socket; a proxy is put between with Via and Addr.
type PostgresServer struct {
	*start.Postgres
	databases *atomic.Int64
}

// Postgres returns the server that the tests of this binary share. It keeps
// nothing: it does not wait for the disk.
func Postgres(tb testing.TB) *PostgresServer {
	tb.Helper()
	needPostgres(tb)
	return shared(tb, "postgres", func(ctx context.Context, dir string) (*PostgresServer, error) {
		return newPostgres(ctx, start.PostgresOptions{Dir: dir})
	})
}

// NewPostgres starts a server for this test alone, which waits for the disk if
// durable.
func NewPostgres(tb testing.TB, durable bool) *PostgresServer {
	tb.Helper()
	needPostgres(tb)
	return own(tb, "postgres", func(ctx context.Context, dir string) (*PostgresServer, error) {
		return newPostgres(ctx, start.PostgresOptions{Dir: dir, Durable: durable})
	})
}

func needPostgres(tb testing.TB) {
	tb.Helper()
	if _, err := start.FindPostgres(); err != nil {
		missing(tb, "postgres", err)
	}
}

func newPostgres(ctx context.Context, o start.PostgresOptions) (*PostgresServer, error) {
	p, err := start.NewPostgres(ctx, o)
	if err != nil {
		return nil, err
	}
	return &PostgresServer{Postgres: p, databases: new(atomic.Int64)}, nil
}

// NewSchema makes an empty schema of the database "postgres" and returns the
// superuser's connection string for it.
func (p *PostgresServer) NewSchema(tb testing.TB) (dsn string) {
	tb.Helper()
	name := fmt.Sprintf("register%d", p.databases.Add(1))
	p.Run(tb, p.DSN(), "CREATE SCHEMA "+name)
	return p.DSN() + " search_path=" + name
}

// NewDatabase makes an empty database and returns the superuser's connection
// string for it. It takes up to half a second, a schema a tenth of that.
func (p *PostgresServer) NewDatabase(tb testing.TB) (dsn string) {
	tb.Helper()
	name := fmt.Sprintf("register%d", p.databases.Add(1))
	p.Run(tb, p.DSN(), "CREATE DATABASE "+name)
	return p.DSNOf(name)
}

// Run runs statements and returns the rows they answer, fields separated by |.
func (p *PostgresServer) Run(tb testing.TB, dsn string, statements ...string) []string {
	tb.Helper()
	out, err := p.SQL(tb.Context(), dsn, statements...)
	if err != nil {
		tb.Fatal(err)
	}
	if out == "" {
		return nil
	}
	return strings.Split(out, "\n")
}
