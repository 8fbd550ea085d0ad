package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzCheck feeds any input to every template: it must give faults or an act,
// and an act must render and be canonical.
func FuzzCheck(f *testing.F) {
	l := builtin(f)
	contexts := map[string]Context{}
	for _, tmpl := range l.List() {
		for _, raw := range tmpl.Samples {
			f.Add(raw)
		}
		contexts[tmpl.Meta.ID] = sampleContext(f, l, readSample(f, 3), Date{2026, 9, 7})
	}
	f.Add([]byte(`{"term":{"kind":"court","until":"2027-01-01"},"facts":"a\nb\u0301 \u200b"}`))
	f.Add([]byte(`{"bank":{"name":"B","voen":"9999990131"},"amount":"1 000,00","debtor":1}`))
	f.Fuzz(func(t *testing.T, input []byte) {
		for _, tmpl := range l.List() {
			act, _, err := tmpl.Check(input, contexts[tmpl.Meta.ID])
			if err != nil {
				var faults Faults
				if !errors.As(err, &faults) || len(faults) == 0 || act != nil {
					t.Fatalf("%T %v, act %v", err, err, act)
				}
				continue
			}
			again, err := canonicalise(json.RawMessage(act.Data))
			if err != nil || !bytes.Equal(again, act.Data) {
				t.Fatalf("the data are not canonical: %v", err)
			}
			page, err := tmpl.HTML(act.Data, Issue{Number: "N", CaseNumber: "C"})
			if err != nil || !utf8.ValidString(page) {
				t.Fatalf("rendering: %v", err)
			}
		}
	})
}

func FuzzCheckCase(f *testing.F) {
	l := builtin(f)
	for n := 1; n <= 6; n++ {
		f.Add([]byte(readSample(f, n).Case))
	}
	f.Add([]byte(`{"claim":{"kind":"monetary","principal":"1,00","total":"2,00"}}`))
	f.Fuzz(func(t *testing.T, input []byte) {
		checked, _, err := l.CheckCase(input, Date{2026, 11, 22})
		if err != nil {
			var faults Faults
			if !errors.As(err, &faults) || len(faults) == 0 {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		if _, err := ParseCase("N", checked.Canonical); err != nil {
			t.Fatal(err)
		}
		again, _, err := l.CheckCase(checked.Canonical, Date{2026, 11, 22})
		if err != nil || !bytes.Equal(again.Canonical, checked.Canonical) {
			t.Fatalf("the canonical form is not stable: %v", err)
		}
	})
}

func FuzzMoney(f *testing.F) {
	for _, s := range []string{"6180.45", "6 180,45", "0", "999999999999,99", "1,5", "-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMoney(s)
		if err != nil {
			return
		}
		for _, form := range []string{m.String(), m.Plain()} {
			if again, err := ParseMoney(form); err != nil || again != m {
				t.Fatalf("%q read as %d, printed as %q, read again as %d, %v", s, m, form, again, err)
			}
		}
		if w := m.Words(); !strings.Contains(w, " manat") || strings.Contains(w, "  ") {
			t.Fatalf("%d in words: %q", m, w)
		}
	})
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"Adi mətn", "a\u200bb", "5 AZN", "e\u0301\u0301", "İ\u0307", "\u2028", "m\u04d9tn"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := Normalise(s)
		if Normalise(n) != n {
			t.Fatalf("%q is not stable: %q, %q", s, n, Normalise(n))
		}
		_, _ = textFault(n, true)
		for c := Genitive; c <= Ablative; c++ {
			_ = DeclineName(n, c)
		}
		_ = OrdinalSuffix(n)
	})
}

func BenchmarkCheckAndHTML(b *testing.B) {
	l := builtin(b)
	s := readSample(b, 1)
	c := sampleContext(b, l, s, s.Acts[0].Date)
	tmpl, err := l.Get("initiation-decision", "", c.Date)
	if err != nil {
		b.Fatal(err)
	}
	issue := sampleIssue(s, 1, tmpl.Meta, c)
	b.ReportAllocs()
	for b.Loop() {
		act, _, err := tmpl.Check(s.Acts[0].Input, c)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := tmpl.HTML(act.Data, issue); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuiltin(b *testing.B) {
	for b.Loop() {
		if _, err := Builtin(); err != nil {
			b.Fatal(err)
		}
	}
}
