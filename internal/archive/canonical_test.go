package archive

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gowebpki/jcs"
)

func TestIsCanonical(t *testing.T) {
	for text, want := range map[string]bool{
		`{}`: true, `[]`: true, `""`: true, `null`: true, `true`: true, `false`: true, `0`: true, `-1`: true, `1e+21`: true,
		`{"a":1,"b":[1,"x",{"c":null}]}`: true, `"ə ₼ \" \\ / \n \u001f"`: true, "\"\x7f\"": true, `1.5`: true, `1e-7`: true,
		// UTF-16 order: U+10000 (D800 DC00) before U+FB33.
		`{"` + "\U00010000" + `":1,"` + "\ufb33" + `":2}`: true, `{"` + "\ufb33" + `":2,"` + "\U00010000" + `":1}`: false,
		`{"\n":1,"a":2}`: true, `{"a":2,"\n":1}`: false,
		``: false, ` {}`: false, `{} `: false, `{}{}`: false, `{"a": 1}`: false, `{"b":1,"a":2}`: false, `{"a":1,"a":1}`: false,
		`{"a":1,}`: false, `[1,]`: false, `{a:1}`: false, `{"a"}`: false, `[`: false, `{`: false, `"`: false, `"\`: false, `[}`: false,
		`"\u00e9"`: false, `"\u000a"`: false, `"\u001F"`: false, `"\/"`: false, `"\u0041"`: false, `"\ud800"`: false,
		"\"\xff\"": false, "\"\n\"": false, `tru`: false, `nulls`: false,
		`01`: false, `-0`: false, `1.0`: false, `1E3`: false, `1e3`: false, `+1`: false, `.5`: false, `1e999`: false,
		`12345678901234567890`: false, `--1`: false, `-`: false, `Infinity`: false, `NaN`: false, `0x1`: false,
		strings.Repeat("[", 64) + strings.Repeat("]", 64): true, strings.Repeat("[", 65) + strings.Repeat("]", 65): false,
		strings.Repeat("[", 1<<20): false,
	} {
		if got := isCanonical([]byte(text)); got != want {
			t.Errorf("isCanonical(%.60q) = %v", text, got)
		}
	}
}

// FuzzIsCanonical compares the checker with the library that makes the form.
func FuzzIsCanonical(f *testing.F) {
	for _, seed := range []string{
		`{"a":1,"b":[1,"x",{"c":null}]}`, `"\u001f\n ə"`, `{"\n":1,"a":2}`, `1e+21`, `[1.5,-0.1,1e-7]`,
		`{"` + "\U00010000" + `":1,"` + "\ufb33" + `":2}`, `"\ud83d\ude00"`, `[true,false]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Count(data, []byte("["))+bytes.Count(data, []byte("{")) > maxDepth {
			return // the library goes deeper
		}
		form, err := jcs.Transform(data)
		want := err == nil && bytes.Equal(form, data)
		if got := isCanonical(data); got != want {
			t.Errorf("isCanonical(%q) = %v, canonical form is %q, %v", data, got, form, err)
		}
		if err == nil && !isCanonical(form) {
			t.Errorf("isCanonical(%q) = false", form)
		}
	})
}
