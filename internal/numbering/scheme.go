// Package numbering writes and reads the numbers of cases, acts and journals.
//
// The form of the unified number (vahid nömrə, regulation 002 § 6.1.2) is not
// published, so it is configuration: a [Scheme] is one line of text, for
// example
//
//	case: EI{yy}{office:3}{serial:8}{check:37,36} reset=yearly series=office
//
// whose grammar (RFC 5234) is
//
//	scheme  = name ":" 1*SP pattern *( 1*SP option )
//	name    = lower *23( lower / DIGIT / "-" )     ; a-z first, names the counter
//	pattern = 1*( literal / field ) [ check ]
//	literal = %x41-5A / DIGIT / "-" / "/" / "." / "(" / ")"
//	field   = "{yy}" / "{yyyy}"
//	        / "{office:" width [ "a" ] "}"         ; digits, or with a: digits and A-Z
//	        / "{serial:" width [ "+" ] "}"         ; zero-padded; with +: grows beyond width
//	check   = "{check:37,36}" / "{check:97-10}" / "{check:11,10}"
//	option  = "reset=yearly" / "reset=never" / "series=office" / "series=global"
//
// Exactly one serial, at most one year, office and check. A counter that
// starts again each year needs the year in the number, and one that each
// office keeps for itself needs the office: otherwise two numbers could be
// alike, and the scheme is refused. Without options the counter is as narrow
// as the number's fields allow.
//
// # Allocation
//
// A number is used once and for ever, and none is left out:
//
//   - The register holds one row per series, keyed by [Scheme.Series], with the
//     last serial given. The transaction that uses a number increments that row
//     and stores the number; if it is rolled back, so is the counter. Serials
//     are never taken from a database sequence, which does not roll back.
//   - A voided act or withdrawn case keeps its number and states its reason.
//   - Before the first serial of a block is given, the block is written to
//     the archive. A register rebuilt from the archive continues after the last
//     block and records the serials it could not account for, so it never gives
//     a number that a lost register had given (package document).
//
// The package is pure: no clock, no storage, no configuration of its own.
package numbering

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// DefaultCase is the scheme of the unified number unless configured otherwise.
const DefaultCase = "case: EI{yy}{office:3}{serial:8}{check:37,36} reset=yearly series=office"

// DefaultJournal is the scheme of acts that belong to no case (letters,
// personnel orders) unless configured otherwise.
const DefaultJournal = "journal: JR{yy}{office:3}-{serial:5}{check:37,36} reset=yearly series=office"

// ErrScheme says that a scheme's text is not acceptable.
var ErrScheme = errors.New("number scheme")

// Limits of a scheme. Eighteen digits keep every serial within an int64.
const (
	maxSchemeText   = 256
	maxName         = 24
	maxOfficeWidth  = 8
	maxSerialWidth  = 18
	maxNumberLength = 40
)

// Scheme is how the numbers of one kind look and how they are counted. Make
// one with [ParseScheme]; the zero value writes and reads nothing.
type Scheme struct {
	name      string
	fields    []field
	yearly    bool
	perOffice bool
}

type fieldKind uint8

const (
	literalField fieldKind = iota
	yearField
	officeField
	serialField
	checkField
)

// field is one piece of a pattern. Its width is in characters; of a growing
// serial it is the least.
type field struct {
	kind    fieldKind
	width   int
	literal string
	letters bool // an office code may hold A-Z too
	grows   bool
	check   check
}

// ParseScheme reads a scheme's text. Errors are [ErrScheme] and say what to
// mend.
func ParseScheme(text string) (Scheme, error) {
	if len(text) > maxSchemeText {
		return Scheme{}, fmt.Errorf("%w: longer than %d characters", ErrScheme, maxSchemeText)
	}
	name, rest, ok := strings.Cut(text, ":")
	words := strings.Fields(rest)
	if !ok || !validName(name) || len(words) == 0 || rest[0] != ' ' {
		return Scheme{}, fmt.Errorf("%w %q: want \"name: pattern options\"", ErrScheme, text)
	}
	s := Scheme{name: name}
	if err := s.parsePattern(words[0]); err != nil {
		return Scheme{}, fmt.Errorf("%w %s: %w", ErrScheme, name, err)
	}
	s.yearly, s.perOffice = s.has(yearField), s.has(officeField)
	if err := s.parseOptions(words[1:]); err != nil {
		return Scheme{}, fmt.Errorf("%w %s: %w", ErrScheme, name, err)
	}
	return s, nil
}

func validName(name string) bool {
	for i, c := range name {
		if !('a' <= c && c <= 'z' || i > 0 && ('0' <= c && c <= '9' || c == '-')) {
			return false
		}
	}
	return name != "" && len(name) <= maxName
}

func (s *Scheme) parsePattern(pattern string) error {
	seen := make(map[fieldKind]bool)
	for rest := pattern; rest != ""; {
		if seen[checkField] {
			return errors.New("the check character must stand last")
		}
		f, n, err := parseField(rest)
		if err != nil {
			return err
		}
		if f.kind != literalField && seen[f.kind] {
			return fmt.Errorf("%q repeats a field", rest[:n])
		}
		seen[f.kind] = true
		s.fields = append(s.fields, f)
		rest = rest[n:]
	}
	if !seen[serialField] {
		return errors.New("the pattern has no {serial:N}")
	}
	if _, longest := s.lengths(); longest > maxNumberLength {
		return fmt.Errorf("numbers could be longer than %d characters", maxNumberLength)
	}
	last := s.fields[len(s.fields)-1]
	for _, f := range s.fields {
		if f.letters && last.check.digitsOnly {
			return fmt.Errorf("check %s does not protect letters of an office code", last.check.name)
		}
	}
	return nil
}

// parseField reads the literal run or the field at the start of s and says
// how much of s it took.
func parseField(s string) (field, int, error) {
	if s[0] != '{' {
		n := strings.IndexByte(s, '{')
		if n < 0 {
			n = len(s)
		}
		for i := range n {
			if !literalChar(s[i]) {
				return field{}, 0, fmt.Errorf("%q is not allowed in a number", s[i:i+1])
			}
		}
		return field{kind: literalField, width: n, literal: s[:n]}, n, nil
	}
	end := strings.IndexByte(s, '}')
	if end < 0 {
		return field{}, 0, fmt.Errorf("%q has no closing brace", s)
	}
	name, arg, _ := strings.Cut(s[1:end], ":")
	bad := fmt.Errorf("unknown field %q", s[:end+1])
	switch {
	case s[:end+1] == "{yy}", s[:end+1] == "{yyyy}":
		return field{kind: yearField, width: end - 1}, end + 1, nil
	case name == "office":
		digits, letters := strings.CutSuffix(arg, "a")
		w, ok := parseWidth(digits, maxOfficeWidth)
		if !ok {
			return field{}, 0, bad
		}
		return field{kind: officeField, width: w, letters: letters}, end + 1, nil
	case name == "serial":
		digits, grows := strings.CutSuffix(arg, "+")
		w, ok := parseWidth(digits, maxSerialWidth)
		if !ok {
			return field{}, 0, bad
		}
		return field{kind: serialField, width: w, grows: grows}, end + 1, nil
	case name == "check":
		c, ok := checkNamed(arg)
		if !ok {
			return field{}, 0, bad
		}
		return field{kind: checkField, width: c.width, check: c}, end + 1, nil
	}
	return field{}, 0, bad
}

func parseWidth(s string, most int) (int, bool) {
	w, err := strconv.Atoi(s)
	return w, err == nil && w >= 1 && w <= most && strconv.Itoa(w) == s
}

func literalChar(c byte) bool {
	return isDigit(c) || isLetter(c) || strings.IndexByte("-/.()", c) >= 0
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'A' <= c && c <= 'Z' }

func (s *Scheme) parseOptions(words []string) error {
	given := make(map[string]bool)
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		if given[key] {
			return fmt.Errorf("option %s is given twice", key)
		}
		given[key] = true
		switch word {
		case "reset=yearly", "reset=never":
			s.yearly = value == "yearly"
		case "series=office", "series=global":
			s.perOffice = value == "office"
		default:
			return fmt.Errorf("unknown option %q", word)
		}
	}
	if s.yearly && !s.has(yearField) {
		return errors.New("reset=yearly needs {yy} or {yyyy} in the number")
	}
	if s.perOffice && !s.has(officeField) {
		return errors.New("series=office needs {office:N} in the number")
	}
	return nil
}

func (s Scheme) has(kind fieldKind) bool {
	for _, f := range s.fields {
		if f.kind == kind {
			return true
		}
	}
	return false
}

// lengths returns the least and the greatest length of a number.
func (s Scheme) lengths() (least, most int) {
	for _, f := range s.fields {
		least += f.width
		if f.grows {
			most += maxSerialWidth
		} else {
			most += f.width
		}
	}
	return least, most
}

// Name returns the scheme's name, the first part of its series keys.
func (s Scheme) Name() string { return s.name }

// String returns the scheme's text with every option written out. Two schemes
// with the same text are the same.
func (s Scheme) String() string {
	if len(s.fields) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(s.name + ": ")
	for _, f := range s.fields {
		b.WriteString(f.String())
	}
	reset, series := "never", "global"
	if s.yearly {
		reset = "yearly"
	}
	if s.perOffice {
		series = "office"
	}
	b.WriteString(" reset=" + reset + " series=" + series)
	return b.String()
}

func (f field) String() string {
	switch f.kind {
	case yearField:
		return "{" + strings.Repeat("y", f.width) + "}"
	case officeField:
		if f.letters {
			return fmt.Sprintf("{office:%da}", f.width)
		}
		return fmt.Sprintf("{office:%d}", f.width)
	case serialField:
		if f.grows {
			return fmt.Sprintf("{serial:%d+}", f.width)
		}
		return fmt.Sprintf("{serial:%d}", f.width)
	case checkField:
		return "{check:" + f.check.name + "}"
	}
	return f.literal
}

// MarshalText writes the scheme as its text, so that in JSON it is a string.
func (s Scheme) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what [ParseScheme] reads.
func (s *Scheme) UnmarshalText(text []byte) error {
	parsed, err := ParseScheme(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}
