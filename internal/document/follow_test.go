package document_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"docsvc/internal/audit"
	"docsvc/internal/document"
)

// TestFollow: what is derived from the trail is there once, whoever follows it
// and however often, and again after a rebuild.
func TestFollow(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	c := w.mustRegister(s, 1)
	for i := range 3 {
		a := w.mustIssue(s, c.Number, fmt.Sprint(i))
		w.advance(time.Duration(i) * 10 * time.Second)
		w.mustSign(s, a)
	}
	if err := s.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if err := w.process().Follow(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	check := func(s *document.Service) {
		t.Helper()
		today := document.DateOf(w.now(), time.UTC)
		q := document.StatisticsQuery{From: today, To: today}
		got, err := s.Statistics(t.Context(), boss, q)
		if err != nil || got.Acts != 3 || len(got.Days) != 1 || got.Days[0].N != 3 || fmt.Sprint(got.Kinds, got.Offices) != "[{decision 3}] [{110 3}]" {
			t.Errorf("%+v, %v", got, err)
		}
		// A step is at most 19 % longer than what is in it.
		if got.Median < 10*time.Second || got.Median > 12*time.Second || got.P95 < 20*time.Second || got.P95 > 24*time.Second {
			t.Errorf("median %s, p95 %s", got.Median, got.P95)
		}
		all, err := s.AuditTrail(t.Context(), boss, document.TrailQuery{})
		if err != nil || int64(len(all)) != all[0].Seq {
			t.Errorf("%d events, %v", len(all), err)
		}
		mine, err := s.AuditTrail(t.Context(), boss, document.TrailQuery{Kind: audit.ActArchived, Actor: "docsvc"})
		if err != nil || len(mine) != 3 || mine[0].Office != "110" {
			t.Errorf("%+v, %v", mine, err)
		}
	}
	check(s)
	check(w.afterRebuild())
}

// afterRebuild loses the register and makes it from the archive.
func (w *world) afterRebuild() *document.Service {
	w.t.Helper()
	w.path = filepath.Join(w.t.TempDir(), "register.db")
	w.openRegister()
	s := w.process()
	if _, err := s.Rebuild(w.t.Context(), operator); err != nil {
		w.t.Fatal(err)
	}
	follow(w.t, s)
	return s
}

// TestTrailIsForAuditors: by office, and for programs by scope.
func TestTrailIsForAuditors(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	w.mustRegister(s, 1)
	follow(t, s)
	auditor := func(office string) document.Actor {
		return document.Actor{Login: "a", Grants: []document.Grant{{Role: document.RoleAuditor, Office: office}}}
	}
	for name, c := range map[string]struct {
		actor document.Actor
		some  bool
		key   string
	}{
		"everywhere":     {auditor("*"), true, ""},
		"the office":     {auditor("110"), true, ""},
		"another office": {auditor("111"), false, ""},
		"officer":        {actor("nigar"), false, "error.forbidden"},
		"program":        {document.Actor{Login: "a", Grants: auditor("*").Grants, Token: "p"}, false, "error.token.scope"},
	} {
		list, err := s.AuditTrail(t.Context(), c.actor, document.TrailQuery{})
		if (len(list) > 0) != c.some || err != nil != (c.key != "") || c.key != "" && keyOf(err) != c.key {
			t.Errorf("%s: %d events, %v", name, len(list), err)
		}
		if _, err := s.VerifyTrail(t.Context(), c.actor, 0); c.key != "" && keyOf(err) != c.key {
			t.Errorf("%s verifies: %v", name, err)
		}
	}
}

// TestVerifyTrail: the chain holds and the signed log vouches for its end; an
// event that was changed beside the register is named.
func TestVerifyTrail(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	w.mustRegister(s, 1)
	follow(t, s)
	c := w.mustRegister(s, 2)
	w.mustArchive(s, c.Number, "1")
	follow(t, s)
	got, err := s.VerifyTrail(t.Context(), boss, 0)
	if err != nil || got.Broken != 0 || got.From != 1 || got.To != got.Length || got.Anchored != got.Length || got.Length < 8 {
		t.Fatalf("%+v, %v", got, err)
	}
	part, err := s.VerifyTrail(t.Context(), boss, 3)
	if err != nil || part.From != 3 || part.Broken != 0 || part.To != got.Length {
		t.Errorf("%+v, %v", part, err)
	}
	if _, err := s.VerifyTrail(t.Context(), boss, got.Length+5); keyOf(err) != "error.trail.from" {
		t.Errorf("%v", err)
	}
	s.Store = tampered{s.Store}
	got, err = s.VerifyTrail(t.Context(), boss, 0)
	if err != nil || got.Broken != 4 || got.To != 3 || !strings.Contains(got.Reason, "its link is") {
		t.Errorf("%+v, %v", got, err)
	}
}

// tampered is a register in which somebody changed the fourth event.
type tampered struct{ document.Store }

func (r tampered) View(ctx context.Context, fn func(document.Tx) error) error {
	return r.Store.View(ctx, func(tx document.Tx) error { return fn(tamperedTx{tx}) })
}

type tamperedTx struct{ document.Tx }

func (x tamperedTx) AuditChain(ctx context.Context, from int64, limit int) ([]document.AuditRow, []document.AuditLink, error) {
	rows, links, err := x.Tx.AuditChain(ctx, from, limit)
	for i, l := range links {
		if l.Seq == 4 {
			rows[i].Data = bytes.Replace(rows[i].Data, []byte("2026"), []byte("2025"), 1)
		}
	}
	return rows, links, err
}

func TestStatisticsRefuse(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	head := document.Actor{Login: "h", Grants: []document.Grant{{Role: document.RoleHead, Office: "110"}}}
	for name, c := range map[string]struct {
		actor document.Actor
		q     document.StatisticsQuery
		key   string
	}{
		"own office":     {head, document.StatisticsQuery{From: "2026-01-01", To: "2026-12-31"}, ""},
		"named office":   {head, document.StatisticsQuery{From: "2026-01-01", To: "2026-01-01", Office: "110"}, ""},
		"another office": {head, document.StatisticsQuery{From: "2026-01-01", To: "2026-01-01", Office: "111"}, "error.forbidden"},
		"officer":        {actor("nigar"), document.StatisticsQuery{From: "2026-01-01", To: "2026-01-01"}, "error.forbidden"},
		"backwards":      {head, document.StatisticsQuery{From: "2026-01-02", To: "2026-01-01"}, "error.range.long"},
		"two years":      {head, document.StatisticsQuery{From: "2025-01-02", To: "2026-12-01"}, "error.range.long"},
		"no date":        {head, document.StatisticsQuery{From: "2026-13-02", To: "2026-12-01"}, "error.range.date"},
	} {
		got, err := s.Statistics(t.Context(), c.actor, c.q)
		if c.key == "" && (err != nil || len(got.Days) == 0) || c.key != "" && keyOf(err) != c.key {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// TestRequests: of the requests with a key one is done, and its answer is given
// to all.
func TestRequests(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	ctx := t.Context()
	key, request, other := [32]byte{1}, [32]byte{2}, [32]byte{3}
	r, first, err := s.BeginRequest(ctx, key, request)
	if err != nil || !first {
		t.Fatal(first, err)
	}
	if _, _, err := s.BeginRequest(ctx, key, request); keyOf(err) != "error.idempotency.running" {
		t.Errorf("%v", err)
	}
	if _, _, err := s.BeginRequest(ctx, key, other); keyOf(err) != "error.idempotency.other" {
		t.Errorf("%v", err)
	}
	// Its process has died.
	w.advance(3 * time.Minute)
	again, first, err := s.BeginRequest(ctx, key, request)
	if err != nil || !first {
		t.Fatal(first, err)
	}
	again.Answer = document.KeptAnswer{Status: 201, ContentType: "application/json", Location: "/x", Body: []byte("{}")}
	if err := s.EndRequest(ctx, again); err != nil {
		t.Fatal(err)
	}
	r.Answer.Status = 500
	if err := s.EndRequest(ctx, r); err != nil { // it comes back to life, too late
		t.Fatal(err)
	}
	got, first, err := s.BeginRequest(ctx, key, request)
	if err != nil || first || got.Answer.Status != 201 || string(got.Answer.Body) != "{}" || got.Answer.Location != "/x" {
		t.Errorf("%+v, %v, %v", got, first, err)
	}
	w.advance(25 * time.Hour)
	if r, first, err = s.BeginRequest(ctx, key, other); err != nil || !first {
		t.Error(first, err)
	}
	if err := s.EndRequest(ctx, r); err != nil { // without an answer: as if it had never been
		t.Fatal(err)
	}
	if _, first, err = s.BeginRequest(ctx, key, request); err != nil || !first {
		t.Error(first, err)
	}
	w.advance(25 * time.Hour)
	if err := s.Purge(ctx); err != nil {
		t.Error(err)
	}
}
