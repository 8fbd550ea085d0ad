package numbering

import "fmt"

// check is one check system of ISO 7064. It covers the letters and digits
// before it; separators do not count. MOD 11,10 knows digits only and passes
// over letters, which in such schemes are fixed.
type check struct {
	name       string // as ISO 7064 designates it
	width      int    // characters of the check
	digitsOnly bool
	compute    func(s string) string
}

func checkNamed(name string) (check, bool) {
	switch name {
	case "37,36":
		return check{name, 1, false, func(s string) string { return hybrid(s, 36) }}, true
	case "11,10":
		return check{name, 1, true, func(s string) string { return hybrid(s, 10) }}, true
	case "97-10":
		return check{name, 2, false, mod97}, true
	}
	return check{}, false
}

// alphabet gives each character its value in ISO 7064.
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// value returns a character's place in the alphabet, or -1.
func value(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case isLetter(c):
		return int(c-'A') + 10
	}
	return -1
}

// hybrid computes the check character of a hybrid system MOD m+1,m
// (ISO 7064, clause 9).
func hybrid(s string, m int) string {
	p := m
	for i := range len(s) {
		v := value(s[i])
		if v < 0 || v >= m {
			continue
		}
		sum := (p + v) % m
		if sum == 0 {
			sum = m
		}
		p = sum * 2 % (m + 1)
	}
	return alphabet[(m+1-p)%m : (m+1-p)%m+1]
}

// mod97 computes the two check digits of MOD 97-10 (ISO 7064, clause 7),
// letters standing for 10 to 35 as in IBAN and LEI.
func mod97(s string) string {
	r := 0
	for i := range len(s) {
		switch v := value(s[i]); {
		case v < 0:
		case v < 10:
			r = (r*10 + v) % 97
		default:
			r = (r*100 + v) % 97
		}
	}
	return fmt.Sprintf("%02d", 98-r*100%97)
}
