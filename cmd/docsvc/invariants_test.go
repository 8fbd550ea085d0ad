package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/document"
	"docsvc/internal/numbering"
	"docsvc/internal/signing"
)

// census looks at what a kill has left: it counts the acts under way, and what
// the register calls archived must be in the archive, at this very moment.
func (k *killer) census() {
	k.t.Helper()
	k.open(func(a *app) {
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
	k.open(func(a *app) {
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
		if k.check != nil {
			k.check(a, acts)
		}
	})
	k.close()
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
		if key := fmt.Sprint(k.key, k.first+i); count[key] != 1 {
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
		act.Level != string(signing.LevelBLTA) {
		k.t.Errorf("the file of %s at level %s: %+v, %v", act.Number, act.Level, report, err)
	}
	for _, s := range report.Signatures { // what was asked for, and never less
		if s.Level != signing.LevelBLTA {
			k.t.Errorf("a signature of %s is at level %s", act.Number, s.Level)
		}
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
