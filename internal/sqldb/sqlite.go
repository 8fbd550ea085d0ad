package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// sqliteDSN returns the connection string of the file at path.
//
// A power cut loses nothing (WAL with synchronous FULL fsyncs each commit); a
// transaction that will write takes its lock at the start, because one that
// reads first and writes later fails when another has written in between; the
// log is copied back every 4,000 pages, because each time costs two more
// fsyncs.
func sqliteDSN(path string, pragmas ...string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("path of the register: %w", err)
	}
	q := url.Values{
		"mode":    {"rw"},
		"_txlock": {"immediate"},
		"_pragma": append([]string{
			"busy_timeout(2000)",
			"foreign_keys(1)",
			"recursive_triggers(1)",
			"trusted_schema(0)",
			"temp_store(memory)",
		}, pragmas...),
	}
	return (&url.URL{Scheme: "file", Path: abs, RawQuery: q.Encode()}).String(), nil
}

// writing are the pragmas of connections that write.
func writing() []string {
	return []string{
		"journal_mode(wal)",
		"synchronous(full)",
		"wal_autocheckpoint(4000)",
		"journal_size_limit(67108864)",
		"cache_size(-16000)",
	}
}

// sqliteEngine has one connection that writes and several that read.
type sqliteEngine struct {
	writer  writer
	readers chan *conn
	dbs     []*sql.DB
}

func openSQLite(ctx context.Context, o Options) (_ *sqliteEngine, err error) {
	if _, err := os.Stat(o.Path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no register at %s, run docsvc init: %w", o.Path, err)
	} else if err != nil {
		return nil, readOnly.wrap(err)
	}
	s := &sqliteEngine{readers: make(chan *conn, o.Readers)}
	defer func() {
		if err != nil {
			_ = s.close()
		}
	}()
	if s.writer.c, err = s.connect(ctx, o.Path, true, writing()...); err != nil {
		return nil, err
	}
	if err := checkDurability(ctx, s.writer.c); err != nil {
		return nil, err
	}
	if err := checkVersion(ctx, s.writer.c, SQLite); err != nil {
		return nil, err
	}
	for range o.Readers {
		c, err := s.connect(ctx, o.Path, false, "query_only(1)", "cache_size(-4000)")
		if err != nil {
			return nil, err
		}
		s.readers <- c
	}
	return s, nil
}

func (s *sqliteEngine) connect(ctx context.Context, path string, shielded bool, pragmas ...string) (*conn, error) {
	dsn, err := sqliteDSN(path, pragmas...)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	s.dbs = append(s.dbs, db)
	return newConn(ctx, db, shielded)
}

// checkDurability makes sure that SQLite took the settings on which durability
// rests: it ignores those that it cannot follow.
func checkDurability(ctx context.Context, c *conn) error {
	var (
		mode        string
		synchronous int
	)
	t := &tx{q: c}
	if err := t.one(ctx, []any{&mode}, "PRAGMA journal_mode"); err != nil {
		return err
	}
	if err := t.one(ctx, []any{&synchronous}, "PRAGMA synchronous"); err != nil {
		return err
	}
	if mode != "wal" || synchronous < 2 {
		return fmt.Errorf("journal mode %s, synchronous %d: want wal and 2; the disk may not support it", mode, synchronous)
	}
	return nil
}

func (s *sqliteEngine) update(ctx context.Context, fn func(querier) error) error {
	return s.writer.update(ctx, fn)
}

func (s *sqliteEngine) view(ctx context.Context, fn func(querier) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var c *conn
	select {
	case c = <-s.readers:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.readers <- c }()
	return retry(ctx, func() error {
		if err := c.do("BEGIN"); err != nil {
			return translate(ctx, err)
		}
		defer func() { _ = c.do("ROLLBACK") }() // there is nothing to keep
		return fn(c)
	})
}

func (s *sqliteEngine) single(ctx context.Context, writes bool, fn func(querier) error) error {
	if writes {
		return s.update(ctx, fn)
	}
	return s.view(ctx, fn)
}

func (s *sqliteEngine) close() error {
	var errs []error
	if s.writer.c != nil {
		errs = append(errs, s.writer.c.close())
	}
	for len(s.readers) > 0 {
		errs = append(errs, (<-s.readers).close())
	}
	for _, db := range s.dbs {
		errs = append(errs, db.Close())
	}
	return errors.Join(errs...)
}

// createSQLite makes an empty file that only its owner may read; SQLite gives
// the same mode to the files beside it.
func createSQLite(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// syncFolder makes the file's name durable.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
