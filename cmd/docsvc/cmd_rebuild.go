package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"docsvc/internal/document"
	"docsvc/internal/sqldb"
)

// runRebuild restores the register from the archive. In SQLite it is built in a
// file of its own, which takes the register's place when it is whole: half a
// register would show annulled acts in force and give numbers again.
func runRebuild(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "rebuild")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	c, err := loadConfig(f)
	if err != nil {
		return err
	}
	var report document.RebuildReport
	if c.Register.Postgres != nil {
		report, err = rebuildInPlace(ctx, c, e)
	} else {
		report, err = rebuildFile(ctx, c, e)
	}
	if err != nil {
		return err
	}
	return printRebuild(e, f.json, report)
}

// rebuildInPlace restores the register into the empty schema of a PostgreSQL
// database. What a rebuild that was cut short leaves behind is older than the
// archive, and nothing works with it (document.Service.CheckRegister).
func rebuildInPlace(ctx context.Context, c Config, e env) (document.RebuildReport, error) {
	a, err := openApp(ctx, c, e.log)
	if err != nil {
		return document.RebuildReport{}, err
	}
	report, err := a.Service.Rebuild(ctx, operator())
	if err != nil && report.Accounts > 0 {
		err = fmt.Errorf("%w\nthe register is half restored: drop its schema, run docsvc migrate, and rebuild again", err)
	}
	return report, errors.Join(err, a.close())
}

// rebuildFile restores the register into a file that takes its place.
func rebuildFile(ctx context.Context, c Config, e env) (document.RebuildReport, error) {
	path := c.path(c.Register.SQLite)
	if err := mustBeEmpty(ctx, c, e); err != nil {
		return document.RebuildReport{}, err
	}
	c.Register.SQLite = path + ".rebuild"
	report, err := rebuildAside(ctx, c, e)
	if err != nil {
		return report, errors.Join(err, removeRegister(c.Register.SQLite))
	}
	if err := removeRegister(path); err != nil {
		return report, err
	}
	if err := os.Rename(c.Register.SQLite, path); err != nil {
		return report, err
	}
	return report, syncDir(filepath.Dir(path))
}

// mustBeEmpty refuses a register in which something has happened; one that is
// not there is empty.
func mustBeEmpty(ctx context.Context, c Config, e env) error {
	if _, err := os.Stat(c.path(c.Register.SQLite)); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	a, err := openApp(ctx, c, e.log)
	if err != nil {
		return err
	}
	return errors.Join(a.Service.MustBeEmpty(ctx), a.close())
}

// rebuildAside restores the register into a new file.
func rebuildAside(ctx context.Context, c Config, e env) (document.RebuildReport, error) {
	var report document.RebuildReport
	if err := removeRegister(c.Register.SQLite); err != nil { // of a rebuild that was cut short
		return report, err
	}
	if err := sqldb.Create(ctx, sqldb.Options{Engine: sqldb.SQLite, Path: c.Register.SQLite}); err != nil {
		return report, err
	}
	a, err := openApp(ctx, c, e.log)
	if err != nil {
		return report, err
	}
	report, err = a.Service.Rebuild(ctx, operator())
	if err = errors.Join(err, a.close()); err != nil {
		return report, err
	}
	// Closing has brought everything from the log into the file.
	if log, err := os.Stat(c.Register.SQLite + "-wal"); err == nil && log.Size() > 0 {
		return report, fmt.Errorf("another process has %s open", c.Register.SQLite)
	}
	return report, nil
}

// removeRegister removes the files of an SQLite register, if they are there.
func removeRegister(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func printRebuild(e env, asJSON bool, report document.RebuildReport) error {
	if asJSON {
		if err := printJSON(e.stdout, report); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(e.stdout, "restored %d cases, %d acts (%d superseded or annulled), %d voided numbers, %d ledger leaves, %d audit events\n",
			report.Cases, report.Acts, report.Changed, report.Voided, report.Leaves, report.Audit)
		for _, g := range report.Gaps {
			fmt.Fprintf(e.stdout, "gap in %s: %d to %d will not be given\n", g.Series, g.From, g.To)
		}
	}
	for _, p := range report.Problems {
		fmt.Fprintf(e.stderr, "PROBLEM: %s\n", p)
	}
	if len(report.Problems) > 0 {
		return errNo
	}
	return nil
}

// runMigrate brings the register's schema up to what this binary knows, under
// the role that owns it, and grants the service's role what it needs.
func runMigrate(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "migrate")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	c, err := loadConfig(f)
	if err != nil {
		return err
	}
	o, err := c.ownerOptions()
	if err != nil {
		return err
	}
	o.Logger = e.log
	return sqldb.Migrate(ctx, o)
}
