package sqldbtest

import (
	"errors"
	"fmt"
	"testing"

	"docsvc/internal/document"
)

// testAuditOf finds events by what they are about, and gives the number of a
// copy once.
func testAuditOf(t *testing.T, s document.Store) {
	ctx := t.Context()
	event := func(n int, subject, copied string) document.AuditRow {
		return document.AuditRow{ID: fmt.Sprintf("e-%04d", n), Data: fmt.Appendf(nil, `{"subject":%q,"detail":{"copy":%q}}`, subject, copied)}
	}
	rows := []document.AuditRow{
		event(1, "EI-1", "1"), event(2, "EI-2", "1"), event(3, "EI-1", ""), event(4, "EI-1", "2"), event(5, "EI-1", "-7"), event(6, "EI-1", "x"),
	}
	odd := document.AuditRow{ID: "e-0007", Data: []byte("\xff")} // not ours to judge
	update(t, s, func(tx document.Tx) error { return tx.InsertAudit(ctx, append(rows, odd)...) })
	view(t, s, func(tx document.Tx) error {
		got, err := tx.AuditOf(ctx, "EI-1", 3)
		same(t, "events", got, []document.AuditRow{rows[5], rows[4], rows[3]})
		none, noneErr := tx.AuditOf(ctx, "EI-3", 3)
		same(t, "events of no act", none, nil)
		last, lastErr := tx.LastCopy(ctx, "EI-1")
		same(t, "last copy", last, 2)
		first, firstErr := tx.LastCopy(ctx, "EI-3")
		same(t, "last copy of no act", first, 0)
		return errors.Join(err, noneErr, lastErr, firstErr)
	})
	refuse(t, s, document.ErrExists, func(tx document.Tx) error { return tx.InsertAudit(ctx, event(8, "EI-1", "2")) })
	update(t, s, func(tx document.Tx) error { return tx.InsertAudit(ctx, event(9, "EI-2", "2")) })
}
