package numbering

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var (
	// ErrMistyped says that a number has the right shape but its check
	// character does not fit: one who copied it made a typing error.
	ErrMistyped = errors.New("check character does not fit: typing error")
	// ErrShape says that a text is not a number of the scheme at all.
	ErrShape = errors.New("not a number of this kind")
	// ErrRange says that a year, office code or serial cannot stand in a
	// number of the scheme.
	ErrRange = errors.New("out of the scheme's range")
	// ErrOverflow says that a series is used up: the serial is wider than the
	// scheme's field. A new scheme is needed; nothing is cut off.
	ErrOverflow = errors.New("serial exceeds the scheme's width")
)

// Number is a number taken apart. Year is 0 and Office "" when the scheme has
// no such field; a two-digit year is one of 2000 to 2099.
type Number struct {
	Text   string
	Year   int
	Office string
	Serial int64
}

// Series returns the key of the counter that gives the serial for a year and
// an office: scheme name, year and office, with "-" for what the counter does
// not depend on. "case/2026/110" is an example.
func (s Scheme) Series(year int, office string) string {
	y, o := "-", "-"
	if s.yearly {
		y = strconv.Itoa(year)
	}
	if s.perOffice {
		o = office
	}
	return s.name + "/" + y + "/" + o
}

// MaxSerial returns the greatest serial that the scheme can write.
func (s Scheme) MaxSerial() int64 {
	most := int64(0)
	for _, f := range s.fields {
		if f.kind != serialField {
			continue
		}
		width := f.width
		if f.grows {
			width = maxSerialWidth
		}
		most = 1
		for range width {
			most *= 10
		}
		most--
	}
	return most
}

// Format writes a number. Serials begin at 1. Errors are [ErrRange],
// [ErrOverflow], or [ErrScheme] for the zero Scheme.
func (s Scheme) Format(year int, office string, serial int64) (string, error) {
	if len(s.fields) == 0 {
		return "", fmt.Errorf("%w: none given", ErrScheme)
	}
	if serial < 1 {
		return "", fmt.Errorf("serial %d: %w", serial, ErrRange)
	}
	if most := s.MaxSerial(); serial > most {
		return "", fmt.Errorf("serial %d of series %s, at most %d: %w", serial, s.Series(year, office), most, ErrOverflow)
	}
	b := make([]byte, 0, maxNumberLength)
	for _, f := range s.fields {
		switch f.kind {
		case literalField:
			b = append(b, f.literal...)
		case yearField:
			if !f.yearFits(year) {
				return "", fmt.Errorf("year %d: %w", year, ErrRange)
			}
			b = append(b, strconv.Itoa(year)[4-f.width:]...)
		case officeField:
			if len(office) != f.width || !f.allows(office) {
				return "", fmt.Errorf("office code %q: %w", office, ErrRange)
			}
			b = append(b, office...)
		case serialField:
			b = fmt.Appendf(b, "%0*d", f.width, serial)
		case checkField:
			b = append(b, f.check.compute(string(b))...)
		}
	}
	return string(b), nil
}

// yearFits says whether a year can be written and read back: a two-digit
// field means this century.
func (f field) yearFits(year int) bool {
	if f.width == 2 {
		return year >= 2000 && year <= 2099
	}
	return year >= 1000 && year <= 9999
}

// allows says whether every character of s may stand in the field.
func (f field) allows(s string) bool {
	for i := range len(s) {
		letter := f.letters || f.kind == checkField && f.check.name == "37,36"
		if !isDigit(s[i]) && !(letter && isLetter(s[i])) {
			return false
		}
	}
	return true
}

// Parse reads a number exactly as Format writes it. [ErrShape] means that the
// text is something else, [ErrMistyped] that only the check is wrong.
func (s Scheme) Parse(text string) (Number, error) {
	parts, err := s.split(text)
	if err != nil {
		return Number{}, err
	}
	n := Number{Text: text}
	read := 0 // bytes before the field
	for i, f := range s.fields {
		part := parts[i]
		switch f.kind {
		case literalField:
			if part != f.literal {
				return Number{}, shapeError(text, "%q where %q should stand", part, f.literal)
			}
		default:
			if !f.allows(part) {
				return Number{}, shapeError(text, "%q has a character that cannot stand there", part)
			}
		}
		switch f.kind {
		case yearField:
			n.Year, _ = strconv.Atoi(part) // digits only, at most four
			if f.width == 2 {
				n.Year += 2000
			}
			if !f.yearFits(n.Year) {
				return Number{}, shapeError(text, "year %s", part)
			}
		case officeField:
			n.Office = part
		case serialField:
			n.Serial, _ = strconv.ParseInt(part, 10, 64) // digits only, at most eighteen
			if n.Serial < 1 || len(part) > f.width && part[0] == '0' {
				return Number{}, shapeError(text, "serial %s", part)
			}
		case checkField:
			if f.check.compute(text[:read]) != part {
				return Number{}, fmt.Errorf("number %q: %w", text, ErrMistyped)
			}
		}
		read += len(part)
	}
	return n, nil
}

// split cuts a text into the scheme's fields by length alone: only the serial
// may be longer than its width.
func (s Scheme) split(text string) ([]string, error) {
	least, most := s.lengths()
	if len(text) < least || len(text) > most || most == 0 {
		return nil, shapeError(text, "%d characters, want %d to %d", len(text), least, most)
	}
	parts := make([]string, len(s.fields))
	extra := len(text) - least
	for i, f := range s.fields {
		n := f.width
		if f.grows {
			n += extra
		}
		parts[i], text = text[:n], text[n:]
	}
	return parts, nil
}

// shapeError quotes no more of a text than a number could be long.
func shapeError(text, format string, args ...any) error {
	if len(text) > maxNumberLength {
		text = text[:maxNumberLength]
	}
	return fmt.Errorf("number %q: %s: %w", text, fmt.Sprintf(format, args...), ErrShape)
}

// ParseTyped reads a number as a person types it: see [Normalize]. Where only
// a digit may stand it takes O for 0 and I or L for 1, and the reverse in the
// scheme's own letters. The check character is left alone: mending it would
// hide the very errors it is there to find.
func (s Scheme) ParseTyped(text string) (Number, error) {
	normal, err := Normalize(text)
	if err != nil {
		return Number{}, err
	}
	parts, err := s.split(normal)
	if err != nil {
		return Number{}, err
	}
	for i, f := range s.fields {
		switch {
		case f.kind == literalField && digitsForLetters.Replace(parts[i]) == digitsForLetters.Replace(f.literal):
			parts[i] = f.literal
		case f.kind == yearField, f.kind == serialField, f.kind == officeField && !f.letters:
			parts[i] = digitsForLetters.Replace(parts[i])
		}
	}
	return s.Parse(strings.Join(parts, ""))
}
