package vault

import (
	"errors"
	"strings"
	"testing"
)

func TestKeyID(t *testing.T) {
	id, err := KeyID("5VBK5VR", 1)
	if err != nil || id != "vault:officer-5VBK5VR:1" {
		t.Errorf("%q %v", id, err)
	}
	for _, id := range []string{"vault:officer-5VBK5VR:1", "vault:officer-a.b-c_d:999999", "vault:officer-_:2", "vault:officer-" + strings.Repeat("a", 64) + ":1"} {
		k, err := parseKeyID(id)
		if err != nil || k.String() != id {
			t.Errorf("%q: %v %v", id, k, err)
		}
	}
	for _, id := range []string{
		"", "vault", "vault:officer-A", "vault:officer-A:", "vault:officer-A:0", "vault:officer-A:-1", "vault:officer-A:01", "vault:officer-A:+1",
		"vault:officer-A:1000001", "vault:officer-A:99999999999999999999", "vault:officer-A:1 ", "vault:officer-:1", "vault:docsvc-seal:1",
		"vault:officer-A/../docsvc-seal:1", "vault:officer-A.:1", "vault:officer-A-:1", "vault:officer-Ə:1", "vault:officer-A:1:1", "file:officer-A:1",
		"vault:officer-" + strings.Repeat("a", 65) + ":1", "vault:officer-*:1", "vault:officer-A\n:1",
	} {
		if k, err := parseKeyID(id); !errors.Is(err, ErrKeyID) {
			t.Errorf("%q was taken for %v: %v", id, k, err)
		}
	}
}

// FuzzKeyID: what is parsed is written back the same.
func FuzzKeyID(f *testing.F) {
	f.Add("vault:officer-5VBK5VR:1")
	f.Add("vault:officer-a:b:1")
	f.Fuzz(func(t *testing.T, id string) {
		k, err := parseKeyID(id)
		if err != nil {
			return
		}
		if again, err := KeyID(k.subject, k.version); err != nil || again != id {
			t.Errorf("%q became %q, %v", id, again, err)
		}
	})
}

// FuzzSignature: a signature is taken of one version only, in one form only.
func FuzzSignature(f *testing.F) {
	f.Add("vault:v1:AAAA")
	f.Add("vault:v2:AAAA")
	f.Add("vault:v1:AA=A")
	f.Fuzz(func(t *testing.T, text string) {
		value, err := signature(text, 1)
		if err != nil {
			return
		}
		if !strings.HasPrefix(text, "vault:v1:") || len(value) == 0 {
			t.Errorf("%q gave %x", text, value)
		}
	})
}
