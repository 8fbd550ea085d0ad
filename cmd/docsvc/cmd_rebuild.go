package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"docsvc/internal/document"
	"docsvc/internal/sqldb"
)

// runRebuild restores an empty register from the archive. A register file that
// is not there is made first.
func runRebuild(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "rebuild")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	c, err := loadConfig(f)
	if err != nil {
		return err
	}
	path := c.path(c.Register.SQLite)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if err := sqldb.Create(ctx, sqldb.Options{Engine: sqldb.SQLite, Path: path}); err != nil {
			return err
		}
	}
	a, err := openApp(ctx, c, e.log)
	if err != nil {
		return err
	}
	report, err := a.Service.Rebuild(ctx, operator())
	if err = errors.Join(err, a.close()); err != nil {
		return err
	}
	return printRebuild(e, f.json, report)
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

// runMigrate brings the register's schema up to what this binary knows.
func runMigrate(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "migrate")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	c, err := loadConfig(f)
	if err != nil {
		return err
	}
	return sqldb.Migrate(ctx, sqldb.Options{Engine: sqldb.SQLite, Path: c.path(c.Register.SQLite), Logger: e.log})
}
