package auth

import (
	"encoding/base32"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestOneTimeCode holds the codes to those of RFC 6238, appendix B, whose last six
// digits ours are.
func TestOneTimeCode(t *testing.T) {
	secret := []byte("12345678901234567890")
	for second, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := oneTimeCode(secret, second/30); got != want[2:] {
			t.Errorf("at %d: %s, want %s", second, got, want[2:])
		}
	}
}

// TestStepOf: a code counts in its step and one about it, and never again.
func TestStepOf(t *testing.T) {
	secret, now := []byte("12345678901234567890"), time.Unix(1111111111, 0)
	current := now.Unix() / 30
	for d := int64(-3); d <= 3; d++ {
		step, ok := stepOf(secret, oneTimeCode(secret, current+d), now, 0)
		if ok != (d >= -1 && d <= 1) || ok && step != current+d {
			t.Errorf("of step %+d: %d %v", d, step-current, ok)
		}
		if _, ok := stepOf(secret, oneTimeCode(secret, current+d), now, current+d); ok {
			t.Errorf("of step %+d, used before", d)
		}
	}
	for _, typed := range []string{"", "00000", "0000000", "٠٥٠٤٧١", "-50471"} {
		if _, ok := stepOf(secret, typed, now, 0); ok {
			t.Errorf("%q is taken", typed)
		}
	}
}

func TestCodeSetup(t *testing.T) {
	c := CodeSetup{[]byte("12345678901234567890")}
	u, err := url.Parse(c.URI("127.0.0.1:8080", "nigar"))
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/127.0.0.1:8080:nigar" || u.Query().Get("issuer") != "127.0.0.1:8080" {
		t.Errorf("%v %v", u, err)
	}
	secret, err := base32.StdEncoding.DecodeString(u.Query().Get("secret"))
	if err != nil || string(secret) != "12345678901234567890" {
		t.Errorf("%q %v", secret, err)
	}
	if text := c.Text(); strings.ReplaceAll(text, " ", "") != u.Query().Get("secret") || strings.Count(text, " ") != 7 {
		t.Errorf("%q", text)
	}
}

func TestPlainCode(t *testing.T) {
	for typed, want := range map[string]string{
		"123456": "123456", " 123 456\u00a0": "123456", "abcd-efgh–ijkl mnop": "ABCDEFGHIJKLMNOP", strings.Repeat("1", 65): "", "": "",
	} {
		if got := plainCode(typed); got != want {
			t.Errorf("%q: %q", typed, got)
		}
	}
}
