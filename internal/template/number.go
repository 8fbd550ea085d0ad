package template

import (
	"strconv"
	"strings"
)

// The spelling follows legal texts (altmış, səksən); the rule-based number
// data of CLDR for Azerbaijani spell 60 and 80 wrongly and mix in "bin".
var (
	ones   = [...]string{"sıfır", "bir", "iki", "üç", "dörd", "beş", "altı", "yeddi", "səkkiz", "doqquz"}
	tens   = [...]string{"", "on", "iyirmi", "otuz", "qırx", "əlli", "altmış", "yetmiş", "səksən", "doxsan"}
	scales = [...]string{"", "min", "milyon", "milyard", "trilyon", "katrilyon", "kvintilyon"}
)

// Cardinal gives a number in words. Legal texts write "yüz" and "min" without
// "bir", yet "bir milyon".
func Cardinal(n int64) string {
	switch {
	case n == 0:
		return ones[0]
	case n < 0:
		return "mənfi " + cardinal(uint64(-(n+1))+1)
	}
	return cardinal(uint64(n))
}

func cardinal(n uint64) string {
	var words []string
	for scale := 0; n > 0; scale++ {
		part := int(n % 1000)
		n /= 1000
		switch {
		case part == 0:
		case part == 1 && scale == 1:
			words = append([]string{scales[1]}, words...)
		default:
			w := below1000(part)
			if scale > 0 {
				w = append(w, scales[scale])
			}
			words = append(w, words...)
		}
	}
	return strings.Join(words, " ")
}

func below1000(n int) []string {
	var w []string
	if h := n / 100; h > 0 {
		if h > 1 {
			w = append(w, ones[h])
		}
		w = append(w, "yüz")
	}
	if t := n % 100 / 10; t > 0 {
		w = append(w, tens[t])
	}
	if n%10 > 0 {
		w = append(w, ones[n%10])
	}
	return w
}

// Ordinal gives an ordinal number in words: birinci, altıncı, qırx doqquzuncu.
func Ordinal(n int64) string {
	w := Cardinal(n)
	v := closeVowel(w)
	if endsInVowel(w) {
		return w + "nc" + v
	}
	if strings.HasSuffix(w, "dörd") {
		return w + "üncü"
	}
	return w + v + "nc" + v
}

// OrdinalSuffix writes a number with its ordinal suffix after a hyphen:
// "2026-cı", "87.1-ci". The suffix follows the last number of a compound such
// as "87.1" or "528-3"; a text that does not end in a digit is returned as is.
func OrdinalSuffix(number string) string {
	w, ok := lastNumberInWords(number)
	if !ok {
		return number
	}
	return number + "-c" + closeVowel(w)
}

// lastNumberInWords reads the trailing digits of s in words.
func lastNumberInWords(s string) (string, bool) {
	i := len(s)
	for i > 0 && s[i-1] >= '0' && s[i-1] <= '9' {
		i--
	}
	if i == len(s) {
		return "", false
	}
	n, err := strconv.ParseInt(s[i:], 10, 64)
	if err != nil { // longer than any number that is read aloud: its last digits decide
		n, err = strconv.ParseInt(s[len(s)-9:], 10, 64)
		if err != nil {
			return "", false
		}
	}
	return Cardinal(n), true
}

// Fraction gives a share in words: 1/4 is "dörddə bir".
func Fraction(numerator, denominator int64) string {
	d := Cardinal(denominator)
	return d + "d" + openVowel(d) + " " + Cardinal(numerator)
}
