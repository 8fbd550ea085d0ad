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
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"docsvc/internal/document"
)

// The engines.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Options say where the register is and how it is used.
type Options struct {
	Engine string           // SQLite or Postgres
	Now    func() time.Time // nil means time.Now
	Logger *slog.Logger     // nil means none
	// Observe, if any, is told of every transaction: "view", "update", "count" or
	// "session", how long it took with all it waited for, and how it ended.
	Observe func(op string, took time.Duration, err error)

	Path string // of the file, for SQLite
	// Readers is how many connections View may use at once in SQLite; 0 means 4.
	Readers int

	// DSN is the connection string for PostgreSQL: pairs or a URL as libpq takes
	// them; PG* variables count as usual. It may hold a password and is never
	// shown. Name all servers of a cluster; the one that takes writes is used.
	DSN string
	// Process is added to "docsvc" as application_name, for pg_stat_activity.
	Process string
	// AllowOwner opens a register with a role that may do more than the service
	// needs. It is for tests and evaluation.
	AllowOwner bool
	// ServiceRole is whom Migrate gives what the service needs, and no more;
	// empty means nobody.
	ServiceRole string
	// MaxConns bounds the connections of this process to PostgreSQL; 0 means 16.
	MaxConns int
	// StatementTimeout bounds a statement, and the wait for a connection; 0
	// means 30 s.
	StatementTimeout time.Duration
	// LockTimeout bounds the wait for a row that another transaction holds; 0
	// means 15 s. Longer than IdleTimeout, it outlasts a process that hangs.
	LockTimeout time.Duration
	// IdleTimeout bounds how long a transaction may do nothing before the server
	// ends it: nothing slow is done in one. 0 means 10 s.
	IdleTimeout time.Duration
	// ConnectTimeout bounds each attempt at an address; 0 means 5 s.
	ConnectTimeout time.Duration
	// ConnLifetime is after how long a connection is made anew, so that load
	// finds its way to a new server; 0 means 30 minutes.
	ConnLifetime time.Duration
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Observe == nil {
		o.Observe = func(string, time.Duration, error) {}
	}
	o.Readers = cmp.Or(o.Readers, 4)
	o.MaxConns = cmp.Or(o.MaxConns, 16)
	o.StatementTimeout = cmp.Or(o.StatementTimeout, 30*time.Second)
	o.LockTimeout = cmp.Or(o.LockTimeout, 15*time.Second)
	o.IdleTimeout = cmp.Or(o.IdleTimeout, 10*time.Second)
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, 5*time.Second)
	o.ConnLifetime = cmp.Or(o.ConnLifetime, 30*time.Minute)
	return o
}

// Register is an open register. It is safe for concurrent use, and several
// processes may have the same one open.
type Register struct {
	engine  engine
	now     func() time.Time
	log     *slog.Logger
	observe func(op string, took time.Duration, err error)
	swept   atomic.Int64 // when, in Unix nanoseconds
}

var _ document.Store = (*Register)(nil)

// engine runs transactions. Its update makes every change of fn durable, or
// none, before it returns.
type engine interface {
	view(ctx context.Context, fn func(q querier) error) error
	update(ctx context.Context, fn func(q querier) error) error
	// single runs one statement, which may run twice when its answer is lost.
	single(ctx context.Context, writes bool, fn func(q querier) error) error
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
	return &Register{engine: e, now: o.Now, log: o.Logger, observe: o.Observe}, nil
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
	return r.observed("view", func() error {
		return r.engine.view(ctx, func(q querier) error {
			t := &tx{q: q, now: r.now}
			return t.run(fn)
		})
	})
}

// Update runs fn and keeps its changes if it returns nil. In SQLite, fn must
// not call Update itself: there is one writer, and it is the caller.
func (r *Register) Update(ctx context.Context, fn func(tx document.Tx) error) error {
	return r.observed("update", func() error {
		return r.engine.update(ctx, func(q querier) error {
			t := &tx{q: q, now: r.now, writable: true}
			return t.run(fn)
		})
	})
}

// observed measures by the process's own clock, whatever the register's says.
func (r *Register) observed(op string, transaction func() error) error {
	start := time.Now()
	err := transaction()
	r.observe(op, time.Since(start), err)
	return err
}
