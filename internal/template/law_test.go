package template

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
)

func TestStandardFee(t *testing.T) {
	entry, err := builtin(t).Law().At("standard-fee", Date{2026, 7, 6})
	if err != nil {
		t.Fatal(err)
	}
	for claim, want := range map[string]string{
		"0,01": "0,01", "25": "25,00", "30": "30,00", "30,01": "30,00", "100": "30,00", "100,03": "30,01", "200": "47,00", "500": "98,00",
		"501": "98,15", "850": "150,50", "1000": "173,00", "1001": "173,13", "5000": "693,00", "5001": "693,11", "10000": "1 243,00",
	} {
		sum, err := ParseMoney(claim)
		if err != nil {
			t.Fatal(err)
		}
		fee, err := entry.Value.Fee(sum)
		if got := strings.ReplaceAll(fee.String(), nbsp, " "); err != nil || got != want {
			t.Errorf("fee of %s: %s, %v; want %s", claim, got, err, want)
		}
	}
	if _, err := entry.Value.Fee(1_000_001); !errors.Is(err, ErrScale) {
		t.Errorf("above the known scale: %v", err)
	}
}

func TestLawAt(t *testing.T) {
	const file = `{"key":"k","title":{"az":"a","en":"b","ru":"c"},"entries":[
		{"from":"2026-07-01","value":{"percent":"10"},"cite":"78.1-ci maddə","source":"s","confirmed":true},
		{"from":"2026-01-01","value":{"percent":"7"},"cite":"{?} maddə","source":"s","confirmed":false}]}`
	law, err := loadLaw(fstest.MapFS{"law/k.json": &fstest.MapFile{Data: []byte(file)}}, "law")
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[Date]string{{2026, 1, 1}: "7", {2026, 6, 30}: "7", {2026, 7, 1}: "10", {2199, 1, 1}: "10"} {
		if e, err := law.At("k", day); err != nil || e.Value.Percent != want {
			t.Errorf("on %s: %s, %v; want %s", day, e.Value.Percent, err, want)
		}
	}
	if _, err := law.At("k", Date{2025, 12, 31}); !errors.Is(err, ErrNoLaw) {
		t.Errorf("before the first entry: %v", err)
	}
	if _, err := law.At("other", Date{2026, 1, 1}); !errors.Is(err, ErrNoLaw) {
		t.Errorf("unknown parameter: %v", err)
	}
}

func TestPrintedCitation(t *testing.T) {
	for _, c := range []struct {
		entry Entry
		want  string
	}{
		{Entry{Cite: "87.1-ci maddə", Confirmed: true}, "87.1-ci maddə"},
		{Entry{Cite: "Qanunun {?} maddəsi"}, "Qanunun " + Unconfirmed + " maddəsi"},
		{Entry{Cite: "78.1-ci maddə"}, "78.1-ci maddə " + Unconfirmed},
		{Entry{}, Unconfirmed},
	} {
		if got := c.entry.Printed(); got != c.want {
			t.Errorf("printed %q, want %q", got, c.want)
		}
	}
}

// TestNoInventedArticles proves that what is not confirmed says so in every
// act that cites it.
func TestNoInventedArticles(t *testing.T) {
	for _, p := range builtin(t).Law().Params() {
		for _, e := range p.Entries {
			if strings.Contains(e.Printed(), Unconfirmed) == e.Confirmed {
				t.Errorf("%s from %s: confirmed is %v, printed %q", p.Key, e.From, e.Confirmed, e.Printed())
			}
			if !e.Confirmed && e.Note == "" && e.Source == "" {
				t.Errorf("%s: nothing says what is unknown", p.Key)
			}
		}
	}
	for _, r := range renderSamples(t) {
		for key, rule := range dataOf(t, r).Law {
			if !rule.Confirmed && !strings.Contains(r.html, Unconfirmed) {
				t.Errorf("%s cites %s without the mark", r.name, key)
			}
		}
	}
}

func TestOrderKeyword(t *testing.T) {
	schema, err := compileSchema("t", []byte(`{"type":"object","x-order":[["a","b"]],"properties":{"a":{"format":"date"},"b":{"format":"date"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for input, want := range map[string]int{
		`{"a":"2026-01-01","b":"2026-01-01"}`: 0, `{"a":"2026-01-02","b":"2026-01-01"}`: 1, `{"a":"2026-01-02"}`: 0, `{"a":"x","b":"2026-01-01"}`: 1,
	} {
		value, fault := decode([]byte(input))
		if fault != nil {
			t.Fatal(fault)
		}
		if faults, _ := schema.check(value); len(faults) != want {
			t.Errorf("%s: %v", input, faults)
		}
	}
}
