package sqldb

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// durable lists the tables that tell what happened, each with its order. What
// is only under way (jobs, leases, staged bytes, waiting events) is not there.
var durable = []struct{ table, order string }{
	{"account", "login"},
	{"enforcement_case", "number"},
	{"act", "number"},
	{"act_word", "act_id, word"},
	{"case_word", "case_id, word"},
	{"rendition", "act_id, sequence"},
	{"substitution", "id"},
	{"standing_proposal", "id"},
	{"delivery", "id"},
	{"sign_intent", "act_id, round, attempt"},
	{"authorisation", "id"},
	{"authorisation_item", "authorisation_id, n"},
	{"counter", "series"},
	{"audit_event", "id"},
	{"audit_link", "seq"},
	{"audit_subject", "subject, id"},
	{"ledger_entry", "id"},
	{"ledger_position", "position"},
	{"ledger_hash", "idx"},
	{"ledger_head", "one"},
}

// transient columns say who works on a row, not what it is, or what can be
// found out again by looking at the file.
var transient = map[string]bool{
	"act.epoch": true, "act.waits_for": true,
	"act.renew_by": true, "act.renew_spread": true, "rendition.renew_by": true,
	"ledger_head.owner": true, "ledger_head.lease_ends": true,
}

// Dump writes the durable rows of the named tables, of all without a name, as
// text: a line a row, the same for the same content whatever the engine. It is
// for comparing registers, not for loading them.
func (r *Register) Dump(ctx context.Context, w io.Writer, tables ...string) error {
	wanted := map[string]bool{}
	for _, t := range tables {
		wanted[t] = true
	}
	return r.engine.view(ctx, func(q querier) error {
		b := bufio.NewWriter(w)
		for _, d := range durable {
			if len(tables) > 0 && !wanted[d.table] {
				continue
			}
			delete(wanted, d.table)
			if err := dumpTable(ctx, b, q, d.table, d.order); err != nil {
				return fmt.Errorf("dumping %s: %w", d.table, err)
			}
		}
		for t := range wanted {
			return fmt.Errorf("dumping %s: no such durable table", t)
		}
		return b.Flush()
	})
}

func dumpTable(ctx context.Context, w *bufio.Writer, q querier, table, order string) error {
	rows, err := q.QueryContext(ctx, "SELECT * FROM "+table+" ORDER BY "+order)
	if err != nil {
		return translate(ctx, err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what went wrong
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values := make([]any, len(columns))
	dest := make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		line := []string{table}
		for i, c := range columns {
			if !transient[table+"."+c] {
				line = append(line, c+"="+dumpValue(values[i]))
			}
		}
		if _, err := w.WriteString(strings.Join(line, " ") + "\n"); err != nil {
			return err
		}
	}
	return rows.Err()
}

func dumpValue(v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case []byte:
		return hex.EncodeToString(v)
	case bool:
		if v {
			return "1"
		}
		return "0"
	case int64:
		return strconv.FormatInt(v, 10)
	case time.Time:
		return strconv.Quote(Time(v).String())
	default:
		return strconv.Quote(fmt.Sprint(v))
	}
}
