package codes

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxMaskedWords is how many words of a name are shown by their letters.
const maxMaskedWords = 6

// Mask shortens a party's name to what the public may see: the first letter
// of each word with a full stop, so that one who holds the paper can compare.
//
//	Nümunəli Anar Sınaq oğlu   N. A. S.
//	"Şəfəq Nümunə Bank" ASC    Ş. N. B. ASC
//
// The words oğlu and qızı after a patronymic are left out, and the legal form
// of an organisation, which tells nothing of a person, stays whole, once. Quotation
// marks and brackets are dropped; of a hyphenated name the first part counts.
// After six words an ellipsis follows. A name without a letter or digit gives
// "".
func Mask(name string) string {
	var out []string
	shown, form := 0, false
	for _, word := range strings.Fields(norm.NFC.String(name)) {
		word = strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		switch {
		case word == "" || isPatronymicWord(word):
		case !form && isLegalForm(word):
			form = true
			out = append(out, word)
		case shown < maxMaskedWords:
			shown++
			out = append(out, initial(word))
		case shown == maxMaskedWords:
			shown++
			out = append(out, "…")
		}
	}
	return strings.Join(out, " ")
}

// initial returns a word's first letter, raised by the Azerbaijani rule
// (i gives İ), and a full stop.
func initial(word string) string {
	for _, r := range word {
		return string(unicode.AzeriCase.ToUpper(r)) + "."
	}
	return ""
}

func isPatronymicWord(word string) bool {
	switch word {
	case "oğlu", "qızı", "OĞLU", "QIZI":
		return true
	}
	return false
}

// isLegalForm knows the abbreviated legal forms that stand beside a name, of
// this country and of its neighbours' companies.
func isLegalForm(word string) bool {
	switch word {
	case "ASC", "QSC", "MMC", "PHŞ", "KŞ", "SC", "TSC", "QHT", "LLC", "Ltd", "JSC", "GmbH", "OOO", "ООО", "ОАО", "ЗАО", "АО":
		return true
	}
	return false
}
