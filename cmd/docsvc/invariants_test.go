package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/audit"
	"docsvc/internal/document"
	"docsvc/internal/ledger"
	"docsvc/internal/numbering"
	"docsvc/internal/signing"
)

// census looks at what a kill has left: it counts the acts under way, and what
// the register calls archived must be in the archive, at this very moment.
func (k *killer) census() {
	k.t.Helper()
	inOffice(k.t, k.dir, func(a *app) {
		for _, act := range k.acts(a) {
			if act.State != document.Archived {
				k.found[act.State]++
				if act.Path != "" || !act.ArchivedAt.IsZero() {
					k.t.Errorf("%s is %s and shown as archived at %s", act.Number, act.State, act.Path)
				}
				continue
			}
			if !k.checked[act.Number] {
				k.checked[act.Number] = true
				k.inArchive(a, act)
			}
		}
	})
}

// acts lists the acts of all cases.
func (k *killer) acts(a *app) []document.Act {
	k.t.Helper()
	var acts []document.Act
	err := a.Register.View(k.t.Context(), func(tx document.Tx) error {
		for _, number := range k.cases {
			c, err := tx.CaseByNumber(k.t.Context(), number)
			if err != nil {
				return err
			}
			list, err := tx.ActsOfCase(k.t.Context(), c.ID)
			if err != nil {
				return err
			}
			acts = append(acts, list...)
		}
		return nil
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return acts
}

// inArchive compares a row with its record and returns the file.
func (k *killer) inArchive(a *app, act document.Act) []byte {
	k.t.Helper()
	m, err := archive.ReadManifest(k.t.Context(), a.Archive, archive.Record{Year: act.IssuedAt.UTC().Year(), Number: act.Number})
	if err != nil {
		k.t.Errorf("%s is shown as archived: %v", act.Number, err)
		return nil
	}
	pdf, err := archive.ReadRendition(k.t.Context(), a.Archive, m.Record(), m.Renditions[0])
	if err != nil {
		k.t.Errorf("%s is shown as archived: %v", act.Number, err)
		return nil
	}
	if sum := sha256.Sum256(pdf); !bytes.Equal(sum[:], act.SHA256) || m.Code != act.Code {
		k.t.Errorf("the record of %s is not that of its row", act.Number)
	}
	return pdf
}

// checkAll checks everything that must hold when all work is done, and returns
// the number of acts.
func (k *killer) checkAll() int {
	k.t.Helper()
	var acts []document.Act
	inOffice(k.t, k.dir, func(a *app) {
		acts = k.acts(a)
		k.checkLines(a, acts)
		k.checkNumbers(a, acts)
		for _, act := range acts {
			k.checkAct(a, act)
		}
		k.checkRecords(a, acts)
		k.checkNothingWaits(a)
		k.checkAudit(a, acts)
		k.checkCheckpoints(a)
	})
	k.checkRebuild()
	return len(acts)
}

// checkLines: every line of every batch has exactly one act.
func (k *killer) checkLines(a *app, acts []document.Act) {
	k.t.Helper()
	count := map[string]int{}
	for _, act := range acts {
		count[act.RequestKey]++
	}
	for i := range k.lines {
		if key := fmt.Sprintf("kill/%d", i); count[key] != 1 {
			k.t.Errorf("line %s has %d acts", key, count[key])
		}
	}
	if len(acts) != k.lines {
		k.t.Errorf("%d acts for %d lines", len(acts), k.lines)
	}
	states := map[document.State]int{}
	err := a.Register.View(k.t.Context(), func(tx document.Tx) (err error) {
		states, err = tx.CountActs(k.t.Context())
		return err
	})
	if err != nil || states[document.Archived] != k.lines || len(states) != 1 {
		k.t.Errorf("the register counts %v, %v", states, err)
	}
}

// checkNumbers: the cases are numbered without a gap, so are the acts of each
// case, and each counter stands at the last number given.
func (k *killer) checkNumbers(a *app, acts []document.Act) {
	k.t.Helper()
	indexes, serials, codes := map[string][]int{}, []int64{}, map[string]bool{}
	for _, act := range acts {
		indexes[act.Case] = append(indexes[act.Case], act.Index)
		if codes[act.Code] {
			k.t.Errorf("code %s was given twice", act.Code)
		}
		codes[act.Code] = true
	}
	want := map[string]int64{}
	for _, number := range k.cases {
		n, err := a.Config.Numbers.Parse(number)
		if err != nil {
			k.t.Fatal(err)
		}
		serials = append(serials, n.Serial)
		want[a.Config.Numbers.Series(n.Year, n.Office)] = int64(len(k.cases))
		slices.Sort(indexes[number])
		for i, index := range indexes[number] {
			if index != i+1 {
				k.t.Errorf("case %s numbers its acts %v", number, indexes[number])
				break
			}
		}
		want[numbering.ActSeries(number)] = int64(len(indexes[number]))
	}
	slices.Sort(serials)
	for i, serial := range serials {
		if serial != int64(i)+1 {
			k.t.Errorf("the cases are numbered %v", serials)
			break
		}
	}
	var counters []document.Counter
	err := a.Register.View(k.t.Context(), func(tx document.Tx) (err error) {
		counters, err = tx.Counters(k.t.Context())
		return err
	})
	if err != nil || len(counters) != len(want) {
		k.t.Errorf("%d counters for %d series, %v", len(counters), len(want), err)
	}
	for _, c := range counters {
		if c.Value != want[c.Series] {
			k.t.Errorf("counter %s stands at %d after %d numbers", c.Series, c.Value, want[c.Series])
		}
	}
}

// checkAct: the archived file is the row's and verifies; the key was called
// for recorded intents only, and one of them brought the signature.
func (k *killer) checkAct(a *app, act document.Act) {
	k.t.Helper()
	pdf := k.inArchive(a, act)
	if pdf == nil {
		return
	}
	report, err := a.Service.Verifier.Verify(k.t.Context(), pdf, time.Time{})
	if err != nil || report.Indication != signing.TotalPassed || len(report.Signatures) != len(act.Signers) ||
		report.Signatures[0].Level != signing.LevelBT {
		k.t.Errorf("the file of %s: %+v, %v", act.Number, report, err)
	}
	var intents []document.SignIntent
	err = a.Register.View(k.t.Context(), func(tx document.Tx) (err error) {
		intents, err = tx.Intents(k.t.Context(), act.ID)
		return err
	})
	if err != nil {
		k.t.Fatal(err)
	}
	count := map[document.Outcome]int{}
	for _, i := range intents {
		count[i.Outcome]++
		k.outcomes[i.Outcome]++
	}
	if count[document.OutcomeSigned] != len(act.Signers) || count[document.OutcomeOpen] > 0 {
		k.t.Errorf("the intents of %s ended as %v", act.Number, count)
	}
}

// checkRecords: the archive holds these acts and no other.
func (k *killer) checkRecords(a *app, acts []document.Act) {
	k.t.Helper()
	records := map[string]int{}
	for m, err := range archive.Records(k.t.Context(), a.Archive) {
		if err != nil {
			k.t.Errorf("archive: %v", err)
			continue
		}
		records[m.Number]++
	}
	for _, act := range acts {
		if records[act.Number] != 1 {
			k.t.Errorf("%d records of %s", records[act.Number], act.Number)
		}
	}
	if len(records) != len(acts) {
		k.t.Errorf("%d records for %d acts", len(records), len(acts))
	}
}

// checkNothingWaits: no job, no event in the outbox, nothing out of the ledger.
func (k *killer) checkNothingWaits(a *app) {
	k.t.Helper()
	ctx := k.t.Context()
	if err := a.Service.Flush(ctx); err != nil {
		k.t.Error(err)
	}
	if err := a.Service.Sequence(ctx); err != nil {
		k.t.Error(err)
	}
	err := a.Register.View(ctx, func(tx document.Tx) error {
		jobs, _, err := tx.CountJobs(ctx)
		if err != nil {
			return err
		}
		outbox, err := tx.Outbox(ctx, 10)
		if err != nil {
			return err
		}
		leaves, err := tx.UnsequencedEntries(ctx, 10)
		if err != nil {
			return err
		}
		events, err := tx.UnchainedAudit(ctx, 10)
		if n := jobs + len(outbox) + len(leaves) + len(events); n > 0 {
			k.t.Errorf("%d jobs, %d events, %d leaves, %d audit events wait", jobs, len(outbox), len(leaves), len(events))
		}
		return err
	})
	if err != nil {
		k.t.Fatal(err)
	}
}

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
// cases and acts, and its ledger and audit trail begin with the same entries.
func (k *killer) checkRebuild() {
	k.t.Helper()
	ctx := k.t.Context()
	same := []string{"account", "enforcement_case", "act"}
	grown := []string{"audit_event", "audit_link", "ledger_entry", "ledger_position", "ledger_hash"}
	before := map[string]string{}
	for _, table := range append(same, grown...) {
		text, err := dumpRegister(ctx, k.dir, table)
		if err != nil {
			k.t.Fatal(err)
		}
		before[table] = text
	}
	if err := reconfigure(k.dir, map[string]any{"register": map[string]any{"sqlite": "rebuilt.db"}}); err != nil {
		k.t.Fatal(err)
	}
	rebuild := k.start("rebuild", "--data", k.dir, "--json")
	<-rebuild.done
	if rebuild.err != nil {
		k.t.Fatalf("rebuild: %v\n%s", rebuild.err, rebuild.stderr.String())
	}
	for _, table := range same {
		text, err := dumpRegister(ctx, k.dir, table)
		if err != nil || before[table] == "" {
			k.t.Errorf("%s: %d bytes, %v", table, len(before[table]), err)
		}
		if diff := firstDifference(before[table], text); diff != "" {
			k.t.Errorf("%s differs after a rebuild: %s", table, diff)
		}
	}
	for _, table := range grown {
		text, err := dumpRegister(ctx, k.dir, table)
		if err != nil {
			k.t.Fatal(err)
		}
		rows := map[string]bool{}
		for line := range strings.Lines(text) {
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
