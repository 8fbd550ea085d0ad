package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"docsvc/internal/archive"
	"docsvc/internal/audit"
	"docsvc/internal/document"
	"docsvc/internal/ledger"
)

// auditTrail reads and verifies the whole chain.
func auditTrail(ctx context.Context, a *app) (events []audit.Event, head audit.Head, err error) {
	const page = 1000
	rows := func(yield func(audit.Row, error) bool) {
		for from := int64(1); ; from += page {
			var data []document.AuditRow
			var links []document.AuditLink
			err := a.Register.View(ctx, func(tx document.Tx) (err error) {
				data, links, err = tx.AuditChain(ctx, from, page)
				return err
			})
			if err != nil {
				yield(audit.Row{}, err)
				return
			}
			for i := range data {
				e, err := audit.Decode(data[i].Data)
				events = append(events, e)
				if !yield(audit.Row{Seq: links[i].Seq, Data: data[i].Data, Hash: audit.Hash(links[i].Hash)}, err) {
					return
				}
			}
			if len(data) < page {
				return
			}
		}
	}
	head, err = audit.VerifyChain(audit.Head{}, rows)
	return events, head, err
}

// checkAudit: the chain verifies up to what the ledger anchors, and tells of
// each act that it was issued, signed and archived once.
func (k *killer) checkAudit(a *app, acts []document.Act) {
	k.t.Helper()
	events, chain, err := auditTrail(k.t.Context(), a)
	if err != nil {
		k.t.Error(err)
	}
	var head document.LedgerHead
	if err := a.Register.View(k.t.Context(), func(tx document.Tx) (err error) {
		head, err = tx.LedgerHead(k.t.Context())
		return err
	}); err != nil || head.AuditSeq != chain.Seq || head.PublishedAudit != chain.Seq {
		k.t.Errorf("the chain has %d events, the ledger anchors %d and has published %d, %v", chain.Seq, head.AuditSeq, head.PublishedAudit, err)
	}
	count := map[string]int{}
	for _, e := range events {
		count[string(e.Kind)+" "+e.Subject]++
	}
	for _, act := range acts {
		for _, kind := range []audit.Kind{audit.ActIssued, audit.SignDone, audit.ActSigned, audit.ActArchived} {
			if n := count[string(kind)+" "+act.Number]; n != 1 {
				k.t.Errorf("the audit trail tells %d times %s of %s", n, kind, act.Number)
			}
		}
	}
}

// checkCheckpoints: every checkpoint in the archive is a beginning of the log
// as it stands, and the newest is the whole of it.
func (k *killer) checkCheckpoints(a *app) {
	k.t.Helper()
	ctx := k.t.Context()
	var head document.LedgerHead
	if err := a.Register.View(ctx, func(tx document.Tx) (err error) {
		head, err = tx.LedgerHead(ctx)
		return err
	}); err != nil {
		k.t.Fatal(err)
	}
	now, err := a.Service.LedgerKeys.Open(head.Checkpoint)
	if err != nil || now.Size != head.Size {
		k.t.Fatalf("checkpoint over %d of %d leaves, %v", now.Size, head.Size, err)
	}
	n := 0
	for e, err := range archive.Events(ctx, a.Archive, archive.KindCheckpoint) {
		if err != nil {
			k.t.Error(err)
			continue
		}
		var body struct {
			Checkpoint string `json:"checkpoint"`
		}
		if err := json.Unmarshal(e.Body, &body); err != nil {
			k.t.Fatal(err)
		}
		old, err := a.Service.LedgerKeys.Open([]byte(body.Checkpoint))
		if err == nil {
			err = ledger.CheckPrefix(old, now, a.Service.Hashes(ctx))
		}
		if err != nil {
			k.t.Errorf("checkpoint %s: %v", e.ID, err)
		}
		n++
	}
	if n == 0 {
		k.t.Error("no checkpoint in the archive")
	}
	k.t.Logf("%d archived checkpoints are beginnings of the log of %d leaves", n, now.Size)
}

// checkRebuild: a register that is made from the archive alone holds the same
// cases, acts and consents, and its ledger and audit trail begin with the same
// entries.
func (k *killer) checkRebuild() {
	k.t.Helper()
	same := []string{"account", "enforcement_case", "act", "authorisation", "authorisation_item"}
	grown := []string{"audit_event", "audit_link", "ledger_entry", "ledger_position", "ledger_hash"}
	before := k.dump(append(same, grown...))
	if before["act"] == "" {
		k.t.Error("no act before the rebuild")
	}
	if err := k.empty(); err != nil {
		k.t.Fatal(err)
	}
	rebuild := k.start("rebuild", "--json")
	<-rebuild.done
	if rebuild.err != nil {
		k.t.Fatalf("rebuild: %v\n%s", rebuild.err, rebuild.stderr.String())
	}
	after := k.dump(append(same, grown...))
	for _, table := range same {
		if diff := firstDifference(before[table], after[table]); diff != "" {
			k.t.Errorf("%s differs after a rebuild: %s", table, diff)
		}
	}
	for _, table := range grown {
		rows := map[string]bool{}
		for line := range strings.Lines(after[table]) {
			rows[line] = true
		}
		for line := range strings.Lines(before[table]) {
			if !rows[line] {
				k.t.Errorf("%s lacks a row after a rebuild: %.200s", table, line)
				break
			}
		}
	}
}

// dump reads tables of the register. Of authorisations those that were used
// count: the others came to nothing and are not in the archive.
func (k *killer) dump(tables []string) map[string]string {
	k.t.Helper()
	dumps := map[string]string{}
	used := map[string]bool{}
	for _, table := range tables { // authorisation stands before its items
		text, err := dumpRegister(k.t.Context(), k.dir, table)
		if err != nil {
			k.t.Fatal(err)
		}
		var kept strings.Builder
		for line := range strings.Lines(text) {
			id := strings.TrimPrefix(strings.TrimPrefix(firstField(line), "authorisation_"), "id=")
			switch {
			case table == "authorisation" && strings.Contains(line, ` state="used"`):
				used[id] = true
			case table == "authorisation" || table == "authorisation_item" && !used[id]:
				continue
			}
			kept.WriteString(line)
		}
		dumps[table] = kept.String()
	}
	return dumps
}

// firstField is the first column of a dumped row.
func firstField(line string) string {
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return ""
	}
	return fields[1]
}

// firstDifference names the first column in which two dumps of a table differ.
func firstDifference(before, after string) string {
	rows, others := strings.Split(before, "\n"), strings.Split(after, "\n")
	if len(rows) != len(others) {
		return fmt.Sprintf("%d rows, %d after", len(rows)-1, len(others)-1)
	}
	for i := range rows {
		a, b := strings.Fields(rows[i]), strings.Fields(others[i])
		for j := range min(len(a), len(b)) {
			if a[j] != b[j] {
				return fmt.Sprintf("row %d: %.200s, %.200s after", i+1, a[j], b[j])
			}
		}
		if rows[i] != others[i] {
			return fmt.Sprintf("row %d has %d and %d columns", i+1, len(a), len(b))
		}
	}
	return ""
}
