package sqldb

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"docsvc/internal/document"
)

// testOlderActs migrates a register from before renditions were kept: its
// archived acts have their first one, and those with a time-stamp are to be
// looked at.
func testOlderActs(t *testing.T, o Options) {
	ctx := t.Context()
	o = o.withDefaults()
	if o.Engine == SQLite {
		if err := createSQLite(o.Path); err != nil {
			t.Fatal(err)
		}
	}
	db, dialect, _, err := migrationDB(o)
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(dialect, db, tree{o.Engine}, goose.WithDisableGlobalRegistry(true))
	if err == nil {
		_, err = p.UpTo(ctx, 13)
	}
	if err != nil {
		t.Fatal(err)
	}
	at := Time(noon).String()
	for _, statement := range []string{
		`INSERT INTO enforcement_case VALUES ('c', 'EI', '', '', '', '', '', '', NULL, '', '', '{}')`,
		olderAct("a1", "archived", "B-T", at), olderAct("a2", "archived", "B-B", at), olderAct("a3", "prepared", "B-T", at),
		`INSERT INTO job VALUES ('a3', '` + at + `', '` + at + `', '', 2, 'down')`,
		`INSERT INTO staging (act_id, round, base_size) VALUES ('a3', 0, 0)`,
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Migrate(ctx, o); err != nil {
		t.Fatal(err)
	}
	r := open(t, o)
	check := func(what string, got, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	err = r.View(ctx, func(tx document.Tx) error {
		list, err := tx.Renditions(ctx, "a1")
		check("renditions", list, []document.Rendition{
			{ActID: "a1", Sequence: 1, SHA256: []byte("hash"), Path: "path", Level: "B-T", CreatedAt: noon},
		})
		if err != nil {
			return err
		}
		due, err := tx.ActsToRenew(ctx, time.Unix(1, 0), document.RenewalCursor{}, 10)
		if len(due) != 1 || due[0].ID != "a1" || due[0].Rendition != 1 || due[0].Certify || !due[0].RenewBy.IsZero() {
			t.Errorf("to be looked at: %+v", due)
		}
		if err != nil {
			return err
		}
		job, err := tx.JobByAct(ctx, "a3")
		check("job", job, document.Job{
			ActID: "a3", RunAfter: noon, LeaseEnds: noon, Attempts: 2, LastError: "down",
			Reason: document.WaitsForOther, Since: noon,
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func olderAct(id, state, level, at string) string {
	return `INSERT INTO act (id, case_id, case_number, number, idx, office, officer, date, template, version, level,
		evaluation, code, request_key, state, round, epoch, waits_for, sha256, path, archived_at, void_reason, standing,
		changed_by, reason, search_key, signers, retain_until)
		SELECT '` + id + `', 'c', 'EI', '` + id + `', count(*) + 1, '', '', '', '', '', '` + level + `',
		false, '` + id + `', '', '` + state + `', 0, 0, '', 'hash', 'path', '` + at + `', '', '', '', '', '', '[]', '2099-01-01T00:00:00.000000Z' FROM act`
}
