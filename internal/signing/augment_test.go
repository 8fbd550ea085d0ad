package signing_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

var actDay = time.Date(2026, 11, 25, 9, 30, 0, 0, time.UTC)

// raised signs imza1 and raises the file to a level.
func raised(t testing.TB, p *signingtest.PKI, e *signingtest.Entity, level signing.Level) []byte {
	t.Helper()
	return raise(t, p, signed(t, p, e, signingtest.PDF(1000, "imza1", "imza2"), "imza1", level), level)
}

func signed(t testing.TB, p *signingtest.PKI, e *signingtest.Entity, file []byte, field string, level signing.Level) []byte {
	t.Helper()
	r := request(file, p, e, level)
	r.Field = field
	out, err := signing.Sign(t.Context(), r, signing.SignerKey(e.Key), p)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func raise(t testing.TB, p *signingtest.PKI, file []byte, level signing.Level) []byte {
	t.Helper()
	if !level.AtLeast(signing.LevelBLT) {
		return file
	}
	out, err := p.Augmenter().Augment(t.Context(), file, level)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(out, file) {
		t.Fatal("the result does not begin with the file")
	}
	return out
}

// stored counts the streams of the DSS: certificates, OCSP responses, lists.
func stored(t testing.TB, file []byte) [3]int {
	t.Helper()
	var n [3]int
	d, store := dss(t, file)
	for i, key := range []pdf.Name{"Certs", "OCSPs", "CRLs"} {
		list, err := d.Array(store.Get(key))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, r := range list {
			o, err := d.Resolve(r)
			if err != nil {
				t.Fatal(err)
			}
			raw := string(o.(*pdf.Stream).Raw)
			if seen[raw] {
				t.Errorf("%s holds one stream twice", key)
			}
			seen[raw] = true
		}
		n[i] = len(list)
	}
	return n
}

func dss(t testing.TB, file []byte) (*pdf.Document, *pdf.Dict) {
	t.Helper()
	d := signingtest.Open(t, file)
	catalog, err := d.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	if catalog.Get("DSS") == nil {
		return d, nil
	}
	store, err := d.Dict(catalog.Get("DSS"))
	if err != nil {
		t.Fatal(err)
	}
	return d, store
}

func passes(t testing.TB, v *signing.Verifier, file []byte, signatures, stamps int) *signing.Report {
	t.Helper()
	r, err := v.Verify(t.Context(), file, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Indication != signing.TotalPassed || len(r.Signatures) != signatures || len(r.DocumentTimestamps) != stamps {
		t.Fatalf("%d signatures, %d time-stamps: %+v", len(r.Signatures), len(r.DocumentTimestamps), r)
	}
	return r
}

func TestAugment(t *testing.T) {
	p := signingtest.New(t, signingtest.NewClock(actDay).Now)
	e := p.Officer(t, signingtest.P256(t))
	bt := raised(t, p, e, signing.LevelBT)
	lt := raise(t, p, bt, signing.LevelBLT)
	passes(t, p.Offline(), lt, 1, 0)
	// The root of both paths; what the messages bring is not stored again. One
	// response each for officer, time-stamping unit and issuing CA.
	if n := stored(t, lt); n != [3]int{1, 3, 0} {
		t.Errorf("DSS %v", n)
	}
	if _, store := dss(t, lt); store.Get("VRI") != nil || store.Get("Type") != pdf.Name("DSS") {
		t.Errorf("%v", store)
	}
	lta := raise(t, p, lt, signing.LevelBLTA)
	passes(t, p.Offline(), lta, 1, 1)
	if n := stored(t, lta); n != [3]int{1, 3, 0} {
		t.Errorf("DSS %v", n)
	}
	asked := p.Asked()
	for _, again := range []signing.Level{signing.LevelBLT, signing.LevelBLTA} {
		if out := raise(t, p, lta, again); len(out) != len(lta) {
			t.Errorf("%s again: %d bytes more", again, len(out)-len(lta))
		}
	}
	if direct := raise(t, p, bt, signing.LevelBLTA); len(revisions(t, direct)) != len(revisions(t, lta)) {
		t.Error("B-LTA at once has other revisions than by B-LT")
	}
	if p.Asked() != asked+3 {
		t.Errorf("asked %d times more, want 3 for the file at B-T alone", p.Asked()-asked)
	}
}

func revisions(t testing.TB, file []byte) []int {
	t.Helper()
	d := signingtest.Open(t, file)
	return d.Sections()
}

// TestAugmentPaths: what goes into the store for other shapes of paths.
func TestAugmentPaths(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*testing.T, *signingtest.PKI)
		want [3]int
	}{
		{"lists", func(_ *testing.T, p *signingtest.PKI) { p.UseLists(true) }, [3]int{1, 0, 2}}, // one a CA
		{"time-stamps of another root", func(t *testing.T, p *signingtest.PKI) { p.NewTSARoot(t, signingtest.P256(t)) }, [3]int{2, 3, 0}},
		{"RSA time-stamps", func(t *testing.T, p *signingtest.PKI) { p.NewTSA(t, signingtest.RSA4096(t), actDay.AddDate(9, 0, 0)) }, [3]int{1, 3, 0}},
		{"responder with a status of its own", func(t *testing.T, p *signingtest.PKI) { p.NewResponder(t, p.Issuing, false) }, [3]int{1, 2, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := signingtest.New(t, signingtest.NewClock(actDay).Now)
			c.set(t, p)
			e := p.Officer(t, signingtest.P256(t))
			lta := raised(t, p, e, signing.LevelBLTA)
			if n := stored(t, lta); n != c.want {
				t.Errorf("DSS %v, want %v", n, c.want)
			}
			passes(t, p.Offline(), lta, 1, 1)
		})
	}
}

// TestAugmentOnlyNew: the second signer's round asks for the second signer alone.
func TestAugmentOnlyNew(t *testing.T) {
	p := signingtest.New(t, signingtest.NewClock(actDay).Now)
	officer, head := p.Officer(t, signingtest.P256(t)), p.Officer(t, signingtest.P384(t))
	file := raised(t, p, officer, signing.LevelBLT)
	first, asked := stored(t, file), p.Asked()
	file = raise(t, p, signed(t, p, head, file, "imza2", signing.LevelBLTA), signing.LevelBLTA)
	if n := stored(t, file); n != [3]int{first[0], first[1] + 1, 0} || p.Asked() != asked+1 {
		t.Errorf("DSS %v after %v, asked %d times", n, first, p.Asked()-asked)
	}
	passes(t, p.Offline(), file, 2, 1)
}

// TestAugmentLater: days after B-LT the file is still there; before a document
// time-stamp seals it, the signature's time-stamp is asked about once more.
func TestAugmentLater(t *testing.T) {
	clock := signingtest.NewClock(actDay)
	p := signingtest.New(t, clock.Now)
	e := p.Officer(t, signingtest.P256(t))
	lt := raised(t, p, e, signing.LevelBLT)
	asked := p.Asked()
	clock.Advance(3 * 24 * time.Hour)
	if out := raise(t, p, lt, signing.LevelBLT); len(out) != len(lt) || p.Asked() != asked {
		t.Errorf("%d bytes more, asked %d times", len(out)-len(lt), p.Asked()-asked)
	}
	lta := raise(t, p, lt, signing.LevelBLTA)
	if n := stored(t, lta); n != [3]int{1, 5, 0} || p.Asked() != asked+2 { // the unit and the issuing CA
		t.Errorf("DSS %v, asked %d times", n, p.Asked()-asked)
	}
	if r := passes(t, p.Offline(), lta, 1, 1); r.Signatures[0].Level != signing.LevelBLTA {
		t.Errorf("%+v", r)
	}
}

// TestAugmentRevoked: bad news is stored like good news, for the verifier.
func TestAugmentRevoked(t *testing.T) {
	for _, lists := range []bool{false, true} {
		p := signingtest.New(t, signingtest.NewClock(actDay).Now)
		p.UseLists(lists)
		e := p.Officer(t, signingtest.P256(t))
		bt := raised(t, p, e, signing.LevelBT)
		p.Revoke(e.Cert, actDay.Add(-time.Minute))
		r, err := p.Offline().Verify(t.Context(), raise(t, p, bt, signing.LevelBLTA), time.Time{})
		if err != nil || r.SubIndication != signing.RevokedNoPOE {
			t.Errorf("lists %v: %+v %v", lists, r, err)
		}
	}
}

// TestAugmentWaits: while an authority is down nothing comes out, afterwards all
// of it, and a caller that gives up is not kept waiting.
func TestAugmentWaits(t *testing.T) {
	p := signingtest.New(t, signingtest.NewClock(actDay).Now)
	e := p.Officer(t, signingtest.P256(t))
	bt := raised(t, p, e, signing.LevelBT)
	p.SetUnavailable(true)
	if out, err := p.Augmenter().Augment(t.Context(), bt, signing.LevelBLTA); !errors.Is(err, signing.ErrValidationData) || out != nil {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	p.SetUnavailable(false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if out, err := p.Augmenter().Augment(ctx, bt, signing.LevelBLTA); !errors.Is(err, context.Canceled) || out != nil {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	passes(t, p.Offline(), raise(t, p, bt, signing.LevelBLTA), 1, 1)
}

// TestRenew: twice over, years apart, the time-stamping unit and its root
// replaced, everybody's certificate expired.
func TestRenew(t *testing.T) {
	clock := signingtest.NewClock(actDay)
	p := signingtest.New(t, clock.Now)
	e := p.Officer(t, signingtest.P256(t))
	p.NewTSA(t, signingtest.P256(t), actDay.AddDate(6, 0, 0))
	file := raised(t, p, e, signing.LevelBLTA)
	passes(t, p.Offline(), file, 1, 1)
	for round := range 3 {
		clock.Years(5)
		p.NewTSARoot(t, signingtest.P256(t))
		out, err := p.Augmenter().Renew(t.Context(), file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(out, file) {
			t.Fatal("the renewal changed the file")
		}
		r := passes(t, p.Offline(), out, 1, round+2)
		if !r.Signatures[0].BestTime.Equal(actDay) {
			t.Errorf("best time %s", r.Signatures[0].BestTime)
		}
		last := r.DocumentTimestamps[len(r.DocumentTimestamps)-1]
		if want := fmt.Sprintf("vaxt%d", round+2); last.Field != want || !last.CoversWholeFile || !last.Time.Equal(clock.Now()) {
			t.Errorf("%+v", last)
		}
		stored(t, out)
		file = out
	}
}

// TestAugmentConcurrent: one augmenter serves every worker.
func TestAugmentConcurrent(t *testing.T) {
	p := signingtest.New(t, signingtest.NewClock(actDay).Now)
	e := p.Officer(t, signingtest.P256(t))
	a, bt := p.Augmenter(), raised(t, p, e, signing.LevelBT)
	files := make(chan []byte)
	for range 8 {
		go func() {
			file, err := a.Augment(t.Context(), bt, signing.LevelBLTA)
			if err == nil {
				file, err = a.Renew(t.Context(), file)
			}
			if err != nil {
				t.Error(err)
			}
			files <- file
		}()
	}
	for range 8 {
		if file := <-files; file != nil {
			passes(t, p.Offline(), file, 1, 2)
		}
	}
}
