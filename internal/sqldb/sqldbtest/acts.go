package sqldbtest

import (
	"fmt"
	"testing"
	"time"

	"docsvc/internal/document"
)

func testAct(t *testing.T, s document.Store) {
	ctx := t.Context()
	acts := issue(t, s, 3)
	for name, lookup := range map[string]func(document.Tx, document.Act) (document.Act, error){
		"ID":     func(tx document.Tx, a document.Act) (document.Act, error) { return tx.ActByID(ctx, a.ID) },
		"number": func(tx document.Tx, a document.Act) (document.Act, error) { return tx.ActByNumber(ctx, a.Number) },
		"code":   func(tx document.Tx, a document.Act) (document.Act, error) { return tx.ActByCode(ctx, a.Code) },
	} {
		view(t, s, func(tx document.Tx) error {
			got, err := lookup(tx, acts[1])
			same(t, "act by "+name, got, acts[1])
			return err
		})
		refuse(t, s, document.ErrNotFound, func(tx document.Tx) error {
			_, err := lookup(tx, newAct(newCase(1), 9))
			return err
		})
	}
	view(t, s, func(tx document.Tx) error {
		got, err := tx.ActsOfCase(ctx, acts[0].CaseID)
		same(t, "acts of the case", got, acts)
		return err
	})
	view(t, s, func(tx document.Tx) error {
		got, err := tx.ActsOfCase(ctx, "none")
		same(t, "acts of no case", got, nil)
		return err
	})
}

func testActKeys(t *testing.T, s document.Store) {
	ctx := t.Context()
	first := issue(t, s, 1)[0]
	update(t, s, func(tx document.Tx) error { return tx.InsertCase(ctx, newCase(2)) })
	asked := newAct(newCase(1), 2)
	asked.RequestKey = "form-1"
	update(t, s, func(tx document.Tx) error { return tx.InsertAct(ctx, asked) })
	for name, change := range map[string]func(*document.Act){
		"ID":          func(a *document.Act) { a.ID = first.ID },
		"number":      func(a *document.Act) { a.Number = first.Number },
		"code":        func(a *document.Act) { a.Code = first.Code },
		"index":       func(a *document.Act) { a.CaseID, a.Index = first.CaseID, first.Index },
		"request key": func(a *document.Act) { a.RequestKey = "form-1" },
	} {
		a := newAct(newCase(2), 3)
		change(&a)
		t.Run("same "+name, func(t *testing.T) {
			refuse(t, s, document.ErrExists, func(tx document.Tx) error { return tx.InsertAct(ctx, a) })
		})
	}
	other := newAct(newCase(2), 3)
	other.Officer, other.RequestKey = "another", "form-1"
	update(t, s, func(tx document.Tx) error { return tx.InsertAct(ctx, other) })
	for _, a := range []document.Act{asked, other} {
		view(t, s, func(tx document.Tx) error {
			got, err := tx.ActByRequestKey(ctx, a.Officer, "form-1")
			same(t, "act by request key", got, a)
			return err
		})
	}
	for _, key := range []string{"", "form-2"} {
		refuse(t, s, document.ErrNotFound, func(tx document.Tx) error {
			_, err := tx.ActByRequestKey(ctx, asked.Officer, key)
			return err
		})
	}
	refuse(t, s, document.ErrNotFound, func(tx document.Tx) error { return tx.InsertAct(ctx, newAct(newCase(9), 1)) })
}

// archived returns act n as it is at the end of its life.
func archived(c document.Case, n int) document.Act {
	a := newAct(c, n)
	a.State, a.Round, a.Epoch = document.Archived, 1, 6
	a.Seal, a.SHA256, a.Path = []byte("seal"), []byte{4, 5, 6}, "records/2026/1/0001.pdf"
	a.SignedAt, a.ArchivedAt = stored(noon), stored(noon.Add(time.Second))
	a.Standing, a.ChangedBy, a.Reason = document.Annulled, "EI-2", "səhv"
	a.ChangedAt = stored(noon.Add(time.Hour))
	a.Rendition, a.RenewBy = 2, stored(noon.AddDate(5, 0, 0))
	return a
}

// testActArchived is what a rebuild does.
func testActArchived(t *testing.T, s document.Store) {
	ctx := t.Context()
	a, v := archived(newCase(1), 1), newAct(newCase(1), 2)
	v.State, v.VoidReason, v.ChangedAt = document.Voided, "yanlış forma", stored(noon)
	v.VoidKind, v.VoidedBy = document.Returned, "rəis"
	update(t, s, func(tx document.Tx) error {
		if err := tx.InsertCase(ctx, newCase(1)); err != nil {
			return err
		}
		if err := tx.InsertAct(ctx, a); err != nil {
			return err
		}
		return tx.InsertAct(ctx, v)
	})
	same(t, "archived act", actByID(t, s, a.ID), a)
	same(t, "voided act", actByID(t, s, v.ID), v)
}

// testActsReturned: an author's own, the newest first.
func testActsReturned(t *testing.T, s document.Store) {
	ctx := t.Context()
	acts := issue(t, s, 5)
	for i := range acts[:4] {
		acts[i].State, acts[i].VoidReason, acts[i].VoidedBy = document.Voided, "düzəldin", "rəis"
		acts[i].ChangedAt = stored(noon.Add(time.Duration(i) * time.Hour))
		if i != 2 {
			acts[i].VoidKind = document.Returned
		}
		update(t, s, func(tx document.Tx) error { return tx.Advance(ctx, acts[i], document.Issued) })
		acts[i].Epoch++
	}
	want := func(login string, after time.Time, limit int, want ...document.Act) {
		t.Helper()
		view(t, s, func(tx document.Tx) error {
			got, err := tx.ActsReturned(ctx, login, after, limit)
			same(t, "acts returned to "+login, got, want)
			return err
		})
	}
	want(acts[0].Officer, noon.Add(-time.Second), 10, acts[3], acts[1], acts[0])
	want(acts[0].Officer, noon.Add(-time.Second), 1, acts[3])
	want(acts[0].Officer, noon.Add(2*time.Hour), 10, acts[3])
	want("rəis", noon.Add(-time.Second), 10)
}

func testActsWaiting(t *testing.T, s document.Store) {
	ctx := t.Context()
	acts := issue(t, s, 5)
	wait := func(i, round int) {
		acts[i].Round = round
		update(t, s, func(tx document.Tx) error { return tx.Advance(ctx, acts[i], document.Issued) })
		acts[i].Epoch++
	}
	for i := range acts[:4] {
		acts[i].State = document.Prepared
	}
	wait(3, 0)
	wait(1, 0)
	wait(0, 0)
	wait(2, 1)
	want := func(login string, limit int, want ...document.Act) {
		t.Helper()
		view(t, s, func(tx document.Tx) error {
			got, err := tx.ActsWaiting(ctx, login, limit)
			same(t, "acts waiting for "+login, got, want)
			return err
		})
	}
	want("officer", 10, acts[0], acts[1], acts[3])
	want("officer", 2, acts[0], acts[1])
	want("head", 10, acts[2])
	want("nobody", 10)
	want("", 10)
}

func testCountActs(t *testing.T, s document.Store) {
	ctx := t.Context()
	acts := issue(t, s, 4)
	acts[0].State = document.Voided
	update(t, s, func(tx document.Tx) error { return tx.Advance(ctx, acts[0], document.Issued) })
	view(t, s, func(tx document.Tx) error {
		got, err := tx.CountActs(ctx)
		same(t, "counts", got, map[document.State]int{document.Issued: 3, document.Voided: 1})
		return err
	})
}

func testAdvance(t *testing.T, s document.Store) {
	ctx := t.Context()
	issued := issue(t, s, 2)
	advance := func(a document.Act, from document.State) func(document.Tx) error {
		return func(tx document.Tx) error { return tx.Advance(ctx, a, from) }
	}
	a := archived(newCase(1), 1)
	a.Epoch = 0
	unknown, late := a, a
	unknown.ID, late.Epoch = "none", 1
	refuse(t, s, document.ErrStale, advance(a, document.Signed))
	refuse(t, s, document.ErrStale, advance(unknown, document.Issued))
	refuse(t, s, document.ErrStale, advance(late, document.Issued))
	same(t, "act after stale attempts", actByID(t, s, a.ID), issued[0])

	update(t, s, advance(a, document.Issued))
	want := a
	want.Epoch = 1
	same(t, "advanced act", actByID(t, s, a.ID), want)
	same(t, "its neighbour", actByID(t, s, issued[1].ID), issued[1])
	refuse(t, s, document.ErrStale, advance(a, document.Issued))
	refuse(t, s, document.ErrStale, advance(a, document.Archived)) // the change raised the epoch

	// What is fixed when the act is issued is not written.
	fixed := want
	fixed.Number, fixed.Code, fixed.Data, fixed.Officer = "X", "Y", []byte("Z"), "W"
	update(t, s, advance(fixed, document.Archived))
	want.Epoch = 2
	same(t, "fixed fields", actByID(t, s, a.ID), want)

	// A seal is made once.
	other := want
	other.Seal = []byte("another")
	if err := s.Update(ctx, advance(other, document.Archived)); err == nil {
		t.Error("the seal was replaced")
	}
	bad := want
	bad.State = "lost"
	if err := s.Update(ctx, advance(bad, document.Archived)); err == nil {
		t.Error("an act is in no known state")
	}
}

func testStanding(t *testing.T, s document.Store) {
	ctx := t.Context()
	acts := issue(t, s, 1)
	change := func(to document.Standing) func(document.Tx) error {
		a := acts[0]
		a.Standing, a.ChangedBy, a.Reason, a.ChangedAt = to, "EI-2", "why", stored(noon)
		return func(tx document.Tx) error { return tx.ChangeStanding(ctx, a) }
	}
	refuse(t, s, document.ErrStale, change(document.Annulled)) // not archived yet
	a := acts[0]
	a.State, a.Standing = document.Archived, document.InForce
	update(t, s, func(tx document.Tx) error { return tx.Advance(ctx, a, document.Issued) })
	update(t, s, change(document.Superseded))
	a.Epoch, a.Standing, a.ChangedBy, a.Reason, a.ChangedAt = 1, document.Superseded, "EI-2", "why", stored(noon)
	same(t, "superseded act", actByID(t, s, a.ID), a)
	refuse(t, s, document.ErrStale, change(document.Annulled))
}

func testStaged(t *testing.T, s document.Store) {
	ctx := t.Context()
	act := issue(t, s, 1)[0]
	get := func(tx document.Tx) error {
		_, err := tx.Staged(ctx, act.ID)
		return err
	}
	refuse(t, s, document.ErrNotFound, get)
	pdf := make([]byte, 300_000)
	for i := range pdf {
		pdf[i] = byte(i * i)
	}
	for _, staged := range []document.Staged{
		{
			ActID: act.ID, Round: 1, PDF: pdf, BaseSize: 7, Prepared: []byte{0}, DocumentDigest: []byte{1},
			Digest: []byte{2}, PreparedAt: stored(noon), Manifest: []byte("{}"), TokenFor: "i-1", Token: []byte{3},
		},
		{ActID: act.ID, PDF: []byte("%PDF-1.7")},
	} {
		update(t, s, func(tx document.Tx) error { return tx.PutStaged(ctx, staged) })
		view(t, s, func(tx document.Tx) error {
			got, err := tx.Staged(ctx, act.ID)
			same(t, "staged", got, staged)
			return err
		})
	}
	update(t, s, func(tx document.Tx) error { return tx.KeepToken(ctx, act.ID, "i-2", []byte{4}) })
	view(t, s, func(tx document.Tx) error {
		got, err := tx.Staged(ctx, act.ID)
		same(t, "staged", got, document.Staged{ActID: act.ID, PDF: []byte("%PDF-1.7"), TokenFor: "i-2", Token: []byte{4}})
		return err
	})
	update(t, s, func(tx document.Tx) error { return tx.DeleteStaged(ctx, act.ID) })
	refuse(t, s, document.ErrNotFound, get)
	refuse(t, s, document.ErrStale, func(tx document.Tx) error { return tx.KeepToken(ctx, act.ID, "i-2", []byte{4}) })
	update(t, s, func(tx document.Tx) error { return tx.DeleteStaged(ctx, act.ID) })
	refuse(t, s, document.ErrNotFound, func(tx document.Tx) error {
		return tx.PutStaged(ctx, document.Staged{ActID: "none"})
	})
}

func testIntents(t *testing.T, s document.Store) {
	ctx := t.Context()
	act := issue(t, s, 1)[0]
	intent := func(round, attempt int) document.SignIntent {
		return document.SignIntent{
			ID: fmt.Sprintf("i-%d-%d", round, attempt), ActID: act.ID, Round: round, Attempt: attempt,
			Login: "officer", KeyID: "key:1", Certificate: []byte{0x30}, DocumentDigest: []byte{1},
			Digest: []byte{2}, Outcome: document.OutcomeOpen, At: stored(noon),
		}
	}
	insert := func(i document.SignIntent) func(document.Tx) error {
		return func(tx document.Tx) error { return tx.InsertIntent(ctx, i) }
	}
	closeAs := func(id string, o document.Outcome, sig []byte) func(document.Tx) error {
		return func(tx document.Tx) error {
			return tx.CloseIntent(ctx, document.SignIntent{ID: id, Outcome: o, Signature: sig, KeyRequest: "request-" + id})
		}
	}
	second := intent(1, 1)
	update(t, s, insert(second))
	refuse(t, s, document.ErrExists, insert(intent(0, 1))) // one key call at a time
	update(t, s, closeAs(second.ID, document.OutcomeUnknown, nil))
	refuse(t, s, document.ErrStale, closeAs(second.ID, document.OutcomeSigned, []byte("late answer")))
	refuse(t, s, document.ErrStale, closeAs("none", document.OutcomeSigned, nil))
	again := second
	again.ID = "another"
	refuse(t, s, document.ErrExists, insert(again))

	consent := newAuthorisation(1, act)
	update(t, s, insertAuthorisation(ctx, consent))
	first := intent(0, 2)
	first.Authorisation = "none"
	refuse(t, s, document.ErrNotFound, insert(first))
	first.Authorisation = consent.ID
	update(t, s, insert(first))
	update(t, s, closeAs(first.ID, document.OutcomeSigned, []byte("signature")))
	second.Outcome, second.KeyRequest = document.OutcomeUnknown, "request-"+second.ID
	first.Outcome, first.Signature, first.KeyRequest = document.OutcomeSigned, []byte("signature"), "request-"+first.ID
	view(t, s, func(tx document.Tx) error {
		got, err := tx.Intents(ctx, act.ID)
		same(t, "intents", got, []document.SignIntent{first, second})
		return err
	})
}
