package template

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The rule for text from a form. Text is taken in NFC with single spaces and
// none at the ends. After that it may hold: Latin letters (002 § 12.8: data
// are entered in Azerbaijani), the digits 0-9, spaces, punctuation, and the
// signs in allowedSigns; a paragraph field may also hold line breaks. All else
// is refused: control and format characters (zero-width, direction overrides,
// soft hyphen), combining marks that NFC leaves over, private, unassigned and
// replacement characters, letters and digits of other scripts.
const allowedSigns = "№₼$€£+−±×÷<=>|~^°©®™§¬"

// Normalise brings text into the form in which it is checked and stored.
// Line breaks survive; any other space becomes one plain space.
func Normalise(s string) string {
	lines := strings.Split(strings.ReplaceAll(norm.NFC.String(s), "\r\n", "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.Join(strings.FieldsFunc(l, func(r rune) bool { return unicode.Is(unicode.Zs, r) || r == '\t' }), " ")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// textFault finds the first thing in a normalised text that the rule refuses:
// the key of the message and its arguments, or "".
func textFault(s string, paragraphs bool) (key string, args map[string]string) {
	for _, r := range s {
		switch {
		case r == '\n' && paragraphs, r == ' ', strings.ContainsRune(allowedSigns, r):
		case r == '\n':
			return "text-line", nil
		case r >= '0' && r <= '9', unicode.Is(unicode.Latin, r) && unicode.IsLetter(r) && !isLookAlike(r), unicode.IsPunct(r):
		case isLookAlike(r):
			az, _ := LookAlike(r)
			return "text-lookalike", map[string]string{"char": codePoint(r), "shown": string(r), "az": string(az)}
		case unicode.IsLetter(r):
			return "text-script", map[string]string{"char": codePoint(r), "shown": string(r)}
		default:
			return "text-char", map[string]string{"char": codePoint(r)}
		}
	}
	if w, long := abbreviation(s); w != "" {
		return "text-abbreviation", map[string]string{"word": w, "long": long}
	}
	return "", nil
}

func isLookAlike(r rune) bool {
	_, ok := LookAlike(r)
	return ok
}

func codePoint(r rune) string {
	const hex = "0123456789ABCDEF"
	out := []byte("U+")
	for shift := 20; shift >= 0; shift -= 4 {
		if d := r >> shift & 15; d != 0 || len(out) > 2 || shift < 16 {
			out = append(out, hex[d])
		}
	}
	return string(out)
}

// abbreviations are the shortened words that 002 § 12.7 keeps out of a text,
// as they stand between spaces, with what to write instead. Words with a full
// stop are matched with it; the list holds what forms are known to attract and
// leaves out what can be a whole word or a unit of measure.
var abbreviations = map[string]string{
	"AZN": "manat", "₼": "manat", "azn": "manat", "man.": "manat", "qəp.": "qəpik",
	"küç.": "küçəsi", "pr.": "prospekti", "şəh.": "şəhəri", "ş.": "şəhəri", "ray.": "rayonu", "r-nu": "rayonu",
	"qəs.": "qəsəbəsi", "m.": "mənzil", "mən.": "mənzil", "bl.": "blok", "tel.": "telefon", "mad.": "maddə",
	"b.": "bənd", "h.": "hissə", "mln": "milyon", "mln.": "milyon", "mlrd": "milyard", "mlrd.": "milyard",
	"AR": "Azərbaycan Respublikası", "Az.R.": "Azərbaycan Respublikası", "Resp.": "Respublikası",
	"s.": "sair", "i.a.": "ilaxır", "və.s": "və sair", "c.": "cənab", "x.": "xanım", "vs.": "və sair",
}

func abbreviation(s string) (word, long string) {
	for w := range strings.FieldsSeq(s) {
		w = strings.Trim(w, ",;:!?()«»“”\"")
		if l, ok := abbreviations[w]; ok {
			return w, l
		}
		if l, ok := abbreviations[strings.TrimSuffix(w, ".")]; ok {
			return w, l
		}
	}
	return "", ""
}
