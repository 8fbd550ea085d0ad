// Package sqldb is the register: it implements [document.Store] over SQLite and
// PostgreSQL through database/sql.
//
// There is one query text for both engines. It keeps to what was measured to
// mean the same in both: numbered placeholders, ON CONFLICT, RETURNING, partial
// indexes; never a lock clause, a cast, an engine's function or an engine's
// clock. Transactions are serialised in SQLite and READ COMMITTED in
// PostgreSQL, so every change that depends on what was read repeats that
// condition in its own WHERE and answers [document.ErrStale] when no row
// matches.
//
// Whatever error an engine reports ends its transaction here, as it does in
// PostgreSQL by nature: later calls on the same Tx answer that error and nothing
// is kept. [document.ErrExists], [document.ErrNotFound] and [document.ErrStale]
// of a single row are answers, not errors of the engine, and leave the
// transaction usable; so does nothing else.
//
// A file of this package holds the queries of one aggregate. Migrations lie in
// migrations/common and, where the engines differ, in a folder of their own.
package sqldb

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"docsvc/internal/document"
)

// The engines.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Options say where the register is.
type Options struct {
	Engine string // SQLite or Postgres
	Path   string // of the file, for SQLite
	DSN    string // connection string, for PostgreSQL; PG* variables count as usual
	// Readers is how many connections View may use at once; 0 means 4 in
	// SQLite. In PostgreSQL it bounds View and Update together; 0 means 16.
	Readers int
	Now     func() time.Time // nil means time.Now
	Logger  *slog.Logger     // nil means none
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Readers <= 0 {
		o.Readers = 4
		if o.Engine == Postgres {
			o.Readers = 16
		}
	}
	return o
}

// Register is an open register. It is safe for concurrent use, and several
// processes may have the same one open.
type Register struct {
	engine engine
	now    func() time.Time
}

var _ document.Store = (*Register)(nil)

// engine runs transactions. Its update makes every change of fn durable, or
// none, before it returns.
type engine interface {
	view(ctx context.Context, fn func(q querier) error) error
	update(ctx context.Context, fn func(q querier) error) error
	close() error
}

// Open opens an existing register. It creates nothing, and refuses a register
// whose schema is not exactly the one that this binary knows.
func Open(ctx context.Context, o Options) (*Register, error) {
	o = o.withDefaults()
	var (
		e   engine
		err error
	)
	switch o.Engine {
	case SQLite:
		e, err = openSQLite(ctx, o)
	case Postgres:
		e, err = openPostgres(ctx, o)
	default:
		return nil, fmt.Errorf("register engine %q: want %s or %s", o.Engine, SQLite, Postgres)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the register: %w", err)
	}
	return &Register{engine: e, now: o.Now}, nil
}

// Close ends all connections. Transactions must have ended.
func (r *Register) Close() error { return r.engine.close() }

// Commits counts the transactions that this process has committed to SQLite;
// each flushes the log to disk once. It is 0 for PostgreSQL, which flushes
// elsewhere.
func (r *Register) Commits() uint64 {
	if s, ok := r.engine.(*sqliteEngine); ok {
		return s.writer.commits.Load()
	}
	return 0
}

// View runs fn over one consistent state of the register.
func (r *Register) View(ctx context.Context, fn func(tx document.Tx) error) error {
	return r.engine.view(ctx, func(q querier) error {
		t := &tx{q: q, now: r.now}
		return t.run(fn)
	})
}

// Update runs fn and keeps its changes if it returns nil. In SQLite, fn must
// not call Update itself: there is one writer, and it is the caller.
func (r *Register) Update(ctx context.Context, fn func(tx document.Tx) error) error {
	return r.engine.update(ctx, func(q querier) error {
		t := &tx{q: q, now: r.now, writable: true}
		return t.run(fn)
	})
}
