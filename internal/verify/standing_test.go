package verify_test

import (
	"context"
	"testing"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/document"
	"docsvc/internal/verify"
	"docsvc/internal/verify/verifytest"
)

// TestChangeTampered edits what became of an act, one witness at a time.
func TestChangeTampered(t *testing.T) {
	w := verifytest.New(t)
	row := func(change func(*document.Act)) func(*edited, document.Act) {
		return func(e *edited, _ document.Act) { e.act = change }
	}
	event := func(kind archive.Kind, a document.Act) string { return "events/" + string(kind) + "/" + a.ID + ".json" }
	plain := func() document.Act { return w.Issue("case-1", 0) }
	voided := func() document.Act {
		a := w.Draft("case-1", 0)
		w.Void(a)
		return a
	}
	annulled := func() document.Act {
		a := plain()
		w.Change(a, document.Annulled, w.Issue("case-1", 1))
		return a
	}
	for name, c := range map[string]struct {
		act    func() document.Act
		tamper func(*edited, document.Act)
		want   verify.Fault
	}{
		"brought back into force": {annulled,
			row(func(a *document.Act) {
				a.Standing, a.ChangedBy, a.ChangedAt, a.Reason = document.InForce, "", time.Time{}, ""
			}), verify.FaultRegister},
		"and the event lost": {annulled,
			func(e *edited, a document.Act) {
				e.act = func(a *document.Act) { a.Standing = document.InForce }
				w.Archive.Lose(event(archive.KindStatus, a))
			}, verify.FaultMissing},
		"and its leaf hidden": {annulled,
			func(e *edited, a document.Act) {
				e.act = func(a *document.Act) { a.Standing = document.InForce }
				e.noEvents = true
			}, verify.FaultLedger},
		"annulled by another act": {annulled,
			row(func(a *document.Act) { a.ChangedBy = a.Number }), verify.FaultRegister},
		"annulled at another time": {annulled,
			row(func(a *document.Act) { a.ChangedAt = a.ChangedAt.Add(time.Hour) }), verify.FaultRegister},
		"superseded, not annulled": {annulled,
			row(func(a *document.Act) { a.Standing = document.Superseded }), verify.FaultRegister},
		"annulled by hand": {plain,
			row(func(a *document.Act) { a.Standing, a.ChangedBy, a.ChangedAt = document.Annulled, a.Number, w.Now() }), verify.FaultRegister},
		"voided by hand": {plain,
			row(func(a *document.Act) { a.State, a.ChangedAt = document.Voided, w.Now() }), verify.FaultRegister},
		"event damaged": {annulled,
			func(_ *edited, a document.Act) { w.Archive.Corrupt(event(archive.KindStatus, a), flip) }, verify.FaultFile},
		"event of a void lost": {voided,
			func(_ *edited, a document.Act) { w.Archive.Lose(event(archive.KindVoid, a)) }, verify.FaultRegister},
		"another number voided": {voided,
			row(func(a *document.Act) { a.Number = "EI2611000000001T-999" }), verify.FaultRegister},
	} {
		t.Run(name, func(t *testing.T) {
			act := c.act()
			w.Sequence()
			e := &edited{Store: w.Register}
			c.tamper(e, act)
			verifier := *w.Verifier
			verifier.Store = e
			v, err := verifier.Lookup(t.Context(), act.Code)
			if err != nil || v.Kind != verify.Altered || v.Fault != c.want || v.Act != nil || v.Change != nil {
				t.Errorf("%s, %s, %v; want an alarm for %s", v.Kind, v.Fault, err, c.want)
			}
		})
	}
}

// TestChangeUnderWay: neither a change that waits for the archive nor one that
// is made during the look-up is an alarm.
func TestChangeUnderWay(t *testing.T) {
	w := verifytest.New(t)
	act, by := w.Issue("case-1", 0), w.Issue("case-1", 1)
	verifier := *w.Verifier
	verifier.Store = &changing{Store: w.Register, change: func() { w.Change(act, document.Annulled, by) }}
	if v, err := verifier.Lookup(t.Context(), act.Code); err != nil || v.Kind != verify.Annulled {
		t.Errorf("changed during the look-up: %s, %s, %v", v.Kind, v.Fault, err)
	}

	act = w.Issue("case-1", 0)
	w.Archive.SetDown(true)
	if _, err := w.Service.ChangeStanding(t.Context(), w.Actor(), act.Number, document.Annulled, by.Number, "sınaq"); err == nil {
		t.Fatal("a change without the archive was reported done")
	}
	w.Archive.SetDown(false)
	if v := lookup(t, w, act.Code); v.Kind != verify.Annulled {
		t.Errorf("not delivered yet: %s, %s", v.Kind, v.Fault)
	}
}

// changing makes a change after the first transaction.
type changing struct {
	document.Store
	change func()
}

func (c *changing) View(ctx context.Context, fn func(document.Tx) error) error {
	err := c.Store.View(ctx, fn)
	if change := c.change; change != nil {
		c.change = nil
		change()
	}
	return err
}
