package corpus_test

import (
	"bytes"
	"flag"
	"path/filepath"
	"testing"
	"time"

	"docsvc/internal/signing"
)

var step = flag.Int("step", 17, "how many bytes TestEveryByte goes on at a time; 1 takes three minutes")

// TestEveryByte changes single bytes of a file at B-LTA, with -step 1 every one. None may pass as
// what it was: with the same level, signers and times. The hexadecimal digits of
// a hole may change their case. In the hole of the signature all but the
// unsigned attributes count, and those are covered by the document time-stamp;
// nothing covers the last time-stamp's own certificates, without which it fails.
func TestEveryByte(t *testing.T) {
	file := read(t, filepath.Join(corpusDir, "valid", "B-LTA.pdf"))
	v := &signing.Verifier{Roots: trusted(t), Now: func() time.Time { return actDay.Add(hour) }}
	r, err := v.Verify(t.Context(), file, time.Time{})
	if err != nil || r.Indication != signing.TotalPassed {
		t.Fatal(r, err)
	}
	changed := bytes.Clone(file)
	passed := 0
	holes := inHoles(file)
	for i := *step / 2; i < len(file); i += *step {
		old := file[i]
		for _, c := range []byte{old ^ 1, old ^ 0x20, ' '} {
			if c == old || holes[i] && hexDigit(c) && c|0x20 == old|0x20 {
				continue
			}
			changed[i] = c
			r, err := v.Verify(t.Context(), changed, time.Time{})
			if err != nil {
				t.Fatalf("byte %d: %v", i, err)
			}
			if r.Indication == signing.TotalPassed {
				if passed++; passed < 20 {
					t.Errorf("byte %d (%q → %q) changed unnoticed: …%q…", i, old, c, file[max(0, i-30):min(len(file), i+20)])
				}
			}
		}
		changed[i] = old
	}
	t.Logf("%d of %d bytes", len(file) / *step, len(file))
}

func hexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// inHoles marks what stands between the brackets of Contents.
func inHoles(file []byte) map[int]bool {
	in := map[int]bool{}
	for rest := file; ; {
		i := bytes.LastIndex(rest, []byte("/Contents <"))
		if i < 0 {
			return in
		}
		for k := i + len("/Contents <"); file[k] != '>'; k++ {
			in[k] = true
		}
		rest = rest[:i]
	}
}
