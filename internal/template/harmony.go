package template

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// GrammarCase is a case of the Azerbaijani noun.
type GrammarCase int

// The six cases without the nominative, which has no suffix.
const (
	Genitive   GrammarCase = iota + 1 // -ın: kimin
	Dative                            // -a: kimə
	Accusative                        // -ı: kimi
	Locative                          // -da: kimdə
	Ablative                          // -dan: kimdən
)

// Noun says how the end of a word behaves when a suffix is added.
type Noun int

const (
	// Common nouns soften a final k or q: birlik, birliyin.
	Common Noun = iota
	// Proper names keep their letters: Tofiq, Tofiqin.
	Proper
	// Possessive is a word that already carries the suffix of possession
	// (oğlu, məhkəməsi, cəmiyyəti): it takes an n before every case.
	Possessive
)

const vowels = "aıoueəiöü"

func isVowel(r rune) bool { return strings.ContainsRune(vowels, r) }

// lastVowel finds the vowel that decides the harmony. A word without one, such
// as an abbreviation, is read by the names of its letters, which are front.
func lastVowel(word string) rune {
	for word != "" {
		r, size := utf8.DecodeLastRuneInString(word)
		if r = unicode.AzeriCase.ToLower(r); isVowel(r) {
			return r
		}
		word = word[:len(word)-size]
	}
	return 'e'
}

// closeVowel is the fourfold vowel: ı, i, u or ü.
func closeVowel(word string) string {
	switch lastVowel(word) {
	case 'a', 'ı':
		return "ı"
	case 'o', 'u':
		return "u"
	case 'ö', 'ü':
		return "ü"
	}
	return "i"
}

// openVowel is the twofold vowel: a or ə.
func openVowel(word string) string {
	switch lastVowel(word) {
	case 'a', 'ı', 'o', 'u':
		return "a"
	}
	return "ə"
}

func endsInVowel(word string) bool {
	r, _ := utf8.DecodeLastRuneInString(word)
	return isVowel(unicode.AzeriCase.ToLower(r))
}

// Decline puts a noun or the last word of a phrase into a case. Numbers,
// abbreviations in capitals and a phrase that ends in a quotation mark take
// the suffix after a hyphen, by the way they are read: "2026-dan", "MMC-nin",
// "“Misal”-dan".
func Decline(phrase string, c GrammarCase, kind Noun) string {
	phrase = strings.TrimSpace(phrase)
	last, _ := utf8.DecodeLastRuneInString(phrase)
	switch {
	case phrase == "":
		return ""
	case last >= '0' && last <= '9':
		w, _ := lastNumberInWords(phrase)
		return phrase + "-" + suffix(w, c, Proper)
	case isAbbreviation(lastWord(phrase)):
		return phrase + "-" + suffix(letterName(last), c, Proper)
	case !unicode.IsLetter(last):
		return phrase + "-" + suffix(strings.TrimRightFunc(phrase, notLetter), c, kind)
	}
	s := suffix(phrase, c, kind)
	if kind == Common && startsWithVowel(s) {
		phrase = soften(phrase)
	}
	return phrase + s
}

// DeclineName puts the name of a person, court, office or company into a case.
// A phrase of several words that ends in a close vowel is taken for an izafet
// (Nümunə Rayon Məhkəməsi, Həmid oğlu), a single word (Bakı) is not.
func DeclineName(name string, c GrammarCase) string {
	kind := Proper
	r, _ := utf8.DecodeLastRuneInString(name)
	if strings.Contains(strings.TrimSpace(name), " ") && strings.ContainsRune("ıiuü", unicode.AzeriCase.ToLower(r)) {
		kind = Possessive
	}
	return Decline(name, c, kind)
}

func suffix(word string, c GrammarCase, kind Noun) string {
	v, o := closeVowel(word), openVowel(word)
	vowel := endsInVowel(word)
	joint := func(afterVowel, s string) string {
		switch {
		case kind == Possessive:
			return "n" + s
		case vowel:
			return afterVowel + s
		}
		return s
	}
	switch c {
	case Genitive:
		return joint("n", v+"n")
	case Dative:
		return joint("y", o)
	case Accusative:
		return joint("n", v)
	case Locative:
		return joint("", "d"+o)
	case Ablative:
		return joint("", "d"+o+"n")
	}
	return ""
}

// soften turns the final k of a word of several syllables into y, and q into ğ.
func soften(phrase string) string {
	w := lastWord(phrase)
	syllables := 0
	for _, r := range Lower(w) {
		if isVowel(r) {
			syllables++
		}
	}
	switch {
	case syllables > 1 && strings.HasSuffix(phrase, "k"):
		return strings.TrimSuffix(phrase, "k") + "y"
	case syllables > 1 && strings.HasSuffix(phrase, "q"):
		return strings.TrimSuffix(phrase, "q") + "ğ"
	}
	return phrase
}

func notLetter(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

func startsWithVowel(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return isVowel(r)
}

func lastWord(s string) string {
	return s[strings.LastIndexAny(s, " \u00a0")+1:]
}

func isAbbreviation(w string) bool {
	n := 0
	for _, r := range w {
		if !unicode.IsUpper(r) {
			return false
		}
		n++
	}
	return n > 1
}

// letterName is how a letter is read aloud, as far as suffixes need it.
func letterName(r rune) string {
	switch {
	case isVowel([]rune(Lower(string(r)))[0]):
		return Lower(string(r))
	case strings.ContainsRune("FLMNRSŞ", r):
		return "e" + Lower(string(r))
	}
	return Lower(string(r)) + "e"
}
