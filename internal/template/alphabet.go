package template

import (
	"strings"
	"unicode"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// Upper capitalises by Azerbaijani rules: i becomes İ, ı becomes I.
func Upper(s string) string { return strings.ToUpperSpecial(unicode.AzeriCase, s) }

// Lower is the reverse of [Upper]: İ becomes i, I becomes ı.
func Lower(s string) string { return strings.ToLowerSpecial(unicode.AzeriCase, s) }

// UpperFirst capitalises the first letter.
func UpperFirst(s string) string {
	for i, r := range s {
		return s[:i] + Upper(string(r)) + s[i+len(string(r)):]
	}
	return s
}

// NewCollator sorts in the order of the Azerbaijani alphabet (x after h, ə
// after e, q after k). A collator must not be shared between goroutines.
func NewCollator() *collate.Collator {
	return collate.New(language.Azerbaijani)
}

// lookAlikes are the letters of other alphabets that are typed by mistake for
// a letter of the Azerbaijani one and look the same on paper.
var lookAlikes = map[rune]rune{
	'ә': 'ə', 'Ә': 'Ə', 'ǝ': 'ə', 'Ǝ': 'Ə', 'ѳ': 'ö', 'ө': 'ö', 'Ө': 'Ö', 'ү': 'ü', 'Ү': 'Ü', 'һ': 'h', 'Һ': 'H', 'ҹ': 'c', 'ғ': 'ğ',
	'а': 'a', 'А': 'A', 'В': 'B', 'с': 'c', 'С': 'C', 'е': 'e', 'Е': 'E', 'Н': 'H', 'і': 'i', 'І': 'I', 'ј': 'j', 'Ј': 'J',
	'К': 'K', 'к': 'k', 'М': 'M', 'о': 'o', 'О': 'O', 'р': 'p', 'Р': 'P', 'ѕ': 's', 'Т': 'T', 'у': 'y', 'У': 'Y', 'х': 'x', 'Х': 'X',
	'ο': 'o', 'Ο': 'O', 'α': 'a', 'Α': 'A', 'Β': 'B', 'Ε': 'E', 'Ζ': 'Z', 'Η': 'H', 'Ι': 'I', 'Κ': 'K', 'Μ': 'M', 'Ν': 'N',
	'ν': 'v', 'Ρ': 'P', 'Τ': 'T', 'Υ': 'Y', 'Χ': 'X',
	'ţ': 't', 'Ţ': 'T', 'ș': 'ş', 'Ș': 'Ş', 'ĝ': 'ğ', 'ǧ': 'ğ',
}

// LookAlike reports the Azerbaijani letter that a letter of another alphabet,
// or a neighbour of it in Unicode, was typed for.
func LookAlike(r rune) (rune, bool) {
	az, ok := lookAlikes[r]
	return az, ok
}
