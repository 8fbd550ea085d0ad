package codes

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

var (
	// ErrMistyped says that a text has the shape of a verification code but
	// no code reads so: whoever copied it made an error.
	ErrMistyped = errors.New("no such code is ever given: typing error")
	// ErrShape says that a text is not a verification code at all.
	ErrShape = errors.New("not a verification code")
)

const (
	codeSymbols = 16 // of which the last is the check symbol
	codeGroup   = 4
	// codeAlphabet is Crockford's base32: no I, L, O, U.
	codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	// maxTypedCode bounds what is looked at of a typed code, in bytes.
	maxTypedCode = 100
)

// Code is an act's verification code: 75 random bits and 5 check bits, as 16
// characters of Crockford's base32 in four groups, "7KQ2-M9XD-4T1B-R0ZC". It
// is comparable; the zero value is no code.
//
// The check symbol makes the sum of aᵢ·α^(15-i) over GF(32), i from 0, equal
// to α^15, where α is 2 modulo x⁵+x²+1. The powers differ, so that every error
// in one symbol and every exchange of two symbols, next to each other or not,
// is found, as is every change of one pair of twins (11 for 22); of other
// errors 31 in 32.
type Code struct {
	symbols [codeSymbols]byte // characters of codeAlphabet
}

// NewCode draws a code. It takes 10 bytes from random, which must be
// cryptographically secure: who knows a code may see the act's public facts.
func NewCode(random io.Reader) (Code, error) {
	var b [10]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return Code{}, fmt.Errorf("drawing a verification code: %w", err)
	}
	var values [codeSymbols]byte
	bits, have, n := uint(0), 0, 0
	for i := range codeSymbols - 1 {
		for have < 5 {
			bits, have, n = bits<<8|uint(b[n]), have+8, n+1
		}
		have -= 5
		values[i] = byte(bits>>have) & 31
	}
	values[codeSymbols-1] = codeSyndrome(values[:codeSymbols-1])
	var c Code
	for i, v := range values {
		c.symbols[i] = codeAlphabet[v]
	}
	return c, nil
}

// codeSyndrome runs Horner's rule over GF(32), beginning with 1 so that a row
// of zeros is no code. Over fifteen symbols it gives the check symbol, over a
// whole code 0.
func codeSyndrome(values []byte) byte {
	sum := byte(1)
	for i, v := range values {
		if i == codeSymbols-1 {
			return sum ^ v
		}
		sum ^= v
		sum <<= 1
		if sum&32 != 0 {
			sum ^= 0b100101
		}
	}
	return sum
}

// ParseCode reads a code as people type it: in any case, with or without
// hyphens and spaces, O for 0, I and L for 1, as Crockford's base32 has it.
// [ErrMistyped] means that only the check symbol is wrong, [ErrShape] that
// this is no code.
func ParseCode(text string) (Code, error) {
	if len(text) > maxTypedCode {
		return Code{}, fmt.Errorf("%d bytes: %w", len(text), ErrShape)
	}
	var c Code
	var values [codeSymbols]byte
	n := 0
	for _, r := range text {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Pd, r) {
			continue
		}
		v := codeValue(r)
		if v < 0 || n == codeSymbols {
			return Code{}, fmt.Errorf("code %q: %w", text, ErrShape)
		}
		values[n], c.symbols[n] = byte(v), codeAlphabet[v]
		n++
	}
	if n < codeSymbols {
		return Code{}, fmt.Errorf("code %q: %d characters, want %d: %w", text, n, codeSymbols, ErrShape)
	}
	if codeSyndrome(values[:]) != 0 {
		return Code{}, fmt.Errorf("code %q: %w", text, ErrMistyped)
	}
	return c, nil
}

// codeValue returns a character's value, or -1. The Azerbaijani keyboard's İ
// and ı are taken for the I that they look like.
func codeValue(r rune) int {
	switch r {
	case 'o', 'O':
		return 0
	case 'i', 'I', 'l', 'L', 'ı', 'İ':
		return 1
	}
	if r >= 'a' && r <= 'z' {
		r -= 'a' - 'A'
	}
	return strings.IndexRune(codeAlphabet, r)
}

// IsZero says whether c is no code.
func (c Code) IsZero() bool { return c == Code{} }

// String returns the code in four groups, as it is printed and stored. The
// zero value gives "".
func (c Code) String() string {
	if c.IsZero() {
		return ""
	}
	b := make([]byte, 0, codeSymbols+3)
	for i, symbol := range c.symbols {
		if i > 0 && i%codeGroup == 0 {
			b = append(b, '-')
		}
		b = append(b, symbol)
	}
	return string(b)
}

// MarshalText writes the code as String does.
func (c Code) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what [ParseCode] reads.
func (c *Code) UnmarshalText(text []byte) error {
	parsed, err := ParseCode(string(text))
	if err != nil {
		return err
	}
	*c = parsed
	return nil
}
