package document

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The register finds acts and cases by words: what they say, folded, and marks
// of what they are. The words of an act never change, and can be told from its
// row alone (docs/decisions/0032).
const (
	minWord  = 2   // letters; shorter ones find nothing
	maxWord  = 32  // letters that count of a longer one
	maxWords = 160 // of one act or case
)

// The marks stand among the words and are none: no folded word has a colon.
const (
	// MarkAll is on every act and every case.
	MarkAll    = ":all"
	markOffice = ":office:"
	markBy     = ":officer:"
	markKind   = ":kind:"
)

// MarkOffice, MarkOfficer and MarkKind are on what belongs to an office or an
// officer, and on the acts of a template.
func MarkOffice(office string) string { return markOffice + office }
func MarkOfficer(login string) string { return markBy + login }
func MarkKind(template string) string { return markKind + template }
func isFolded(r rune) bool            { return unicode.IsLetter(r) || unicode.IsDigit(r) }
func addWord(list []string, w string) []string {
	if utf8.RuneCountInString(w) < minWord || slices.Contains(list, w) {
		return list
	}
	return append(list, w)
}

// Words are the words of a text in the form in which they are compared, each
// once: without accents and capitals, and with the letters that keyboards
// confuse made one. Whoever types Aliyev or əlıyev finds Əliyev.
func Words(text string) []string {
	var (
		list   []string
		b      strings.Builder
		length int
	)
	end := func() {
		list = addWord(list, b.String())
		b.Reset()
		length = 0
	}
	for _, r := range norm.NFKD.String(text) {
		switch {
		case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r): // accents, and what is not seen
		case !isFolded(r):
			end()
		case length < maxWord:
			b.WriteRune(foldLetter(r))
			length++
		}
	}
	end()
	return list
}

// foldLetter makes one of the letters that are typed for each other: the schwa
// of both alphabets and e, the dotless i and i.
func foldLetter(r rune) rune {
	switch r = unicode.ToLower(r); r {
	case 'ə', 'ǝ', 'ә':
		return 'e'
	case 'ı':
		return 'i'
	}
	return r
}

// notWords are the parts of an act's data that say the same in every act of its
// kind or its office.
var notWords = []string{"law", "office", "template", "profile", "words", "figures"}

// Words are what the act is found by: its marks first.
func (a Act) Words() []string {
	list := []string{MarkAll, MarkOffice(a.Office), MarkOfficer(a.Officer), MarkKind(a.Template)}
	add := func(text string) {
		for _, w := range Words(text) {
			list = addWord(list, w)
		}
	}
	add(a.Case)
	add(a.SearchKey)
	add(a.Officer)
	for _, s := range a.Signers {
		add(s.Name)
	}
	var data any
	if json.Unmarshal(a.Data, &data) == nil { // what is not JSON has no words
		eachText(data, add)
	}
	return list[:min(len(list), maxWords)]
}

// Words are what the case is found by: its marks first.
func (c Case) Words() []string {
	list := []string{MarkAll, MarkOffice(c.Office), MarkOfficer(c.Officer)}
	for _, text := range []string{c.Number, c.SearchKey, c.Officer} {
		for _, w := range Words(text) {
			list = addWord(list, w)
		}
	}
	return list[:min(len(list), maxWords)]
}

// eachText calls fn for the texts of decoded JSON, in the order of their names;
// dates are no words.
func eachText(v any, fn func(string)) {
	switch v := v.(type) {
	case string:
		if _, err := ParseDate(v); err != nil {
			fn(v)
		}
	case []any:
		for _, item := range v {
			eachText(item, fn)
		}
	case map[string]any:
		for _, name := range sortedKeys(v) {
			if !slices.Contains(notWords, name) {
				eachText(v[name], fn)
			}
		}
	}
}
