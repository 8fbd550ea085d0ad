package template

import "strings"

// ValidFIN tells whether s has the form of a personal identification number:
// seven capital letters and digits, never the letter O. No check rule is
// published.
func ValidFIN(s string) bool {
	if len(s) != 7 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c == 'O' || (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// ValidVOEN tells whether s has the form of a taxpayer number: ten digits of
// which the last is 1 (entity) or 2 (person).
func ValidVOEN(s string) bool {
	return len(s) == 10 && digits(s) && (s[9] == '1' || s[9] == '2')
}

// VOENCheckDigit tells whether the ninth digit agrees with the first eight.
// The rule is known from open software and not officially published, so a
// mismatch is a warning and no fault.
func VOENCheckDigit(s string) bool {
	if !ValidVOEN(s) {
		return false
	}
	sum := 0
	for i, w := range [...]int{4, 1, 8, 6, 2, 7, 5, 3} {
		sum += w * int(s[i]-'0')
	}
	return sum%11 == int(s[8]-'0')
}

// ValidIBAN tells whether s is an Azerbaijani IBAN: AZ, two check digits, four
// letters of the bank and twenty capital letters or digits, correct by MOD
// 97-10 (ISO 13616, ISO 7064).
func ValidIBAN(s string) bool {
	if len(s) != 28 || !strings.HasPrefix(s, "AZ") || !digits(s[2:4]) {
		return false
	}
	rem := 0
	for i := range len(s) {
		at := (i + 4) % len(s) // the country and check digits come last
		c := s[at]
		switch {
		case c >= '0' && c <= '9' && (at < 4 || at >= 8):
			rem = (rem*10 + int(c-'0')) % 97
		case c >= 'A' && c <= 'Z':
			rem = (rem*100 + int(c-'A') + 10) % 97
		default:
			return false
		}
	}
	return rem == 1
}
