package document_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/archive/archivetest"
	"docsvc/internal/audit"
	"docsvc/internal/document"
)

// newServing is a world with an archived act and a clerk who may serve it.
func newServing(t *testing.T) (w *world, s *document.Service, a document.Act, clerk document.Actor) {
	t.Helper()
	w = newWorld(t)
	w.rules = func(r *document.Rules) { r.DeliveryWays = []string{"in_person", "post"} }
	s = w.process()
	w.staff(s)
	return w, s, w.mustArchive(s, w.mustRegister(s, 1).Number, "a"), document.Actor{Login: "clerk", Grants: []document.Grant{grant(document.RoleClerk, "110")}}
}

func (w *world) delivery() document.Delivery {
	return document.Delivery{
		Party: document.PartyDebtor, Recipient: " Anar ", Way: "post", Proof: "receipt 7", On: document.DateOf(w.now(), time.UTC),
	}
}

var png = []byte("\x89PNG\r\n\x1a\n and the rest")

// TestDeliverRefused: who may record what, and of which form.
func TestDeliverRefused(t *testing.T) {
	w, s, a, clerk := newServing(t)
	ctx := t.Context()
	waiting := w.mustIssue(s, a.Case, "waiting")
	before := w.dump()
	for name, tc := range map[string]struct {
		by     document.Actor
		number string
		change func(d *document.Delivery)
		file   []byte
		want   string
	}{
		"an archivist":     {document.Actor{Login: "x", Grants: []document.Grant{grant(document.RoleArchivist, "110")}}, a.Number, nil, nil, "error.forbidden"},
		"another office":   {document.Actor{Login: "x", Grants: []document.Grant{grant(document.RoleClerk, "111")}}, a.Number, nil, nil, "error.forbidden"},
		"not archived":     {clerk, waiting.Number, nil, nil, "error.delivery.state"},
		"no such act":      {clerk, a.Number + "9", nil, nil, "error.act.unknown"},
		"before the act":   {clerk, a.Number, func(d *document.Delivery) { d.On = "2020-01-01" }, nil, "error.delivery.date"},
		"tomorrow":         {clerk, a.Number, func(d *document.Delivery) { d.On = document.DateOf(w.now().AddDate(0, 0, 1), time.UTC) }, nil, "error.delivery.date"},
		"no date":          {clerk, a.Number, func(d *document.Delivery) { d.On = "yesterday" }, nil, "error.delivery.date"},
		"another way":      {clerk, a.Number, func(d *document.Delivery) { d.Way = "pigeon" }, nil, "error.delivery.way"},
		"nobody":           {clerk, a.Number, func(d *document.Delivery) { d.Recipient = " " }, nil, "error.delivery.recipient"},
		"a long name":      {clerk, a.Number, func(d *document.Delivery) { d.Recipient = strings.Repeat("ə", 501) }, nil, "error.delivery.recipient"},
		"a control":        {clerk, a.Number, func(d *document.Delivery) { d.Recipient = "a\x00b" }, nil, "error.delivery.recipient"},
		"no proof":         {clerk, a.Number, func(d *document.Delivery) { d.Proof = "" }, nil, "error.delivery.proof"},
		"no party":         {clerk, a.Number, func(d *document.Delivery) { d.Party = "court" }, nil, "error.delivery.party"},
		"corrects nothing": {clerk, a.Number, func(d *document.Delivery) { d.Corrects = "none" }, nil, "error.delivery.unknown"},
		"a page":           {clerk, a.Number, nil, []byte("<html><script>alert(1)</script>"), "error.delivery.file_type"},
		"an SVG":           {clerk, a.Number, nil, []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), "error.delivery.file_type"},
		"too large":        {clerk, a.Number, nil, append(png, make([]byte, document.MaxProof)...), "error.delivery.file_size"},
	} {
		d := w.delivery()
		if tc.change != nil {
			tc.change(&d)
		}
		if _, err := s.Deliver(ctx, tc.by, tc.number, d, "proof.png", tc.file); keyOf(err) != tc.want {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
	if w.dump() != before {
		t.Error("a refused record changed the register")
	}
}

// TestDeliver: a service is recorded with its proof, corrected once by another
// record, and comes back from the archive.
func TestDeliver(t *testing.T) {
	w, s, a, clerk := newServing(t)
	ctx := t.Context()
	file := append(bytes.Clone(png), make([]byte, document.MaxProof-len(png))...)
	first, err := s.Deliver(ctx, clerk, a.Number, w.delivery(), `C:\scans\..\qəbz`+"\x07"+`.png`, file)
	if err != nil || first.Recipient != "Anar" || first.RecordedBy != "clerk" || first.File.Name != "qəbz.png" || first.File.Type != "image/png" {
		t.Fatalf("%+v, %v", first, err)
	}
	second := w.delivery()
	second.Corrects, second.Way = first.ID, "in_person"
	if second, err = s.Deliver(ctx, actor("nigar"), a.Number, second, "", nil); err != nil || second.File != nil {
		t.Fatalf("%+v, %v", second, err)
	}
	third := w.delivery()
	third.Corrects = first.ID
	if _, err := s.Deliver(ctx, clerk, a.Number, third, "", nil); keyOf(err) != "error.delivery.corrected" {
		t.Errorf("corrected twice: %v", err)
	}
	other := w.mustArchive(s, a.Case, "other")
	if _, err := s.Deliver(ctx, clerk, other.Number, third, "", nil); keyOf(err) != "error.delivery.unknown" {
		t.Errorf("another act's record corrected: %v", err)
	}
	if n := w.audited(s, audit.ActDelivered); n != 2 {
		t.Errorf("%d records in the trail", n)
	}
	w.nothingWaits(s)
	before := w.dump("delivery")
	o := &office{world: w}
	s = o.lose()
	report, err := s.Rebuild(ctx, operator)
	if err != nil || report.Delivered != 2 || len(report.Problems) > 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	if after := w.dump("delivery"); after != before {
		t.Errorf("after the rebuild:\n%s\nbefore:\n%s", after, before)
	}
	proof, err := s.DeliveryProof(ctx, a, first.ID)
	if err != nil || !bytes.Equal(proof.Content, file) {
		t.Errorf("%v", err)
	}
	for name, id := range map[string]string{"without a file": second.ID, "unknown": "none"} {
		if _, err := s.DeliveryProof(ctx, a, id); document.KindOf(err) != document.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.DeliveryProof(ctx, other, first.ID); document.KindOf(err) != document.NotFound {
		t.Errorf("as another act's: %v", err)
	}
	for e, err := range archive.Events(ctx, w.archive, archive.KindDelivery) {
		if err != nil {
			t.Fatal(err)
		}
		name, err := e.Key()
		if err != nil {
			t.Fatal(err)
		}
		if e.ID == first.ID {
			w.archive.Corrupt(name, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		}
	}
	if _, err := s.DeliveryProof(ctx, a, first.ID); err == nil {
		t.Error("a damaged proof is shown")
	}
}

// TestDeliverCrash: a record is whole or not there, wherever the process dies.
func TestDeliverCrash(t *testing.T) {
	for _, part := range []string{"register", "archive"} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/after=%v", part, after), func(t *testing.T) {
				w, s, a, clerk := newServing(t)
				if part == "register" {
					w.store.arm(1, after)
				} else {
					w.archive.Fail = func(op archivetest.Op) error {
						if op.Name == "put" && (op.Stage == archivetest.After) == after {
							return errInjected
						}
						return nil
					}
				}
				if _, err := s.Deliver(t.Context(), clerk, a.Number, w.delivery(), "a.png", png); err == nil {
					t.Fatal("the fault is not reached")
				}
				w.store.arm(0, false)
				w.archive.Fail = nil
				s = w.process()
				workerOf(s).Once(t.Context())
				w.nothingWaits(s)
				want := 1
				if part == "register" && !after {
					want = 0
				}
				list, err := s.Deliveries(t.Context(), a)
				if err != nil || len(list) != want {
					t.Fatalf("%d records, %v", len(list), err)
				}
				for _, d := range list {
					if p, err := s.DeliveryProof(t.Context(), a, d.ID); err != nil || !bytes.Equal(p.Content, png) {
						t.Errorf("its proof: %v", err)
					}
				}
			})
		}
	}
}

// TestCorrects: an act corrects one of its case that is in force, and nothing
// else; the corrected one stays in force, and a rebuild knows it.
func TestCorrects(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	ctx := t.Context()
	c, elsewhere := w.mustRegister(s, 1), w.mustRegister(s, 2)
	target, annulled, by := w.mustArchive(s, c.Number, "target"), w.mustArchive(s, c.Number, "annulled"), w.mustArchive(s, c.Number, "by")
	pending, foreign := w.mustIssue(s, c.Number, "pending"), w.mustArchive(s, elsewhere.Number, "foreign")
	if _, err := s.ChangeStanding(ctx, actor("nigar"), annulled.Number, document.Annulled, by.Number, "x"); err != nil {
		t.Fatal(err)
	}
	for name, number := range map[string]string{"annulled": annulled.Number, "pending": pending.Number, "foreign": foreign.Number, "none": c.Number + "-099"} {
		w.drafter.corrects = number
		if _, _, err := s.Issue(ctx, actor("nigar"), draftOf(c.Number, "x")); document.KindOf(err) != document.Conflict && document.KindOf(err) != document.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.drafter.corrects = target.Number
	correction := w.mustArchive(s, c.Number, "correction")
	check := func(s *document.Service) {
		w.view(func(tx document.Tx) error {
			list, err := tx.Corrections(ctx, target.Number)
			if len(list) != 1 || list[0].Number != correction.Number {
				t.Errorf("corrections %+v", list)
			}
			return err
		})
		if a := w.act(s, target.Number); a.Standing != document.InForce {
			t.Errorf("the corrected act is %s", a.Standing)
		}
	}
	check(s)
	if err := s.Sequence(ctx); err != nil {
		t.Fatal(err)
	}
	o := &office{world: w}
	s = o.lose()
	if report, err := s.Rebuild(ctx, operator); err != nil || len(report.Problems) > 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	check(s)
}
