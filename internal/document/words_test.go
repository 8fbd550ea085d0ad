package document_test

import (
	"strings"
	"testing"

	"docsvc/internal/document"
)

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "",
		"Əliyev Əli ƏLI oğlu":               "eliyev eli oglu",
		"İSMAYILOV ismayılov Ismayilov":     "ismayilov",
		"i̇lqar İlqar ILQAR ılqar":          "ilqar",
		"Şəfəq \"Nümunə Bank\" ASC":         "sefeq numune bank asc",
		"2(199)-1001/2026":                  "199 1001 2026",
		"5NMN1A1, 9999990121":               "5nmn1a1 9999990121",
		"AZ81TSTAAZN00000000000000101":      "az81tstaazn00000000000000101",
		"Ёлкин Йод әли":                     "елкин иод eли",
		"a b c":                             "",
		"co\u00adop e\u0301te\u0301":        "coop ete",
		strings.Repeat("x", 500):            strings.Repeat("x", 32),
		"\x00\xff<script>'; DROP TABLE act": "script drop table act",
	} {
		if got := strings.Join(document.Words(text), " "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// FuzzWords: folding a word again changes nothing, and no word is a mark or
// longer than the register takes.
func FuzzWords(f *testing.F) {
	for _, s := range []string{"İıIi Ə", "a\u0307\u0307b", "ﬁ ½ ①", "ẞß", ":all", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, w := range document.Words(s) {
			if len([]rune(w)) > 32 || strings.ContainsAny(w, ": ") {
				t.Errorf("%q", w)
			}
			if again := document.Words(w); len(again) != 1 || again[0] != w {
				t.Errorf("%q is folded to %q", w, again)
			}
		}
	})
}

func TestActWords(t *testing.T) {
	a := document.Act{
		Case: "EI2611000000001T", Office: "110", Officer: "n.mammadova", Template: "query", SearchKey: "sorğu nümunəli",
		Signers: []document.Signer{{Name: "Məmmədova Nigar"}},
		Data: []byte(`{"facts":{"x":"Könüllü icra"},"law":{"m":{"cite":"maddə 12"}},"office":{"name":"Şöbə"},
			"date":"2026-09-18","claim":{"total":{"words":"altı min","qepik":618045}},"parties":[{"fin":"5NMN1A1"}]}`),
	}
	want := ":all :office:110 :officer:n.mammadova :kind:query ei2611000000001t sorgu numuneli mammadova memmedova nigar " +
		"konullu icra 5nmn1a1"
	if got := strings.Join(a.Words(), " "); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	a.Data = []byte(`{"x":"` + strings.Repeat("söz1 söz2 ", 10) + strings.Join(manyWords(1000), " ") + `"}`)
	if n := len(a.Words()); n != 160 {
		t.Errorf("%d words", n)
	}
}

func manyWords(n int) (list []string) {
	for i := range n {
		list = append(list, strings.Repeat(string(rune('a'+i%26)), 2+i/26%20)+string(rune('a'+i/520)))
	}
	return list
}

func TestTypedDate(t *testing.T) {
	for typed, want := range map[string]document.Date{
		"15.06.2026": "2026-06-15", "5.6.2026": "2026-06-05", "2026-06-15": "2026-06-15",
		"31.02.2026": "", "15.06.26": "", "15/06/2026": "", "": "", "0000-01-01": "",
	} {
		if got, ok := document.TypedDate(typed); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v", typed, got, ok)
		}
	}
}
