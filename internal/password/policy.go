package password

import (
	_ "embed"
	"errors"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
)

const (
	// MinLength is how many characters a new password has at least. There are
	// no other rules of composition (NIST SP 800-63B, 3.1.1.2).
	MinLength = 12
	// MaxBytes is the longest password, typed or prepared.
	MaxBytes = 512
)

// The reasons why a password is refused.
var (
	ErrUnusable = errors.New("password: not a text that can be a password")
	ErrShort    = errors.New("password: too short")
	ErrCommon   = errors.New("password: easy to guess")
)

// Prepare returns what was typed in the one form in which it is hashed.
func Prepare(typed []byte) ([]byte, error) {
	if len(typed) == 0 || len(typed) > MaxBytes || !utf8.Valid(typed) {
		return nil, ErrUnusable
	}
	prepared, err := precis.OpaqueString.Bytes(typed)
	if err != nil || len(prepared) > MaxBytes {
		return nil, ErrUnusable // the error of precis quotes nothing, and helps nobody
	}
	return prepared, nil
}

// Check refuses a new password, as Prepare gave it, that is short or easy to
// guess. names are words that others know of its owner: login, name.
func Check(prepared []byte, names ...string) error {
	text := string(prepared)
	if utf8.RuneCountInString(text) < MinLength {
		return ErrShort
	}
	letters := without(fold(text), names)
	if utf8.RuneCountInString(letters) < MinLength/2 || distinct(letters) < 5 || isRun(strings.ToLower(text)) {
		return ErrCommon
	}
	// What is put before and after a common word, a year or a sign, is guessed too.
	core := without(fold(strings.TrimFunc(text, func(r rune) bool { return !unicode.IsLetter(r) })), names)
	for _, word := range []string{letters, core, half(letters), half(core)} {
		if common()[word] {
			return ErrCommon
		}
	}
	return nil
}

// without is a folded text without the words that others know of its owner.
func without(letters string, names []string) string {
	for _, name := range names {
		for _, word := range strings.Fields(fold(name)) {
			letters = strings.ReplaceAll(letters, word, "")
		}
	}
	return letters
}

// fold makes letters equal that a guesser takes for equal.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '0':
			return 'o'
		case '1', '!', 'I', 'İ', 'ı':
			return 'i'
		case '3':
			return 'e'
		case '@', '4', 'Ə', 'ə':
			return 'a'
		case '$', '5':
			return 's'
		}
		return unicode.ToLower(r)
	}, s)
}

func distinct(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// isRun says whether most letters are the one after, or before, their neighbour
// in the alphabet, among the digits or on the keyboard.
func isRun(s string) bool {
	const keyboard = "qwertyuiop[]\x00asdfghjkl;'\x00zxcvbnm,./\x00йцукенгшщзхъ\x00фывапролджэ\x00ячсмитьбю"
	letters, near := []rune(s), 0
	for i := 1; i < len(letters); i++ {
		a, b := letters[i-1], letters[i]
		if a-b == 1 || b-a == 1 || a == b ||
			strings.Contains(keyboard, string([]rune{a, b})) || strings.Contains(keyboard, string([]rune{b, a})) {
			near++
		}
	}
	return near*4 >= (len(letters)-1)*3
}

// half is the half of a text that is the same twice.
func half(s string) string {
	if n := len(s) / 2; len(s)%2 == 0 && s[:n] == s[n:] {
		return s[:n]
	}
	return s
}

//go:embed common.txt
var commonList string

// common are the words, folded, that guessers try first.
var common = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for _, word := range strings.Fields(commonList) {
		words[fold(word)] = true
	}
	return words
})
