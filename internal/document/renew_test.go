package document_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/archive/archivetest"
	"docsvc/internal/audit"
	"docsvc/internal/document"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// old is a world with one archived act at a level.
func old(t *testing.T, level signing.Level, signers ...string) (*world, *document.Service, document.Act) {
	t.Helper()
	w := newWorld(t)
	w.level, w.drafter.signers = level, signers
	w.rules = func(r *document.Rules) { r.Retention = map[string]int{"": 75} }
	s := w.process()
	w.staff(s)
	a, err := line(t.Context(), w, s)
	if err != nil {
		t.Fatal(err)
	}
	return w, s, a
}

// years lets time pass, until the authority has a new certificate.
func (w *world) years(n int) {
	w.t.Helper()
	w.advance(time.Duration(n) * 365 * 24 * time.Hour)
	w.pki.NewTSA(w.t, signingtest.P256(w.t), w.now().AddDate(10, 0, 0))
}

func (w *world) file(path string) []byte {
	w.t.Helper()
	file, _, err := w.archive.Get(w.t.Context(), path)
	if err != nil {
		w.t.Fatal(err)
	}
	return file
}

// checkRenewed checks that an act has n renditions, each of which begins with
// the one before, and that everything tells of them once.
func (w *world) checkRenewed(s *document.Service, number string, n int) {
	w.t.Helper()
	ctx := w.t.Context()
	a := w.act(s, number)
	list, err := s.Renditions(ctx, a)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(list) != n || a.Rendition != n || a.Path != list[n-1].Path || !bytes.Equal(a.SHA256, list[n-1].SHA256) || !a.RenewBy.Equal(list[n-1].RenewBy) {
		w.t.Fatalf("act names rendition %d, %s; there are %+v", a.Rendition, a.Path, list)
	}
	for i := 1; i < n; i++ {
		if !bytes.HasPrefix(w.file(list[i].Path), w.file(list[i-1].Path)) || list[i].Size != int64(len(w.file(list[i].Path))) {
			w.t.Errorf("rendition %d does not begin with the one before", i+1)
		}
	}
	report, err := s.Verifier.Verify(ctx, w.file(a.Path), w.now())
	if err != nil || report.Indication != signing.TotalPassed || report.Signatures[0].Level != signing.LevelBLTA {
		w.t.Errorf("the newest rendition: %+v, %v", report, err)
	}
	if err := s.Sequence(ctx); err != nil {
		w.t.Fatal(err)
	}
	var events []archive.Event
	for e, err := range archive.Events(ctx, w.archive, archive.KindRenewal) {
		if err != nil {
			w.t.Fatal(err)
		}
		events = append(events, e)
	}
	if len(events) != n-1 {
		w.t.Errorf("%d renewal events for %d renditions", len(events), n)
	}
	for i, e := range events {
		var b document.Renewed
		if err := json.Unmarshal(e.Body, &b); err != nil || !bytes.Equal(b.SHA256[:], list[i+1].SHA256) || b.Sequence != i+2 || b.Act != number {
			w.t.Errorf("event %+v of rendition %+v: %v", b, list[i+1], err)
		}
	}
	w.view(func(tx document.Tx) error {
		entries, err := tx.EntriesOfAct(ctx, a.ID)
		if len(entries) != n {
			w.t.Errorf("%d leaves for %d renditions", len(entries), n)
		}
		return err
	})
	if got := w.audited(s, audit.ActRenewed); got != n-1 {
		w.t.Errorf("%d renewals in the trail", got)
	}
	w.nothingWaits(s)
}

// TestRenew renews an act twice over, each time after its signers' certificates
// and the last time-stamp would no longer do, and rebuilds the register from
// the archive.
func TestRenew(t *testing.T) {
	w, s, a := old(t, signing.LevelBLTA, "nigar", "vuqar")
	if _, err := s.Renew(t.Context(), actor("nigar"), a.Number); document.KindOf(err) != document.Forbidden {
		t.Errorf("an officer renews: %v", err)
	}
	for n := 2; n <= 3; n++ {
		w.years(6)
		r, err := s.Renew(t.Context(), operator, a.Number)
		if err != nil {
			t.Fatal(err)
		}
		if r.Sequence != n || !strings.HasSuffix(r.Path, []string{"", "", "/0002.pdf", "/0003.pdf"}[n]) {
			t.Errorf("rendition %+v", r)
		}
		w.checkRenewed(s, a.Number, n)
	}
	before := w.dump("act", "rendition")
	o := &office{world: w}
	s = o.lose()
	report, err := s.Rebuild(t.Context(), operator)
	if err != nil || len(report.Problems) > 0 || report.Renewed != 2 {
		t.Fatalf("%+v, %v", report, err)
	}
	if after := w.dump("act", "rendition"); after != before {
		t.Errorf("after the rebuild:\n%s\nbefore:\n%s", after, before)
	}
	w.advance(7 * year) // the roots end in a year
	w.pki.NewTSARoot(t, signingtest.P256(t))
	s = w.process()
	if _, err := s.Renew(t.Context(), operator, a.Number); err != nil {
		t.Fatal(err)
	}
	w.advance(8 * year)
	w.checkRenewed(s, a.Number, 4)
}

// TestRaise: an act below level B-LTA is raised to it when it is renewed, as
// long as its signer's authority still answers; without a time-stamp there is
// nothing to renew.
func TestRaise(t *testing.T) {
	for _, level := range []signing.Level{signing.LevelBT, signing.LevelBLT} {
		w, s, a := old(t, level, "nigar", "vuqar")
		w.advance(365 * 24 * time.Hour)
		if _, err := s.Renew(t.Context(), operator, a.Number); err != nil {
			t.Fatalf("%s: %v", level, err)
		}
		w.checkRenewed(s, a.Number, 2)
	}
	_, s, a := old(t, signing.LevelBB, "nigar")
	if _, err := s.Renew(t.Context(), operator, a.Number); document.KindOf(err) != document.Conflict {
		t.Errorf("B-B: %v", err)
	}
}

// TestRenewEveryCrash stops a renewal at each of its writes, before and after,
// and lets another process go on. A rendition that has reached the archive is
// adopted, and no other time-stamp is bought for it.
func TestRenewEveryCrash(t *testing.T) {
	for _, part := range []string{"register", "archive"} {
		for _, after := range []bool{false, true} {
			for n := 1; ; n++ {
				w, s, a := old(t, signing.LevelBLTA, "nigar")
				w.years(8)
				puts, hit, stored := 0, false, false
				w.archive.Fail = func(op archivetest.Op) error {
					if op.Name != "put" {
						return nil
					}
					stored = stored || op.Stage == archivetest.After
					if part == "archive" && (op.Stage == archivetest.After) == after {
						if puts++; puts == n {
							hit = true
							return errInjected
						}
					}
					return nil
				}
				if part == "register" {
					w.store.arm(n, after)
				}
				_, err := s.Renew(t.Context(), operator, a.Number)
				hit = hit || w.store.hit()
				w.store.arm(0, false)
				w.archive.Fail = nil
				if !hit {
					if err != nil || n == 1 {
						t.Fatalf("%s, write %d is not reached: %v", part, n, err)
					}
					break
				}
				second, gave := w.process(), w.tsa.gave.Load()
				if w.act(second, a.Number).Rendition == 1 {
					if _, err := second.Renew(t.Context(), operator, a.Number); err != nil {
						t.Fatalf("%s, after=%v, write %d: %v", part, after, n, err)
					}
				}
				if stored && w.tsa.gave.Load() != gave {
					t.Errorf("%s, after=%v, write %d: another time-stamp was bought", part, after, n)
				}
				w.checkRenewed(second, a.Number, 2)
			}
		}
	}
}

// TestRenewAtOnce: of several processes that renew one act, one makes the
// rendition and the others take it for theirs.
func TestRenewAtOnce(t *testing.T) {
	w, _, a := old(t, signing.LevelBLTA, "nigar")
	w.years(8)
	const processes = 4
	var before, all sync.WaitGroup
	before.Add(processes)
	made := make([]document.Rendition, processes)
	errs := make([]error, processes)
	for i := range processes {
		s := w.process()
		meet := &meeting{Timestamper: w.tsa, all: &before}
		augmenter := *s.Augmenter
		augmenter.Timestamps = meet
		s.Augmenter = &augmenter
		all.Go(func() { made[i], errs[i] = s.Renew(t.Context(), operator, a.Number) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for _, r := range made {
		if !bytes.Equal(r.SHA256, made[0].SHA256) || r.Sequence != 2 {
			t.Errorf("renditions differ: %+v", made)
		}
	}
	w.checkRenewed(w.process(), a.Number, 2)
}

// meeting is an authority that answers when everybody has asked.
type meeting struct {
	signing.Timestamper
	all  *sync.WaitGroup
	once sync.Once
}

func (m *meeting) Timestamp(ctx context.Context, digest []byte, h crypto.Hash) ([]byte, error) {
	m.once.Do(m.all.Done)
	m.all.Wait()
	return m.Timestamper.Timestamp(ctx, digest, h)
}

// TestRenewRefused: what does not pass now, or is not what was archived, is an
// alarm and is not renewed; what is down, or would prove nothing longer, waits.
// The act stays as it was.
func TestRenewRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		harm func(w *world, a document.Act)
		kind document.Kind
		key  string
	}{
		"damaged file": {func(w *world, a document.Act) { w.archive.Corrupt(a.Path, flip) }, document.Conflict, "error.renewal.damaged"},
		"lost file":    {func(w *world, a document.Act) { w.archive.Lose(a.Path) }, document.Conflict, "error.renewal.damaged"},
		"too late": {func(w *world, a document.Act) { w.advance(3 * 365 * 24 * time.Hour) },
			document.Conflict, "error.renewal.refused"},
		"revoked authority": {func(w *world, a document.Act) { w.pki.Revoke(w.pki.Issuing.Cert, w.now().AddDate(-9, 0, 0)) },
			document.Conflict, "error.renewal.refused"},
		"another file in its place": {func(w *world, a document.Act) {
			w.put(strings.Replace(a.Path, "/0001.", "/0002.", 1), []byte("%PDF-1.7"))
		}, document.Conflict, "error.renewal.other_file"},
		"its own file in its place": {func(w *world, a document.Act) {
			w.put(strings.Replace(a.Path, "/0001.", "/0002.", 1), w.file(a.Path))
		}, document.Conflict, "error.renewal.other_file"},
		"rubbish behind the file in its place": {func(w *world, a document.Act) {
			w.put(strings.Replace(a.Path, "/0001.", "/0002.", 1), append(slices.Clone(w.file(a.Path)), "rubbish"...))
		}, document.Conflict, "error.renewal.refused"},
		"no time-stamp":      {func(w *world, a document.Act) { w.tsa.down.Store(true) }, document.Unavailable, "error.renewal.timestamp"},
		"no validation data": {func(w *world, a document.Act) { w.pki.SetUnavailable(true) }, document.Unavailable, "error.renewal.validation_data"},
		"no archive":         {func(w *world, a document.Act) { w.archive.SetDown(true) }, document.Unavailable, "error.archive.unavailable"},
		"kept long enough":   {func(w *world, a document.Act) { w.advance(70 * 365 * 24 * time.Hour) }, document.Conflict, "error.renewal.retention"},
	} {
		t.Run(name, func(t *testing.T) {
			w, s, a := old(t, signing.LevelBLTA, "nigar")
			w.years(8)
			before, gave := w.dump("act", "rendition"), w.tsa.gave.Load()
			tc.harm(w, a)
			_, err := s.Renew(t.Context(), operator, a.Number)
			e, _ := errors.AsType[*document.Error](err)
			if document.KindOf(err) != tc.kind || e.Key != tc.key {
				t.Fatalf("got %v, want %s", err, tc.key)
			}
			if w.dump("act", "rendition") != before {
				t.Error("the act was changed")
			}
			if w.tsa.gave.Load() != gave {
				t.Error("a time-stamp was bought")
			}
		})
	}
}

func (w *world) put(key string, data []byte) {
	w.t.Helper()
	if _, err := w.archive.Put(w.t.Context(), key, data, archive.PutOptions{RetainUntil: w.now().AddDate(50, 0, 0)}); err != nil {
		w.t.Fatal(err)
	}
}
