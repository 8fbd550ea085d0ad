package sqldb

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"docsvc/internal/document"
)

//go:embed migrations
var migrations embed.FS

// tree is the migrations of one engine: the common ones and its own in one
// folder. A file, once released, is never edited.
type tree struct{ engine string }

// Open implements [fs.FS].
func (t tree) Open(name string) (fs.File, error) {
	f, err := migrations.Open("migrations/common/" + name)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = migrations.Open("migrations/" + t.engine + "/" + name)
	}
	return f, err
}

// ReadDir implements [fs.ReadDirFS]; there is only the root.
func (t tree) ReadDir(string) ([]fs.DirEntry, error) {
	var all []fs.DirEntry
	for _, dir := range []string{"common", t.engine} {
		entries, err := migrations.ReadDir("migrations/" + dir)
		if err != nil {
			return nil, err
		}
		all = append(all, entries...)
	}
	slices.SortFunc(all, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return all, nil
}

// known returns the version of the newest migration.
func (t tree) known() (int64, error) {
	files, err := t.ReadDir(".")
	if err != nil {
		return 0, err
	}
	return goose.NumericComponent(files[len(files)-1].Name())
}

// checkVersion refuses a schema that is not the one this binary knows.
func checkVersion(ctx context.Context, q querier, engine string) error {
	want, err := tree{engine}.known()
	if err != nil {
		return fmt.Errorf("embedded migrations: %w", err)
	}
	var have sql.NullInt64
	t := &tx{q: q}
	err = t.one(ctx, []any{&have}, `SELECT max(version_id) FROM goose_db_version`)
	switch {
	case err != nil && missingTable(err):
		return errors.New("it has no schema: run docsvc migrate")
	case err != nil:
		return fmt.Errorf("reading the schema's version: %w", err)
	case have.Int64 < want:
		return fmt.Errorf("its schema has version %d, this docsvc needs %d: run docsvc migrate", have.Int64, want)
	case have.Int64 > want:
		return fmt.Errorf("its schema has version %d, this docsvc knows no more than %d: run the newer docsvc", have.Int64, want)
	}
	return nil
}

// Create makes a new register with the newest schema. In PostgreSQL the
// database must exist. ErrExists says that there is a register already.
func Create(ctx context.Context, o Options) error {
	if o.Engine != SQLite {
		o.AllowOwner = true // who makes a register may own it
		if r, err := Open(ctx, o); err == nil {
			return errors.Join(document.ErrExists, r.Close())
		}
		return Migrate(ctx, o)
	}
	if err := createSQLite(o.Path); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("register %s: %w", o.Path, document.ErrExists)
		}
		return fmt.Errorf("creating the register: %w", readOnly.wrap(err))
	}
	err := Migrate(ctx, o)
	if err == nil {
		err = syncFolder(o.Path)
	}
	if err != nil {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			_ = os.Remove(o.Path + suffix) // ours alone so far; err says more
		}
		return fmt.Errorf("creating the register: %w", err)
	}
	return nil
}

// Migrate brings the schema of an existing register to the newest version, and
// in PostgreSQL gives the role of the service what it needs. Every migration is
// one transaction.
func Migrate(ctx context.Context, o Options) (err error) {
	o = o.withDefaults()
	db, dialect, options, err := migrationDB(o)
	if err != nil {
		return fmt.Errorf("migrating the register: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	p, err := goose.NewProvider(dialect, db, tree{o.Engine}, append(options,
		goose.WithDisableGlobalRegistry(true), goose.WithSlog(o.Logger))...)
	if err != nil {
		return fmt.Errorf("migrating the register: %w", err)
	}
	before, err := p.GetDBVersion(ctx)
	if err == nil {
		_, err = p.Up(ctx)
	}
	if err != nil {
		return fmt.Errorf("migrating the register: %w", translate(ctx, err))
	}
	if before > 0 { // a new register has no rows
		if err := fillWords(ctx, o); err != nil {
			return fmt.Errorf("migrating the register: %w", err)
		}
	}
	if o.Engine == Postgres && o.ServiceRole != "" {
		return grantService(ctx, o)
	}
	return nil
}

func migrationDB(o Options) (*sql.DB, goose.Dialect, []goose.ProviderOption, error) {
	switch o.Engine {
	case SQLite:
		dsn, err := sqliteDSN(o.Path, writing()...)
		if err != nil {
			return nil, "", nil, err
		}
		db, err := sql.Open("sqlite", dsn)
		if err != nil {
			return nil, "", nil, err
		}
		db.SetMaxOpenConns(1)
		return db, goose.DialectSQLite3, nil, nil
	case Postgres:
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, "", nil, err
		}
		db, err := postgresDB(o, migrating())
		return db, goose.DialectPostgres, []goose.ProviderOption{goose.WithSessionLocker(locker)}, err
	default:
		return nil, "", nil, fmt.Errorf("engine %q: want %s or %s", o.Engine, SQLite, Postgres)
	}
}
