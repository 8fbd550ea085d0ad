package numbering

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxTyped bounds what is looked at of a typed number, in bytes. Spaces and
// marks around a number fit; a pasted page does not.
const maxTyped = 200

// digitsForLetters turns the letters that are taken for digits into them.
var digitsForLetters = strings.NewReplacer("O", "0", "I", "1", "L", "1")

// Normalize brings a typed or pasted number to the characters that numbers
// are written with: it drops white space and invisible marks, makes every dash
// a hyphen, and raises letters. The Azerbaijani keyboard gives İ and ı where I
// is meant; both become I. What else is not ASCII is [ErrShape], as is a text
// too long to be a number.
func Normalize(text string) (string, error) {
	if len(text) > maxTyped {
		return "", shapeError(text, "too long")
	}
	var b strings.Builder
	for _, c := range text {
		switch {
		case unicode.IsSpace(c), unicode.Is(unicode.Cf, c):
		case unicode.Is(unicode.Pd, c), c == '\u2212': // hyphens and dashes; minus sign
			b.WriteByte('-')
		case c == 'ı', c == 'İ':
			b.WriteByte('I')
		case 'a' <= c && c <= 'z':
			b.WriteByte(byte(c) - 'a' + 'A')
		case c > ' ' && c < utf8.RuneSelf-1:
			b.WriteByte(byte(c))
		default:
			return "", fmt.Errorf("character %q: %w", c, ErrShape)
		}
	}
	return b.String(), nil
}
