package codes

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
)

func newCode(t testing.TB) Code {
	t.Helper()
	c, err := NewCode(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNewCode(t *testing.T) {
	tests := []struct {
		random string
		want   string
	}{
		{"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "0000-0000-0000-000Z"},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "ZZZZ-ZZZZ-ZZZZ-ZZZA"},
		{"\x08\x86\x42\x98\xe8\x4a\x96\xc6\xb9\xf0", "1234-5678-9ABC-DEF9"},
	}
	for _, tt := range tests {
		c, err := NewCode(strings.NewReader(tt.random))
		if err != nil || c.String() != tt.want {
			t.Errorf("NewCode of %x = %s, %v; want %s", tt.random, c, err, tt.want)
		}
		if again, err := ParseCode(c.String()); err != nil || again != c {
			t.Errorf("ParseCode(%s) = %s, %v", c, again, err)
		}
	}
	// Every one of the 75 bits counts.
	base := make([]byte, 10)
	seen := map[Code]bool{}
	for bit := range 75 {
		b := bytes.Clone(base)
		b[bit/8] ^= 0x80 >> (bit % 8)
		c, err := NewCode(bytes.NewReader(b))
		if err != nil || seen[c] {
			t.Fatalf("bit %d: %s, %v", bit, c, err)
		}
		seen[c] = true
	}
	for name, r := range map[string]*bytes.Reader{"none": bytes.NewReader(nil), "nine bytes": bytes.NewReader(base[:9])} {
		if c, err := NewCode(r); err == nil || !c.IsZero() {
			t.Errorf("randomness %s: %s, %v", name, c, err)
		}
	}
	if _, err := NewCode(iotest.ErrReader(errors.New("broken"))); err == nil {
		t.Error("broken randomness: no error")
	}
}

// TestCodeDetectsEveryError goes through all single substitutions and all
// exchanges of two symbols. The check is affine over GF(32), so whether an
// error is found depends on the difference alone, and a code for each pair of
// values stands for all codes.
func TestCodeDetectsEveryError(t *testing.T) {
	mistyped := func(symbols [codeSymbols]byte, what string) {
		if _, err := ParseCode(string(symbols[:])); !errors.Is(err, ErrMistyped) {
			t.Fatalf("%s: %s gives %v, want ErrMistyped", what, symbols, err)
		}
	}
	for range 20 {
		good := newCode(t)
		for i := range codeSymbols {
			for _, symbol := range []byte(codeAlphabet) {
				bad := good.symbols
				if bad[i] != symbol {
					bad[i] = symbol
					mistyped(bad, "substitution in "+good.String())
				}
			}
		}
	}
	// All positions, all pairs of different values at them.
	for i := range codeSymbols {
		for j := i + 1; j < codeSymbols; j++ {
			for a := range byte(32) {
				for b := range a {
					good := codeWith(i, a, j, b)
					good[i], good[j] = good[j], good[i]
					mistyped(good, "exchange")
					if j == i+1 { // twins
						twins := codeWith(i, a, j, a)
						twins[i], twins[j] = codeAlphabet[b], codeAlphabet[b]
						mistyped(twins, "twins")
					}
				}
			}
		}
	}
}

// codeWith returns the symbols of a code that has the values a and b at the
// places i and j, found by solving for another place.
func codeWith(i int, a byte, j int, b byte) [codeSymbols]byte {
	free := 0
	for free == i || free == j {
		free++
	}
	values := make([]byte, codeSymbols)
	values[i], values[j] = a, b
	for v := range byte(32) {
		if values[free] = v; codeSyndrome(values) == 0 {
			break
		}
	}
	var symbols [codeSymbols]byte
	for k, v := range values {
		symbols[k] = codeAlphabet[v]
	}
	return symbols
}

func TestParseCodeLenient(t *testing.T) {
	want := "1234-5678-9ABC-DEF9"
	for _, text := range []string{
		want, "123456789ABCDEF9", "1234 5678 9abc def9", " 1234-5678-9abc-def9\n", "I234-5678-9ABC-DEF9", "l234–5678—9ABC‑DEF9",
		"ı2345678 9abcdef9", "İ23456789ABCDEF9", "1-2-3-4-5-6-7-8-9-A-B-C-D-E-F-9", "\ufeff1234\u00a05678\u200b9ABCDEF9",
	} {
		if c, err := ParseCode(text); err != nil || c.String() != want {
			t.Errorf("ParseCode(%q) = %s, %v", text, c, err)
		}
	}
	if c, err := ParseCode("OOOO-OOOO-oooo-oooZ"); err != nil || c.String() != "0000-0000-0000-000Z" {
		t.Errorf("O for 0: %s, %v", c, err)
	}
}

func TestParseCodeRefuses(t *testing.T) {
	tests := []struct {
		why, text string
		want      error
	}{
		{"all zero", "0000-0000-0000-0000", ErrMistyped},
		{"wrong check", "1234-5678-9ABC-DEFN", ErrMistyped},
		{"groups exchanged", "5678-1234-9ABC-DEF9", ErrMistyped},
		{"empty", "", ErrShape},
		{"only hyphens", "----", ErrShape},
		{"too short", "1234-5678-9ABC-DEF", ErrShape},
		{"too long", "1234-5678-9ABC-DEF9-1", ErrShape},
		{"U", "U234-5678-9ABC-DEF9", ErrShape},
		{"Cyrillic А", "1234-5678-9АBC-DEF9", ErrShape},
		{"full-width digit", "１234-5678-9ABC-DEF9", ErrShape},
		{"slash", "1234/5678/9ABC/DEF9", ErrShape},
		{"NUL", "1234-5678-9ABC-DEF9\x00", ErrShape},
		{"bad UTF-8", "1234-5678-9ABC-DEF\xff", ErrShape},
		{"long", strings.Repeat("-", 1e6) + "123456789ABCDEF9", ErrShape},
		{"long without end", strings.Repeat("1", 1e6), ErrShape},
	}
	for _, tt := range tests {
		c, err := ParseCode(tt.text)
		if !errors.Is(err, tt.want) || !c.IsZero() || c.String() != "" {
			t.Errorf("%s: ParseCode(%.40q) = %q, %v; want %v", tt.why, tt.text, c, err, tt.want)
		}
		if err != nil && len(err.Error()) > 500 {
			t.Errorf("%s: error of %d bytes", tt.why, len(err.Error()))
		}
	}
}

func TestCodeJSON(t *testing.T) {
	c := newCode(t)
	b, err := json.Marshal(c)
	if err != nil || string(b) != `"`+c.String()+`"` {
		t.Fatalf("%s, %v", b, err)
	}
	var again Code
	if err := json.Unmarshal(b, &again); err != nil || again != c {
		t.Errorf("%s, %v", again, err)
	}
	if err := json.Unmarshal([]byte(`"1"`), &again); !errors.Is(err, ErrShape) {
		t.Errorf("bad code in JSON: %v", err)
	}
}

func FuzzParseCode(f *testing.F) {
	for _, s := range []string{"1234-5678-9ABC-DEF9", "oooo oooo oooo ooo z", "", "UUUU-UUUU-UUUU-UUUU", "İ23456789ABCDEF9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCode(text)
		if err != nil {
			if !errors.Is(err, ErrShape) && !errors.Is(err, ErrMistyped) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		if again, err := ParseCode(c.String()); err != nil || again != c {
			t.Fatalf("%q → %s → %s, %v", text, c, again, err)
		}
	})
}
