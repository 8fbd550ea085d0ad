package verify

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"docsvc/internal/codes"
)

const (
	groups    = 4
	groupSize = 4
	maxTyped  = 100 // bytes looked at
)

// lookalikes are characters that are read for one another from paper, each
// with the ones it may stand for.
var lookalikes = map[byte]string{
	'0': "DQ8", 'D': "0", 'Q': "0", '8': "B0", 'B': "8", '5': "S", 'S': "5", '2': "Z", 'Z': "2",
	'1': "7T", '7': "1", 'T': "1", 'G': "6C", '6': "G", 'C': "G", 'V': "YW", 'Y': "V", 'W': "V",
	'M': "N", 'N': "M", 'K': "X", 'X': "K", 'E': "F", 'F': "EP", 'P': "F", '9': "4", '4': "9A", 'A': "4",
}

// suspects returns the groups, counted from 1, in which the error of a typed
// code can be seen (a group too short or too long, a character that no code
// has) or, when only the check character is wrong, those in which changing one
// character for a look-alike or two neighbours with one another would mend it.
func suspects(typed string) []int {
	if len(typed) > maxTyped || !utf8.ValidString(typed) {
		return nil
	}
	fields := strings.FieldsFunc(typed, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) })
	if len(fields) != groups {
		return suspectRepairs(strings.Join(fields, ""))
	}
	var found []int
	for i, f := range fields {
		if utf8.RuneCountInString(f) != groupSize || strings.ContainsFunc(f, notInCodes) {
			found = append(found, i+1)
		}
	}
	if found != nil {
		return found
	}
	return suspectRepairs(strings.Join(fields, ""))
}

// notInCodes reports characters that ParseCode does not read. A code of one
// good character and fifteen fillers shows it by the kind of its error.
func notInCodes(r rune) bool {
	return !strings.ContainsRune("0123456789ABCDEFGHJKMNPQRSTVWXYZILOİı", unicode.ToUpper(r)) && r != 'ı'
}

func suspectRepairs(typed string) []int {
	typed = strings.NewReplacer("O", "0", "I", "1", "L", "1", "İ", "1").Replace(strings.ToUpper(typed))
	if len(typed) != groups*groupSize {
		return nil
	}
	var found []int
	try := func(i int, changed []byte) {
		group := i/groupSize + 1
		if _, err := codes.ParseCode(string(changed)); err == nil && !slices.Contains(found, group) {
			found = append(found, group)
		}
	}
	for i := range len(typed) {
		for _, c := range []byte(lookalikes[typed[i]]) {
			b := []byte(typed)
			b[i] = c
			try(i, b)
		}
		if i > 0 {
			b := []byte(typed)
			b[i-1], b[i] = b[i], b[i-1]
			try(i, b)
		}
	}
	slices.Sort(found)
	if len(found) > 2 {
		return nil // that would be no help
	}
	return found
}
