package numbering

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestParseSchemeWritesOptionsOut(t *testing.T) {
	tests := []struct{ text, want string }{
		{DefaultCase, DefaultCase},
		{DefaultJournal, DefaultJournal},
		{"case:   EI{serial:4}", "case: EI{serial:4} reset=never series=global"},
		{"a-1: {yyyy}/{serial:4+}", "a-1: {yyyy}/{serial:4+} reset=yearly series=global"},
		{"a: {yy}{office:4a}{serial:4} series=global reset=never", "a: {yy}{office:4a}{serial:4} reset=never series=global"},
		{"a: 2({office:3})-{serial:4}/{yyyy}", "a: 2({office:3})-{serial:4}/{yyyy} reset=yearly series=office"},
		{"a: {serial:18}{check:97-10}", "a: {serial:18}{check:97-10} reset=never series=global"},
	}
	for _, tt := range tests {
		s, err := ParseScheme(tt.text)
		if err != nil {
			t.Errorf("ParseScheme(%q): %v", tt.text, err)
			continue
		}
		if s.String() != tt.want {
			t.Errorf("ParseScheme(%q) = %q, want %q", tt.text, s, tt.want)
		}
	}
}

func TestParseSchemeRefuses(t *testing.T) {
	tests := []struct{ why, text string }{
		{"empty", ""},
		{"no name", "EI{serial:8}"},
		{"empty name", ": EI{serial:8}"},
		{"capital in name", "Case: {serial:8}"},
		{"name begins with a digit", "1a: {serial:8}"},
		{"name too long", strings.Repeat("a", 25) + ": {serial:8}"},
		{"no space after the name", "case:{serial:8}"},
		{"no pattern", "case: "},
		{"no serial", "case: EI{yy}"},
		{"two serials", "case: {serial:3}{serial:3}"},
		{"two years", "case: {yy}{yyyy}{serial:3}"},
		{"two checks", "case: {serial:3}{check:37,36}{check:97-10}"},
		{"check not last", "case: {check:37,36}{serial:3}"},
		{"literal after check", "case: {serial:3}{check:37,36}-"},
		{"unknown field", "case: {serial:3}{month}"},
		{"unknown check", "case: {serial:3}{check:11,2}"},
		{"lower-case literal", "case: ei{serial:3}"},
		{"literal beyond ASCII", "case: Ə{serial:3}"},
		{"literal that a barcode cannot carry well", "case: {serial:3}_"},
		{"brace left open", "case: {serial:3"},
		{"stray brace", "case: }{serial:3}"},
		{"width missing", "case: {serial}"},
		{"width 0", "case: {serial:0}"},
		{"width 19", "case: {serial:19}"},
		{"width negative", "case: {serial:-1}"},
		{"width padded", "case: {serial:08}"},
		{"width signed", "case: {serial:+8}"},
		{"office too wide", "case: {office:9}{serial:8}"},
		{"year with width", "case: {yy:2}{serial:8}"},
		{"number too long", "case: " + strings.Repeat("A", 33) + "{serial:8}"},
		{"growing number too long", "case: " + strings.Repeat("A", 23) + "{serial:3+}"},
		{"text too long", "case: {serial:8}" + strings.Repeat(" ", 300)},
		{"yearly without year", "case: {serial:8} reset=yearly"},
		{"per office without office", "case: {serial:8} series=office"},
		{"option twice", "case: {yy}{serial:8} reset=yearly reset=never"},
		{"option unknown", "case: {serial:8} reset=monthly"},
		{"pattern in two words", "case: EI {serial:8}"},
		{"digits-only check with letters", "case: {office:3a}{serial:8}{check:11,10}"},
	}
	for _, tt := range tests {
		if s, err := ParseScheme(tt.text); !errors.Is(err, ErrScheme) {
			t.Errorf("%s: ParseScheme(%q) = %q, %v; want ErrScheme", tt.why, tt.text, s, err)
		}
	}
}

func TestSchemeJSON(t *testing.T) {
	var config struct{ Cases, Journal Scheme }
	in := `{"Cases":"` + DefaultCase + `","Journal":"` + DefaultJournal + `"}`
	if err := json.Unmarshal([]byte(in), &config); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(config)
	if err != nil || string(out) != in {
		t.Errorf("JSON came back as %s, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"Cases":"case: EI"}`), &config); !errors.Is(err, ErrScheme) {
		t.Errorf("bad scheme in JSON: %v, want ErrScheme", err)
	}
}

func TestDistinct(t *testing.T) {
	tests := []struct {
		a, b string
		ok   bool
	}{
		{DefaultCase, DefaultJournal, true},
		{DefaultCase, "case: JR{serial:4}", false}, // same name
		{DefaultCase, "b: EI{serial:14}", false},   // a check character may be a digit
		{DefaultCase, "b: EI{serial:13}{check:37,36}", false},
		{"a: A{serial:3}", "b: A{serial:4}", true},
		{"a: A{serial:3+}", "b: A{serial:4}", false},
		{"a: A-{serial:3}", "b: A/{serial:3}", true},
		{"a: {office:3a}{serial:3}", "b: ABC{serial:3}", false},
		{"a: {office:3}{serial:3}", "b: ABC{serial:3}", true},
	}
	for _, tt := range tests {
		err := Distinct(mustScheme(t, tt.a), mustScheme(t, tt.b))
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrScheme) {
			t.Errorf("Distinct(%q, %q) = %v, want ok %v", tt.a, tt.b, err, tt.ok)
		}
	}
}

func FuzzParseScheme(f *testing.F) {
	for _, s := range []string{DefaultCase, DefaultJournal, "a: {yyyy}/{serial:4+}{check:97-10}", "a: 2({office:3a})-{serial:4}/{yyyy} series=global"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseScheme(text)
		if err != nil {
			return
		}
		again, err := ParseScheme(s.String())
		if err != nil || again.String() != s.String() {
			t.Fatalf("%q → %q → %q, %v", text, s, again, err)
		}
		if s.overlaps(s) == false {
			t.Fatalf("%q does not overlap with itself", text)
		}
	})
}
