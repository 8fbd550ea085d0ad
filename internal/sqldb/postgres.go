package sqldb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresEngine leaves serialising and grouping of commits to the server. Its
// connections keep their prepared statements by themselves.
type postgresEngine struct{ db *sql.DB }

func openPostgres(ctx context.Context, o Options) (*postgresEngine, error) {
	db, err := postgresDB(o)
	if err != nil {
		return nil, err
	}
	if err := checkVersion(ctx, db, Postgres); err != nil {
		_ = db.Close()
		return nil, err
	}
	return &postgresEngine{db}, nil
}

func postgresDB(o Options) (*sql.DB, error) {
	cfg, err := pgx.ParseConfig(o.DSN)
	if err != nil {
		return nil, fmt.Errorf("connection string: %w", err)
	}
	cfg.RuntimeParams["application_name"] = "docsvc"
	cfg.RuntimeParams["timezone"] = "UTC"
	cfg.RuntimeParams["synchronous_commit"] = "on" // whatever the role's default is
	// A process that hangs in a transaction must not hold a series' row for ever.
	cfg.RuntimeParams["idle_in_transaction_session_timeout"] = "60s"
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(o.Readers)
	db.SetMaxIdleConns(o.Readers)
	return db, nil
}

// update is READ COMMITTED: those who want the same row wait for one another,
// where a stricter level would make all but one start again. Guards in the
// statements do the rest.
func (p *postgresEngine) update(ctx context.Context, fn func(querier) error) error {
	return p.transact(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted}, fn)
}

// view sees one state of the register in all its queries.
func (p *postgresEngine) view(ctx context.Context, fn func(querier) error) error {
	return p.transact(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, fn)
}

func (p *postgresEngine) transact(ctx context.Context, opts *sql.TxOptions, fn func(querier) error) error {
	return retry(ctx, func() error {
		t, err := p.db.BeginTx(ctx, opts)
		if err != nil {
			return translate(err)
		}
		defer func() { _ = t.Rollback() }() // does nothing after the commit
		if err := fn(t); err != nil {
			return err
		}
		if err := t.Commit(); err != nil {
			return translate(err)
		}
		return nil
	})
}

func (p *postgresEngine) close() error { return p.db.Close() }
