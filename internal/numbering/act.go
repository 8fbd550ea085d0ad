package numbering

import (
	"fmt"
	"strconv"
	"strings"
)

// MaxActIndex is the greatest index of an act in its case.
const MaxActIndex = 999_999

// minIndexDigits is how many digits an act's index has at least.
const minIndexDigits = 3

// ActSeries returns the key of the counter that gives the indexes of the acts
// of one case, for example "act/EI2611000000001T".
func ActSeries(caseNumber string) string { return "act/" + caseNumber }

// FormatAct writes the number of an act: the number of its case, a hyphen and
// the act's index in the case, from 1, with at least three digits:
// "EI2611000000001T-003". The check character of the case's number does not
// cover the index.
func FormatAct(caseNumber string, index int) (string, error) {
	if caseNumber == "" || index < 1 {
		return "", fmt.Errorf("act %d of case %q: %w", index, caseNumber, ErrRange)
	}
	if index > MaxActIndex {
		return "", fmt.Errorf("act %d of case %s, at most %d: %w", index, caseNumber, MaxActIndex, ErrOverflow)
	}
	return fmt.Sprintf("%s-%0*d", caseNumber, minIndexDigits, index), nil
}

// ParseAct reads an act's number exactly as [FormatAct] writes it and returns
// its case's number and its index.
func (s Scheme) ParseAct(text string) (Number, int, error) {
	head, tail := cutIndex(text)
	n, err := s.Parse(head)
	if err != nil {
		return Number{}, 0, err
	}
	index, err := parseIndex(text, tail)
	if err != nil {
		return Number{}, 0, err
	}
	return n, index, nil
}

// ParseActTyped reads an act's number as a person types it, as
// [Scheme.ParseTyped] reads a case's.
func (s Scheme) ParseActTyped(text string) (Number, int, error) {
	normal, err := Normalize(text)
	if err != nil {
		return Number{}, 0, err
	}
	head, tail := cutIndex(normal)
	n, err := s.ParseTyped(head)
	if err != nil {
		return Number{}, 0, err
	}
	return s.ParseAct(n.Text + "-" + digitsForLetters.Replace(tail))
}

// cutIndex cuts at the last hyphen: a case's number may hold hyphens itself.
// Without any hyphen there is no index.
func cutIndex(text string) (number, index string) {
	i := strings.LastIndexByte(text, '-')
	if i < 0 {
		return text, ""
	}
	return text[:i], text[i+1:]
}

func parseIndex(text, digits string) (int, error) {
	padded := len(digits) > minIndexDigits && digits[0] == '0'
	for i := range len(digits) {
		if !isDigit(digits[i]) {
			return 0, shapeError(text, "index %.10q", digits)
		}
	}
	index, err := strconv.Atoi(digits)
	if err != nil || padded || len(digits) < minIndexDigits || index < 1 || index > MaxActIndex {
		return 0, shapeError(text, "index %.10q, want three digits or more", digits)
	}
	return index, nil
}
