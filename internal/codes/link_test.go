package codes

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

const testOrigin = "https://elektron-icra.example.az"

func TestURL(t *testing.T) {
	code, err := ParseCode("1234-5678-9ABC-DEF9")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		origin string
		seal   string
		want   string
	}{
		{testOrigin, "", testOrigin + "/v/1234-5678-9ABC-DEF9"},
		{testOrigin, "\x01", testOrigin + "/v/1234-5678-9ABC-DEF9#001"},
		{testOrigin, "\xff\xff", testOrigin + "/v/1234-5678-9ABC-DEF9#65535"},
		{testOrigin, "\x00\x01\x00\x00\x00\x00\x00\x02", testOrigin + "/v/1234-5678-9ABC-DEF9#00000000000000256002"},
		{"http://127.0.0.1:8080", "", "http://127.0.0.1:8080/v/1234-5678-9ABC-DEF9"},
		{"http://localhost", "", "http://localhost/v/1234-5678-9ABC-DEF9"},
		{"http://192.168.1.5:80", "", "http://192.168.1.5:80/v/1234-5678-9ABC-DEF9"},
		{"http://[::1]:8080", "", "http://[::1]:8080/v/1234-5678-9ABC-DEF9"},
	} {
		got, err := URL(tt.origin, code, []byte(tt.seal))
		if err != nil || got != tt.want {
			t.Errorf("URL(%s, %x) = %q, %v; want %q", tt.origin, tt.seal, got, err, tt.want)
			continue
		}
		link, err := ParseURL(got)
		if err != nil || link.Origin != tt.origin || link.Code != code || !bytes.Equal(link.Seal, []byte(tt.seal)) {
			t.Errorf("ParseURL(%q) = %+v, %v", got, link, err)
		}
	}
	if _, err := URL(testOrigin, Code{}, nil); !errors.Is(err, ErrLink) {
		t.Errorf("no code: %v", err)
	}
	if _, err := URL(testOrigin, code, make([]byte, MaxSeal+1)); !errors.Is(err, ErrLink) {
		t.Errorf("seal too long: %v", err)
	}
}

func TestOriginRefused(t *testing.T) {
	for _, origin := range []string{
		"", "https://", "elektron-icra.example.az", "http://elektron-icra.example.az", "http://8.8.8.8", "ftp://a.az", "HTTPS://a.az",
		"https://A.az", "https://ə.az", "https://a.az/", "https://a.az/x", "https://a.az?x", "https://a.az#", "https://u@a.az",
		"https://a.az:port", "https://a b", "https://a.az\n", "javascript:alert(1)", "https://:443", "http://localhost.evil.az",
		"https://" + strings.Repeat("a", 57),
	} {
		if err := CheckOrigin(origin); !errors.Is(err, ErrLink) {
			t.Errorf("CheckOrigin(%q) = %v, want ErrLink", origin, err)
		}
	}
}

// TestLinkAlwaysFits: the longest seal with the longest origin.
func TestLinkAlwaysFits(t *testing.T) {
	link, err := URL("https://"+strings.Repeat("a", 56), newCode(t), bytes.Repeat([]byte{0xff}, MaxSeal))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseURL(link); err != nil {
		t.Error(err)
	}
	b, err := QR(link)
	if err != nil || b.Width != 17+4*MaxQRVersion {
		t.Errorf("QR of %d characters is %d wide, %v", len(link), b.Width, err)
	}
}

func TestParseURLRefuses(t *testing.T) {
	const path = "/v/1234-5678-9ABC-DEF9"
	tests := []struct {
		why, text string
		want      error
	}{
		{"empty", "", ErrLink},
		{"code alone", "1234-5678-9ABC-DEF9", ErrLink},
		{"no path", testOrigin, ErrLink},
		{"other path", testOrigin + "/w/1234-5678-9ABC-DEF9", ErrLink},
		{"deeper path", testOrigin + "/x" + path, ErrLink},
		{"user", "https://elektron-icra.example.az@evil.az" + path, ErrLink},
		{"plain http", "http://elektron-icra.example.az" + path, ErrLink},
		{"script", "javascript://a" + path, ErrLink},
		{"space before", " " + testOrigin + path, ErrLink},
		{"letters in the seal", testOrigin + path + "#0oRYHaIBJg", ErrLink},
		{"sign in the seal", testOrigin + path + "#+01", ErrLink},
		{"seal of one digit", testOrigin + path + "#1", ErrLink},
		{"seal of 18 digits", testOrigin + path + "#" + strings.Repeat("0", 18), ErrLink},
		{"chunk above 7 bytes", testOrigin + path + "#" + strings.Repeat("9", 17), ErrLink},
		{"byte above 255", testOrigin + path + "#256", ErrLink},
		{"Arabic digits", testOrigin + path + "#٠١٢", ErrLink},
		{"seal too long", testOrigin + path + "#" + strings.Repeat("0", 17*58), ErrLink},
		{"a megabyte", testOrigin + path + "#" + strings.Repeat("0", 1e6), ErrLink},
		{"second fragment", testOrigin + path + "#001#002", ErrLink},
		{"query", testOrigin + path + "?x=1", ErrShape},
		{"escaped", testOrigin + "/v/1234%2D5678-9ABC-DEF9", ErrShape},
		{"no code", testOrigin + "/v/", ErrShape},
		{"mistyped code", testOrigin + "/v/1234-5678-9ABC-DEFN", ErrMistyped},
	}
	for _, tt := range tests {
		link, err := ParseURL(tt.text)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: ParseURL(%.80q) = %+v, %v; want %v", tt.why, tt.text, link, err, tt.want)
		}
	}
}

func TestDigitsRoundTrip(t *testing.T) {
	rnd := rand.NewChaCha8([32]byte{1})
	for n := range MaxSeal + 1 {
		data := make([]byte, n)
		if _, err := rnd.Read(data); err != nil {
			t.Fatal(err)
		}
		digits := encodeDigits(data)
		again, ok := decodeDigits(digits)
		if !ok || !bytes.Equal(again, data) {
			t.Fatalf("%x → %s → %x", data, digits, again)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	f.Add(testOrigin + "/v/1234-5678-9ABC-DEF9#00000000000000256002")
	f.Add("http://127.0.0.1:8080/v/oooooooooooooooz")
	f.Add("https://a.az/v/1234-5678-9ABC-DEF9#")
	f.Add("https://[::1%25eth0]/v/#")
	f.Fuzz(func(t *testing.T, text string) {
		link, err := ParseURL(text)
		if err != nil {
			if !errors.Is(err, ErrLink) && !errors.Is(err, ErrShape) && !errors.Is(err, ErrMistyped) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		again, err := URL(link.Origin, link.Code, link.Seal)
		if err != nil {
			t.Fatalf("%q parses but %v", text, err)
		}
		origin, rest, _ := cutOrigin(text)
		_, wantSeal, _ := strings.Cut(rest, "#")
		_, gotSeal, _ := strings.Cut(again, "#")
		if origin != link.Origin || gotSeal != wantSeal {
			t.Fatalf("%q → %q", text, again)
		}
	})
}
