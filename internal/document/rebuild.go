package document

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"docsvc/internal/archive"
	"docsvc/internal/audit"
	"docsvc/internal/numbering"
)

// RebuildReport says what a rebuild found.
type RebuildReport struct {
	Accounts int `json:"accounts"`
	Cases    int `json:"cases"`
	Acts     int `json:"acts"`
	Voided   int `json:"voided"`
	Changed  int `json:"changed"` // superseded or annulled
	Renewed  int `json:"renewed"` // further renditions
	// Delivered counts the records of service of an act.
	Delivered int      `json:"delivered"`
	Leaves    int64    `json:"leaves"`
	Audit     int64    `json:"audit_events"`
	Gaps      []Gap    `json:"gaps"`
	Problems  []string `json:"problems"` // damaged or missing objects; empty is good
}

// Gap is a range of numbers that the lost register may have given and the
// archive knows nothing of. They are never given again.
type Gap struct {
	Series string `json:"series"`
	From   int64  `json:"from"`
	To     int64  `json:"to"`
}

// Rebuild restores an empty register from the archive alone: accounts, cases,
// acts with their standing, voided numbers, counters, the ledger and the audit
// trail. Numbering continues after the high-water mark of each series, the gap
// is recorded, and the ledger goes on from its last archived checkpoint.
//
// Intents and staged bytes are not in the archive: acts that were not archived
// when the register was lost are gone, and their numbers lie in a gap.
func (s *Service) Rebuild(ctx context.Context, actor Actor) (RebuildReport, error) {
	if err := s.MustBeEmpty(ctx); err != nil {
		return RebuildReport{}, err
	}
	r := rebuild{
		Service: s, cases: map[string]bool{}, high: map[string]int64{}, used: map[string]int64{},
		leaves: map[string]string{}, sequenced: map[string]bool{},
	}
	for _, step := range []func(context.Context) error{
		r.accounts, r.substitutions, r.authorisations, r.registrations, r.counters, r.records, r.renewals, r.voids, r.standings,
		r.deliveries, r.numbers, r.ledger,
	} {
		if err := step(ctx); err != nil {
			return r.report, fmt.Errorf("rebuild: %w", err)
		}
	}
	err := s.Store.Update(ctx, func(tx Tx) error {
		for _, g := range r.report.Gaps {
			detail := map[string]string{"from": fmt.Sprint(g.From), "to": fmt.Sprint(g.To)}
			if err := s.record(ctx, tx, actor, audit.NumberGap, g.Series, detail); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, actor, audit.Rebuilt, "register", nil)
	})
	if err != nil {
		return r.report, fmt.Errorf("rebuild: %w", err)
	}
	return r.report, s.Sequence(ctx)
}

// MustBeEmpty refuses a register that a rebuild would mix with the archive.
func (s *Service) MustBeEmpty(ctx context.Context) error {
	return s.Store.View(ctx, func(tx Tx) error {
		acts, err := tx.CountActs(ctx)
		if err != nil {
			return err
		}
		counters, err := tx.Counters(ctx)
		if err != nil {
			return err
		}
		head, err := tx.LedgerHead(ctx)
		if err != nil {
			return err
		}
		if len(acts) > 0 || len(counters) > 0 || head.Size > 0 {
			return newError(Conflict, "error.rebuild.not_empty", nil)
		}
		return nil
	})
}

// rebuild is one run of Rebuild.
type rebuild struct {
	*Service
	report  RebuildReport
	damaged []error           // events
	cases   map[string]bool   // ids of the restored ones
	high    map[string]int64  // high-water mark by series
	used    map[string]int64  // greatest number found by series
	lost    int64             // damaged events of counters
	leaves  map[string]string // encoded leaf of each archived object → act id
	// sequenced holds the leaves that an archived segment has.
	sequenced map[string]bool
	anchors   []AuditLink // the last one of each segment
}

func (r *rebuild) problem(format string, args ...any) {
	r.report.Problems = append(r.report.Problems, fmt.Sprintf(format, args...))
}

// each walks the events of a kind; a damaged one becomes a problem.
func (r *rebuild) each(ctx context.Context, kind archive.Kind, fn func(archive.Event) error) error {
	for e, err := range archive.Events(ctx, r.Archive, kind) {
		if errors.Is(err, archive.ErrDamaged) {
			r.damaged = append(r.damaged, err)
			r.problem("%v", err)
			continue
		}
		if err != nil {
			return unavailable(err)
		}
		if err := fn(e); err != nil {
			return fmt.Errorf("event %s of %s: %w", e.ID, e.Subject, err)
		}
	}
	return nil
}

func (r *rebuild) authorisations(ctx context.Context) error {
	return r.each(ctx, archive.KindAuthorisation, func(e archive.Event) error {
		var a Authorisation
		if err := json.Unmarshal(e.Body, &a); err != nil {
			return err
		}
		return r.Store.Update(ctx, func(tx Tx) error { return tx.InsertAuthorisation(ctx, a) })
	})
}

func (r *rebuild) accounts(ctx context.Context) error {
	return r.each(ctx, archive.KindAccount, func(e archive.Event) error {
		var a Account
		if err := json.Unmarshal(e.Body, &a); err != nil {
			return err
		}
		r.report.Accounts++
		return r.Store.Update(ctx, func(tx Tx) error { return tx.PutAccount(ctx, a) })
	})
}

func (r *rebuild) registrations(ctx context.Context) error {
	return r.each(ctx, archive.KindCase, func(e archive.Event) error {
		var b caseRegistered
		if err := json.Unmarshal(e.Body, &b); err != nil {
			return err
		}
		return r.restoreCase(ctx, b.Case, b.ActHigh)
	})
}

func (r *rebuild) restoreCase(ctx context.Context, c Case, actHigh string) error {
	n, err := r.Rules.Scheme.Parse(c.Number)
	if err != nil {
		return err
	}
	series := r.Rules.Scheme.Series(n.Year, n.Office)
	r.used[series] = max(r.used[series], n.Serial)
	if err := r.raise(numbering.ActSeries(c.Number), actHigh); err != nil {
		return err
	}
	r.cases[c.ID] = true
	r.report.Cases++
	err = r.Store.Update(ctx, func(tx Tx) error { return tx.InsertCase(ctx, c) })
	if errors.Is(err, ErrExists) { // by a rebuild that broke off
		if old, _ := r.Case(ctx, c.Number); old.ID == c.ID {
			return nil
		}
	}
	return err
}

func (r *rebuild) counters(ctx context.Context) error {
	before := len(r.damaged)
	err := r.each(ctx, archive.KindCounter, func(e archive.Event) error {
		var b counterBlock
		if err := json.Unmarshal(e.Body, &b); err != nil {
			return err
		}
		return r.raise(b.Series, b.High)
	})
	r.lost = int64(len(r.damaged) - before)
	return err
}

func (r *rebuild) raise(series, high string) error {
	n, err := strconv.ParseInt(high, 10, 64)
	if err != nil {
		return fmt.Errorf("high-water mark of %s: %w", series, err)
	}
	r.high[series] = max(r.high[series], n)
	return nil
}

func (r *rebuild) records(ctx context.Context) error {
	for m, err := range archive.Records(ctx, r.Archive) {
		if errors.Is(err, archive.ErrDamaged) {
			r.problem("%v", err)
			continue
		}
		if err != nil {
			return unavailable(err)
		}
		if err := r.restoreRecord(ctx, m); err != nil {
			return fmt.Errorf("record %s: %w", m.Number, err)
		}
	}
	return nil
}

// restoreRecord inserts an archived act as its manifest has it.
func (r *rebuild) restoreRecord(ctx context.Context, m archive.Manifest) error {
	var a Act
	if err := json.Unmarshal(m.Act, &a); err != nil {
		return err
	}
	data, err := archive.EncodeManifest(m)
	if err != nil {
		return err
	}
	key, err := m.Record().ManifestKey()
	if err != nil {
		return err
	}
	object, err := r.Archive.Stat(ctx, key)
	if err != nil {
		return unavailable(err)
	}
	last := m.Renditions[len(m.Renditions)-1]
	if a.Path, err = m.Record().RenditionKey(last.Sequence); err != nil {
		return err
	}
	a.State, a.Round, a.Standing, a.Rendition = Archived, len(a.Signers)-1, InForce, last.Sequence
	a.SHA256, a.SignedAt, a.ArchivedAt = last.SHA256[:], m.SignedAt, object.Created
	r.leaves[string(recordLeaf(sha256.Sum256(data)))] = a.ID
	if !r.cases[a.CaseID] {
		var c Case
		if err := json.Unmarshal(m.Case, &c); err != nil {
			return err
		}
		r.problem("the registration of case %s is not in the archive; it was restored from act %s", c.Number, a.Number)
		if err := r.restoreCase(ctx, c, strconv.Itoa(actBlock)); err != nil {
			return err
		}
	}
	r.report.Acts++
	if err := r.insert(ctx, a); err != nil {
		return err
	}
	return r.restoreFirst(ctx, a, last.Size)
}

func (r *rebuild) insert(ctx context.Context, a Act) error {
	series := numbering.ActSeries(a.Case)
	r.used[series] = max(r.used[series], int64(a.Index))
	return r.Store.Update(ctx, func(tx Tx) error { return tx.InsertAct(ctx, a) })
}

func (r *rebuild) voids(ctx context.Context) error {
	return r.each(ctx, archive.KindVoid, func(e archive.Event) error {
		var b ActVoided
		if err := json.Unmarshal(e.Body, &b); err != nil {
			return err
		}
		b.Act.State, b.Act.Round, b.Act.ChangedAt = Voided, b.Round, b.At
		b.Act.VoidKind, b.Act.VoidReason, b.Act.VoidedBy = b.Kind, b.Reason, b.By
		if err := r.eventSeen(e, b.Act.ID); err != nil {
			return err
		}
		if !r.cases[b.Act.CaseID] {
			r.problem("act %s was voided, and the archive lacks its case", b.Act.Number)
			return nil
		}
		r.report.Voided++
		return r.insert(ctx, b.Act)
	})
}

func (r *rebuild) standings(ctx context.Context) error {
	return r.each(ctx, archive.KindStatus, func(e archive.Event) error {
		var b StandingChanged
		if err := json.Unmarshal(e.Body, &b); err != nil {
			return err
		}
		a, err := r.Act(ctx, b.Act)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if err := r.eventSeen(e, a.ID); err != nil {
			return err
		}
		if err != nil {
			r.problem("act %s is %s by %s, and the archive lacks it", b.Act, b.Standing, b.By)
			return nil
		}
		r.report.Changed++
		a.Standing, a.ChangedBy, a.Reason, a.ChangedAt = b.Standing, b.By, b.Reason, b.At
		return r.Store.Update(ctx, func(tx Tx) error { return tx.ChangeStanding(ctx, a) })
	})
}

// eventSeen notes the leaf that the event has in the ledger.
func (r *rebuild) eventSeen(e archive.Event, actID string) error {
	data, err := archive.EncodeEvent(e)
	if err != nil {
		return err
	}
	r.leaves[string(eventLeaf(OutboxItem{Data: data}))] = actID
	return nil
}

// numbers sets each counter to its high-water mark and records the gaps. Any
// series may have lost the blocks whose events are damaged.
func (r *rebuild) numbers(ctx context.Context) error {
	for _, series := range sortedKeys(r.used) {
		if used, high := r.used[series], r.high[series]; used > high {
			r.problem("number %d of series %s was given, and the archive knows of %d", used, series, high)
			r.high[series] = (used + blockOf(series) - 1) / blockOf(series) * blockOf(series)
		}
	}
	for series := range r.high {
		r.high[series] += r.lost * blockOf(series)
	}
	for _, series := range sortedKeys(r.high) {
		if high, used := r.high[series], r.used[series]; used < high {
			r.report.Gaps = append(r.report.Gaps, Gap{Series: series, From: used + 1, To: high})
		}
	}
	return r.Store.Update(ctx, func(tx Tx) error {
		for _, series := range sortedKeys(r.high) {
			if err := tx.RaiseHigh(ctx, series, r.high[series], r.high[series]); err != nil {
				return err
			}
		}
		return nil
	})
}
