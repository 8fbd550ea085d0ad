package sqldbtest

import (
	"testing"
	"time"

	"docsvc/internal/document"
)

// testCorrections: archived acts only, in the order of their numbers.
func testCorrections(t *testing.T, s document.Store) {
	ctx := t.Context()
	c := newCase(1)
	target, second, first, pending := archived(c, 1), archived(c, 3), archived(c, 2), newAct(c, 4)
	for _, a := range []*document.Act{&second, &first, &pending} {
		a.Corrects = target.Number
	}
	update(t, s, func(tx document.Tx) error {
		if err := tx.InsertCase(ctx, c); err != nil {
			return err
		}
		for _, a := range []document.Act{target, second, first, pending} {
			if err := tx.InsertAct(ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
	for number, want := range map[string][]document.Act{target.Number: {first, second}, first.Number: nil, "": nil} {
		view(t, s, func(tx document.Tx) error {
			got, err := tx.Corrections(ctx, number)
			same(t, "corrections of "+number, got, want)
			return err
		})
	}
}

func testSubstitutions(t *testing.T, s document.Store) {
	ctx := t.Context()
	newSubstitution := func(id string, from, until document.Date) document.Substitution {
		return document.Substitution{
			ID: id, Absent: "rəis", Deputy: "müavin", Role: document.RoleHead, Office: "110", From: from, Until: until,
			Reason: "əmr № 7", AppointedBy: "rəis", AppointedAt: stored(noon),
		}
	}
	short, long := newSubstitution("s2", "2026-03-14", "2026-03-14"), newSubstitution("s1", "2026-03-14", "2026-04-01")
	update(t, s, func(tx document.Tx) error {
		if err := tx.InsertSubstitution(ctx, long); err != nil {
			return err
		}
		return tx.InsertSubstitution(ctx, short)
	})
	refuse(t, s, document.ErrExists, func(tx document.Tx) error { return tx.InsertSubstitution(ctx, long) })
	want := func(from document.Date, want ...document.Substitution) {
		t.Helper()
		view(t, s, func(tx document.Tx) error {
			got, err := tx.Substitutions(ctx, from)
			same(t, "substitutions from "+string(from), got, want)
			return err
		})
	}
	want("2026-03-14", short, long)
	want("2026-03-15", long)
	want("2026-04-01", long)
	want("2026-04-02")
	long.EndedBy, long.EndedAt = "sahib", stored(noon.Add(time.Hour))
	update(t, s, func(tx document.Tx) error { return tx.EndSubstitution(ctx, long) })
	refuse(t, s, document.ErrStale, func(tx document.Tx) error { return tx.EndSubstitution(ctx, long) })
	refuse(t, s, document.ErrStale, func(tx document.Tx) error { return tx.EndSubstitution(ctx, newSubstitution("s9", "", "")) })
	want("2026-03-15", long)
}

func testProposals(t *testing.T, s document.Store) {
	ctx := t.Context()
	acts := issue(t, s, 2)
	newProposal := func(id string, a document.Act, after time.Duration) document.Proposal {
		return document.Proposal{
			ID: id, ActID: a.ID, Act: a.Number, Office: a.Office, Standing: document.Annulled, By: "EI-9", Reason: "səhv",
			ProposedBy: "a", ProposedAt: stored(noon.Add(after)), State: document.ProposalOpen,
		}
	}
	later, first := newProposal("p1", acts[0], time.Hour), newProposal("p2", acts[1], 0)
	update(t, s, func(tx document.Tx) error {
		if err := tx.InsertProposal(ctx, later); err != nil {
			return err
		}
		return tx.InsertProposal(ctx, first)
	})
	refuse(t, s, document.ErrExists, func(tx document.Tx) error { return tx.InsertProposal(ctx, newProposal("p3", acts[0], 0)) })
	open := func(limit int, want ...document.Proposal) {
		t.Helper()
		view(t, s, func(tx document.Tx) error {
			got, err := tx.OpenProposals(ctx, limit)
			same(t, "open proposals", got, want)
			return err
		})
	}
	open(10, first, later)
	open(1, first)
	view(t, s, func(tx document.Tx) error {
		got, err := tx.OpenProposal(ctx, acts[0].ID)
		same(t, "the act's proposal", got, later)
		return err
	})
	decided := later
	decided.State, decided.DecidedBy, decided.DecidedAt, decided.Remark = document.ProposalRejected, "b", stored(noon), "yox"
	update(t, s, func(tx document.Tx) error { return tx.DecideProposal(ctx, decided) })
	refuse(t, s, document.ErrStale, func(tx document.Tx) error { return tx.DecideProposal(ctx, decided) })
	open(10, first)
	refuse(t, s, document.ErrNotFound, func(tx document.Tx) error {
		_, err := tx.OpenProposal(ctx, acts[0].ID)
		return err
	})
	again := newProposal("p4", acts[0], 2*time.Hour)
	update(t, s, func(tx document.Tx) error { return tx.InsertProposal(ctx, again) })
	open(10, first, again)
}

func testDeliveries(t *testing.T, s document.Store) {
	ctx := t.Context()
	a := issue(t, s, 1)[0]
	first := document.Delivery{
		ID: "d1", ActID: a.ID, Party: document.PartyDebtor, Recipient: "Nümunəli Anar", Way: "post", On: "2026-03-14",
		Proof: "qəbz № 7", RecordedBy: "kargüzar", RecordedAt: stored(noon),
		File: &document.ProofFile{Name: "qəbz.pdf", Type: "application/pdf", Size: 3, SHA256: []byte{1, 2}},
	}
	second := first
	second.ID, second.File, second.Corrects, second.On = "d2", nil, "d1", "2026-03-15"
	update(t, s, func(tx document.Tx) error {
		if err := tx.InsertDelivery(ctx, first); err != nil {
			return err
		}
		return tx.InsertDelivery(ctx, second)
	})
	third := second
	third.ID = "d3"
	refuse(t, s, document.ErrExists, func(tx document.Tx) error { return tx.InsertDelivery(ctx, third) })
	for id, want := range map[string][]document.Delivery{a.ID: {first, second}, "none": nil} {
		view(t, s, func(tx document.Tx) error {
			got, err := tx.Deliveries(ctx, id)
			same(t, "deliveries of "+id, got, want)
			return err
		})
	}
}

func testWorkload(t *testing.T, s document.Store) {
	ctx := t.Context()
	acts := issue(t, s, 4)
	officer, office := acts[0].Officer, acts[0].Office
	for i, state := range []document.State{document.Prepared, document.Voided, document.Signing} {
		acts[i].State = state
		update(t, s, func(tx document.Tx) error { return tx.Advance(ctx, acts[i], document.Issued) })
	}
	second := acts[0]
	second.Epoch, second.Round = 1, 1
	first := document.SignIntent{ID: "i1", ActID: second.ID, Attempt: 1, Login: "officer", Outcome: document.OutcomeUnknown, At: noon}
	signed := first
	signed.ID, signed.Attempt, signed.Outcome, signed.At = "i2", 2, document.OutcomeSigned, noon.Add(time.Hour)
	update(t, s, func(tx document.Tx) error {
		if err := tx.InsertIntent(ctx, first); err != nil {
			return err
		}
		if err := tx.InsertIntent(ctx, signed); err != nil {
			return err
		}
		return tx.Advance(ctx, second, document.Prepared)
	})
	view(t, s, func(tx document.Tx) error {
		open, err := tx.CountOpen(ctx, office)
		same(t, "open acts", open, map[string]map[document.State]int{
			officer: {document.Prepared: 1, document.Signing: 1, document.Issued: 1},
		})
		return err
	})
	for from, want := range map[document.Date]int{acts[0].Date: 4, "2026-03-15": 0} {
		view(t, s, func(tx document.Tx) error {
			n, err := tx.CountDated(ctx, officer, from)
			same(t, "acts from "+string(from), n, want)
			return err
		})
	}
	for login, want := range map[string]map[string]time.Time{"head": {second.ID: stored(noon.Add(time.Hour))}, "officer": {}} {
		view(t, s, func(tx document.Tx) error {
			got, err := tx.WaitingSince(ctx, login)
			same(t, "since when acts wait for "+login, got, want)
			return err
		})
	}
}
