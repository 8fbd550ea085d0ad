package numbering

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFormat(t *testing.T) {
	tests := []struct {
		scheme string
		year   int
		office string
		serial int64
		want   string
		err    error
	}{
		{DefaultCase, 2026, "110", 1, "EI2611000000001T", nil},
		{DefaultCase, 2026, "110", 2, "EI2611000000002R", nil},
		{DefaultCase, 2026, "110", 123, "EI26110000001239", nil},
		{DefaultCase, 2026, "110", 99_999_999, "EI2611099999999G", nil},
		{DefaultCase, 2026, "110", 100_000_000, "", ErrOverflow},
		{DefaultCase, 2026, "110", 0, "", ErrRange},
		{DefaultCase, 2026, "110", -1, "", ErrRange},
		{DefaultCase, 1999, "110", 1, "", ErrRange},
		{DefaultCase, 2100, "110", 1, "", ErrRange},
		{DefaultCase, 2026, "11", 1, "", ErrRange},
		{DefaultCase, 2026, "1100", 1, "", ErrRange},
		{DefaultCase, 2026, "11A", 1, "", ErrRange},
		{DefaultCase, 2026, "١١٠", 1, "", ErrRange},
		{"a: {yyyy}/{serial:2+}", 2026, "", 7, "2026/07", nil},
		{"a: {yyyy}/{serial:2+}", 2026, "", 1234, "2026/1234", nil},
		{"a: {yyyy}/{serial:2+}", 26, "", 1, "", ErrRange},
		{"a: {yyyy}/{serial:2+}", 10000, "", 1, "", ErrRange},
		{"a: {yyyy}/{serial:2+}", 2026, "", 1e18, "", ErrOverflow},
		{"a: {yyyy}/{serial:2+}", 2026, "", 1e18 - 1, "2026/999999999999999999", nil},
		{"a: {office:3a}{serial:2}{check:97-10}", 0, "B1C", 5, "B1C0582", nil},
		{"a: {yy}{office:3}{serial:8}{check:11,10}", 2026, "110", 123, "26110000001238", nil},
		{"a: {yy}{office:3}{serial:8}{check:97-10}", 2026, "110", 123, "261100000012360", nil},
	}
	for _, tt := range tests {
		got, err := mustScheme(t, tt.scheme).Format(tt.year, tt.office, tt.serial)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: Format(%d, %q, %d) = %q, %v; want %q, %v", tt.scheme, tt.year, tt.office, tt.serial, got, err, tt.want, tt.err)
		}
	}
	if _, err := (Scheme{}).Format(2026, "110", 1); !errors.Is(err, ErrScheme) {
		t.Errorf("zero Scheme formats: %v", err)
	}
	if _, err := (Scheme{}).Parse(""); !errors.Is(err, ErrShape) {
		t.Errorf("zero Scheme parses: %v", err)
	}
}

func TestSeries(t *testing.T) {
	tests := []struct{ scheme, want string }{
		{DefaultCase, "case/2026/110"},
		{"a: {yy}{office:3}{serial:3} reset=never", "a/-/110"},
		{"a: {yy}{office:3}{serial:3} series=global", "a/2026/-"},
		{"a: {serial:3}", "a/-/-"},
	}
	for _, tt := range tests {
		if got := mustScheme(t, tt.scheme).Series(2026, "110"); got != tt.want {
			t.Errorf("%s: series %q, want %q", tt.scheme, got, tt.want)
		}
	}
}

func TestParse(t *testing.T) {
	s := mustScheme(t, DefaultCase)
	got, err := s.Parse("EI2611000000001T")
	want := Number{Text: "EI2611000000001T", Year: 2026, Office: "110", Serial: 1}
	if err != nil || got != want {
		t.Errorf("Parse = %+v, %v; want %+v", got, err, want)
	}
	tests := []struct {
		why, text string
		want      error
	}{
		{"wrong check", "EI2611000000001R", ErrMistyped},
		{"wrong digit", "EI2611000000002T", ErrMistyped},
		{"digits swapped", "EI2611000001000T", ErrMistyped},
		{"empty", "", ErrShape},
		{"too short", "EI261100000001T", ErrShape},
		{"too long", "EI26110000000001T", ErrShape},
		{"other prefix", "EJ2611000000001T", ErrShape},
		{"lower case", "ei2611000000001t", ErrShape},
		{"lower-case check", "EI2611000000001t", ErrShape},
		{"space before", " EI2611000000001T", ErrShape},
		{"line end", "EI2611000000001T\n", ErrShape},
		{"letter in the serial", "EI261100000000IT", ErrShape},
		{"sign in the serial", "EI26110+0000001T", ErrShape},
		{"Arabic digits", "EI26110٠٠٠٠T", ErrShape},
		{"separator as check", "EI2611000000001-", ErrShape},
		{"serial 0", "EI2611000000000V", ErrShape},
		{"NUL", "EI261100000000\x00T", ErrShape},
		{"bad UTF-8", "EI261100000000\xffT", ErrShape},
		{"a whole page", strings.Repeat("EI2611000000001T", 1e5), ErrShape},
	}
	for _, tt := range tests {
		_, err := s.Parse(tt.text)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: Parse(%.40q) = %v, want %v", tt.why, tt.text, err, tt.want)
		}
		if err != nil && len(err.Error()) > 300 {
			t.Errorf("%s: error is %d bytes long", tt.why, len(err.Error()))
		}
	}
}

func TestParseGrowingSerial(t *testing.T) {
	s := mustScheme(t, "a: 2({office:3})-{serial:3+}/{yyyy}")
	for _, text := range []string{"2(199)-001/2026", "2(199)-1001/2026", "2(199)-999999999999999999/1000"} {
		n, err := s.Parse(text)
		if err != nil {
			t.Errorf("Parse(%q): %v", text, err)
			continue
		}
		if again, err := s.Format(n.Year, n.Office, n.Serial); err != nil || again != text {
			t.Errorf("Parse(%q) formats as %q, %v", text, again, err)
		}
	}
	for _, text := range []string{"2(199)-0001/2026", "2(199)-000/2026", "2(199)-01/2026", "2(199)-1000000000000000000/2026", "2(199)-001/0026"} {
		if n, err := s.Parse(text); !errors.Is(err, ErrShape) {
			t.Errorf("Parse(%q) = %+v, %v; want ErrShape", text, n, err)
		}
	}
}

func TestParseTyped(t *testing.T) {
	s := mustScheme(t, DefaultCase)
	for _, text := range []string{
		"EI2611000000001T", "ei2611000000001t", " EI 26 110 0000 0001 T\r\n", "E\u0130 26110\u00a000000001T",
		"eı2611000000001t", "E12611000000001T", "EI26110OOOOOOO1T", "EI26l100000000IT", "\ufeffEI2611000000001T\u200b",
	} {
		if n, err := s.ParseTyped(text); err != nil || n.Text != "EI2611000000001T" {
			t.Errorf("ParseTyped(%q) = %q, %v", text, n.Text, err)
		}
	}
	tests := []struct {
		text string
		want error
	}{
		{"EI2611000000001R", ErrMistyped},
		{"", ErrShape},
		{"   ", ErrShape},
		{"ЕІ2611000000001Т", ErrShape}, // Cyrillic letters
		{"EI2611000000001T\x00", ErrShape},
		{"EI2611000000001\xff", ErrShape},
		{"EI-2611000000001T", ErrShape},
		{strings.Repeat(" ", 1e6), ErrShape},
	}
	for _, tt := range tests {
		if n, err := s.ParseTyped(tt.text); !errors.Is(err, tt.want) {
			t.Errorf("ParseTyped(%.40q) = %+v, %v; want %v", tt.text, n, err, tt.want)
		}
	}
	// The check character is never mended: 0 for O stays an error.
	withO := mustScheme(t, "a: {serial:3}{check:37,36}")
	for serial := int64(1); serial < 1000; serial++ {
		text, err := withO.Format(0, "", serial)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(text, "O") {
			continue
		}
		if _, err := withO.ParseTyped(text[:3] + "0"); !errors.Is(err, ErrMistyped) {
			t.Errorf("%s typed with 0: %v, want ErrMistyped", text, err)
		}
	}
}

func TestActNumbers(t *testing.T) {
	s := mustScheme(t, DefaultCase)
	for _, tt := range []struct {
		index int
		want  string
		err   error
	}{
		{1, "EI2611000000001T-001", nil},
		{999, "EI2611000000001T-999", nil},
		{1000, "EI2611000000001T-1000", nil},
		{MaxActIndex, "EI2611000000001T-999999", nil},
		{MaxActIndex + 1, "", ErrOverflow},
		{0, "", ErrRange},
		{-5, "", ErrRange},
	} {
		got, err := FormatAct("EI2611000000001T", tt.index)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("FormatAct(%d) = %q, %v; want %q, %v", tt.index, got, err, tt.want, tt.err)
			continue
		}
		if err != nil {
			continue
		}
		n, index, err := s.ParseAct(got)
		if err != nil || n.Text != "EI2611000000001T" || index != tt.index {
			t.Errorf("ParseAct(%q) = %+v, %d, %v", got, n, index, err)
		}
	}
	if got := ActSeries("EI2611000000001T"); got != "act/EI2611000000001T" {
		t.Errorf("ActSeries = %q", got)
	}
	for _, tt := range []struct {
		text string
		want error
	}{
		{"EI2611000000001T", ErrShape},
		{"EI2611000000001T-", ErrShape},
		{"EI2611000000001T-1", ErrShape},
		{"EI2611000000001T-0001", ErrShape},
		{"EI2611000000001T-000", ErrShape},
		{"EI2611000000001T-+01", ErrShape},
		{"EI2611000000001T-1000000", ErrShape},
		{"EI2611000000001T-" + strings.Repeat("9", 100), ErrShape},
		{"EI2611000000001T-001-001", ErrShape},
		{"-001", ErrShape},
		{"EI2611000000001R-001", ErrMistyped},
	} {
		if n, index, err := s.ParseAct(tt.text); !errors.Is(err, tt.want) {
			t.Errorf("ParseAct(%q) = %+v, %d, %v; want %v", tt.text, n, index, err, tt.want)
		}
	}
	for _, text := range []string{"EI2611000000001T-003", "ei 2611000000001 t – OO3", "EI2611000000001T\u2212003"} {
		if n, index, err := s.ParseActTyped(text); err != nil || n.Text != "EI2611000000001T" || index != 3 {
			t.Errorf("ParseActTyped(%q) = %+v, %d, %v", text, n, index, err)
		}
	}
	if _, _, err := s.ParseActTyped("Ə-001"); !errors.Is(err, ErrShape) {
		t.Errorf("ParseActTyped of another alphabet: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(DefaultCase, "EI2611000000001T")
	f.Add(DefaultCase, "ei 26 110 0000 0001 t-003")
	f.Add("a: 2({office:3a})-{serial:3+}/{yyyy}", "2(1A9)-1001/2026")
	f.Add("a: {yy}{serial:8}{check:11,10}", "26000001238")
	f.Fuzz(func(t *testing.T, scheme, text string) {
		s, err := ParseScheme(scheme)
		if err != nil {
			return
		}
		typed, typedErr := s.ParseTyped(text)
		n, err := s.Parse(text)
		if err != nil {
			if !errors.Is(err, ErrShape) && !errors.Is(err, ErrMistyped) {
				t.Fatalf("Parse(%q): untyped error %v", text, err)
			}
		} else if typedErr != nil || typed != n {
			t.Fatalf("ParseTyped(%q) = %+v, %v; Parse gives %+v", text, typed, typedErr, n)
		}
		if typedErr == nil {
			again, err := s.Format(typed.Year, typed.Office, typed.Serial)
			if err != nil || again != typed.Text {
				t.Fatalf("%+v formats as %q, %v", typed, again, err)
			}
		}
		if n, index, err := s.ParseAct(text); err == nil {
			if again, err := FormatAct(n.Text, index); err != nil || again != text {
				t.Fatalf("act %q formats as %q, %v", text, again, err)
			}
		}
		_, _, _ = s.ParseActTyped(text) // must not panic
	})
}

func FuzzFormat(f *testing.F) {
	f.Add(DefaultCase, 2026, "110", int64(1))
	f.Add("a: {office:3a}/{yyyy}-{serial:2+}{check:97-10}", 2026, "A1B", int64(777))
	f.Fuzz(func(t *testing.T, scheme string, year int, office string, serial int64) {
		s, err := ParseScheme(scheme)
		if err != nil {
			return
		}
		text, err := s.Format(year, office, serial)
		if err != nil {
			return
		}
		n, err := s.Parse(text)
		if err != nil {
			t.Fatalf("Format wrote %q, Parse: %v", text, err)
		}
		want := Number{Text: text, Serial: serial}
		if s.has(yearField) {
			want.Year = year
		}
		if s.has(officeField) {
			want.Office = office
		}
		if diff := cmp.Diff(want, n); diff != "" {
			t.Fatal(diff)
		}
	})
}
