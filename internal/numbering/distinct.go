package numbering

import "fmt"

// Distinct reports the first two of several schemes, used side by side, that
// share a name or could write the same number. A number must say by itself
// what it is a number of.
func Distinct(schemes ...Scheme) error {
	for i, a := range schemes {
		for _, b := range schemes[:i] {
			if a.name == b.name {
				return fmt.Errorf("%w: two are named %q", ErrScheme, a.name)
			}
			if a.overlaps(b) {
				return fmt.Errorf("%w: %s and %s could write the same number", ErrScheme, b.name, a.name)
			}
		}
	}
	return nil
}

// overlaps compares the characters that may stand at each place, length by
// length. It errs on the side of overlap.
func (s Scheme) overlaps(other Scheme) bool {
	for length := 1; length <= maxNumberLength; length++ {
		a, b := s.places(length), other.places(length)
		same := a != nil && b != nil
		for i := 0; same && i < length; i++ {
			same = a[i]&b[i] != 0
		}
		if same {
			return true
		}
	}
	return false
}

// charSet holds one bit a character: the alphabet, then the separators.
type charSet uint64

const (
	digitSet  charSet = 1<<10 - 1
	letterSet charSet = 1<<36 - 1 - digitSet
)

// places returns the characters allowed at each place of a number of the
// given length, or nil if there are no numbers of that length.
func (s Scheme) places(length int) []charSet {
	least, most := s.lengths()
	if length < least || length > most {
		return nil
	}
	var sets []charSet
	for _, f := range s.fields {
		width := f.width
		if f.grows {
			width += length - least
		}
		for i := range width {
			set := digitSet
			switch {
			case f.kind == literalField:
				set = charSetOf(f.literal[i])
			case f.allows("A"):
				set |= letterSet
			}
			sets = append(sets, set)
		}
	}
	return sets
}

func charSetOf(c byte) charSet {
	if v := value(c); v >= 0 {
		return 1 << v
	}
	return 1 << (36 + (c - '(')) // the separators lie between ( and /
}
