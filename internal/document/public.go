package document

import (
	"crypto/subtle"
	"strings"
	"unicode"
)

// NormaliseFact brings a fact that a visitor types, or that an act prints, to
// the form in which the two are compared: capital letters and digits only.
func NormaliseFact(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, s)
}

// Holds reports whether fact is printed on the act. It takes the same time
// whichever of the secrets it is.
func (s Summary) Holds(fact string) bool {
	fact = NormaliseFact(fact)
	found := 0
	for _, secret := range s.Secrets {
		found |= subtle.ConstantTimeCompare([]byte(secret), []byte(fact))
	}
	return found == 1 && len(fact) >= 5
}
