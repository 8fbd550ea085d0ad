package signing_test

import (
	"bytes"
	"crypto"
	"fmt"
	"slices"
	"testing"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
	"docsvc/internal/signing/cms"
	"docsvc/internal/signing/signingtest"
)

// shape is how many sign, and how.
type shape string

const (
	alone     shape = "one"
	together  shape = "two"                              // officer and head
	certifies shape = "certified and two"                // the officer's certifies
	renewals  shape = "certified and two, renewed twice" // of B-LTA only
)

// variant is a file of one level, key and shape.
type variant struct {
	kind  signingtest.KeyKind
	level signing.Level
	shape shape
	file  []byte
}

func (v variant) String() string { return fmt.Sprintf("%s, %s, %s", v.level, v.kind.Name, v.shape) }

func (v variant) signatures() int {
	if v.shape == alone {
		return 1
	}
	return 2
}

// stamps is how many document time-stamps the file has.
func (v variant) stamps() int {
	switch {
	case v.shape == renewals:
		return 3
	case v.level == signing.LevelBLTA:
		return 1
	}
	return 0
}

// variants makes every level with every key in every shape, as an act comes
// about: after each signature the data of the level, after the last the
// document time-stamp.
func variants(t testing.TB, p *signingtest.PKI) []variant {
	t.Helper()
	var all []variant
	blank := signingtest.PDF(1000, "imza1", "imza2")
	for _, kind := range signingtest.KeyKinds() {
		officer, head := p.Officer(t, kind.New(t)), p.Officer(t, signingtest.P256(t))
		for _, level := range signing.Levels() {
			for _, s := range []shape{alone, together, certifies} {
				r := request(blank, p, officer, level)
				r.PSS, r.Certify = kind.PSS, s == certifies
				file, err := signing.Sign(t.Context(), r, signing.SignerKey(officer.Key), p)
				if err != nil {
					t.Fatal(err)
				}
				if s != alone {
					between := level
					if level == signing.LevelBLTA {
						between = signing.LevelBLT
					}
					file = raise(t, p, file, between)
					file = signed(t, p, head, file, "imza2", level)
				}
				all = append(all, variant{kind, level, s, raise(t, p, file, level)})
			}
		}
		last := all[len(all)-1]
		last.shape = renewals
		for range 2 {
			last.file = renewal(t, p, last.file)
		}
		all = append(all, last)
	}
	return all
}

// TestLevels has our verifier judge all of them, what needs it with the lists
// of the authority, B-LT and above alone.
func TestLevels(t *testing.T) {
	p := signingtest.New(t, signingtest.NewClock(actDay).Now)
	for _, v := range variants(t, p) {
		t.Run(v.String(), func(t *testing.T) {
			judge := p.Verifier()
			if v.level.AtLeast(signing.LevelBLT) {
				judge = p.Offline()
			}
			r := passes(t, judge, v.file, v.signatures(), v.stamps())
			for _, s := range r.Signatures {
				if v.level.AtLeast(signing.LevelBT) && !s.BestTime.Equal(actDay) {
					t.Errorf("best time %s", s.BestTime)
				}
				if s.Level != v.level {
					t.Errorf("%s has level %s", s.Field, s.Level)
				}
			}
			checkStamps(t, v)
			if again := raise(t, p, v.file, v.level); len(again) != len(v.file) {
				t.Errorf("raising again adds %d bytes", len(again)-len(v.file))
			}
		})
	}
}

func renewal(t testing.TB, p *signingtest.PKI, file []byte) []byte {
	t.Helper()
	out, err := p.Augmenter().Renew(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(out, file) {
		t.Fatal("the renewal does not begin with the file")
	}
	return out
}

// checkStamps: document time-stamps are not weaker than what they protect.
func checkStamps(t *testing.T, v variant) {
	t.Helper()
	want := crypto.SHA256
	if v.kind.Name == "P-384" {
		want = crypto.SHA384
	}
	for _, s := range parts(t, v.file) {
		if s.value != nil {
			continue
		}
		if token, err := cms.ParseToken(s.der); err != nil || token.Hash != want {
			t.Errorf("%s: %v, %v", s.field, token.Hash, err)
		}
	}
}

// part is a signature or document time-stamp taken out of a file.
type part struct {
	field     string
	subFilter pdf.Name
	der       []byte // of Contents, without padding
	content   []byte // what it covers
	value     []byte // of a signature
	token     []byte // the time-stamp over it, nil when there is none
}

// parts reads them with nothing of ours but the parser.
func parts(t testing.TB, file []byte) []part {
	t.Helper()
	d := signingtest.Open(t, file)
	var all []part
	for n := range d.Len() {
		o, err := d.Object(n)
		if err != nil {
			t.Fatal(err)
		}
		field, ok := o.(*pdf.Dict)
		if !ok || field.Get("FT") != pdf.Name("Sig") || field.Get("V") == nil {
			continue
		}
		v, err := d.Dict(field.Get("V"))
		if err != nil {
			t.Fatal(err)
		}
		b := v.Get("ByteRange").(pdf.Array)
		at := func(i int) int64 { return b[i].(int64) }
		p := part{
			field: pdf.DecodeText(field.Get("T").(pdf.String)), subFilter: v.Get("SubFilter").(pdf.Name),
			content: slices.Concat(file[at(0):at(0)+at(1)], file[at(2):at(2)+at(3)]),
		}
		m, err := cms.Parse(v.Get("Contents").(pdf.String))
		if err != nil {
			t.Fatal(err)
		}
		p.der = m.Raw
		if p.subFilter != "ETSI.RFC3161" {
			p.value = m.Signature
			if p.token, err = m.SignatureTimestamp(); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatal("no signatures")
	}
	return all
}
