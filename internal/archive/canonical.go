package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gowebpki/jcs"
)

// maxDepth bounds the nesting of JSON from outside. encoding/json stops at
// 10,000 levels; nothing here needs more than a few.
const maxDepth = 64

// encode returns v as RFC 8785 canonical JSON of at most limit bytes.
func encode(v any, limit int) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%w: encoding %T: %w", ErrInvalid, v, err)
	}
	data, err := jcs.Transform(plain)
	if err != nil {
		return nil, fmt.Errorf("%w: canonical form of %T: %w", ErrInvalid, v, err)
	}
	if len(data) > limit {
		return nil, fmt.Errorf("%w: %T of %d bytes, allowed are %d", ErrInvalid, v, len(data), limit)
	}
	return data, nil
}

// decode reads a T and encodes it again: unless that gives the same bytes, data
// has unknown, missing or repeated fields, another spelling of a value, or
// something after its end.
func decode[T any](data []byte, limit int, format string, encodeT func(T) ([]byte, error)) (T, error) {
	var v, none T
	if len(data) > limit {
		return none, fmt.Errorf("%w: %s of %d bytes, allowed are %d", ErrInvalid, format, len(data), limit)
	}
	if depth(data) > maxDepth {
		return none, fmt.Errorf("%w: %s nested deeper than %d levels", ErrInvalid, format, maxDepth)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return none, fmt.Errorf("%w: reading %s: %w", ErrInvalid, format, err)
	}
	again, err := encodeT(v)
	if err != nil {
		return none, fmt.Errorf("reading %s: %w", format, err)
	}
	if !bytes.Equal(again, data) {
		return none, fmt.Errorf("%w: not the canonical form of %s", ErrInvalid, format)
	}
	return v, nil
}

// depth is the deepest nesting of data, counting brackets outside strings.
func depth(data []byte) int {
	deepest, now, inString, escaped := 0, 0, false, false
	for _, c := range data {
		switch {
		case escaped:
			escaped = false
		case inString:
			escaped, inString = c == '\\', c != '"'
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

// checkSection reports whether an opaque section is a canonical JSON object.
// It is not put into canonical form silently: that would, for one, round large
// numbers, and the caller's hash over the section would no longer hold.
func checkSection(name string, raw json.RawMessage) error {
	if len(raw) == 0 || raw[0] != '{' {
		return fmt.Errorf("%w: section %q is not a JSON object", ErrInvalid, name)
	}
	canonical, err := jcs.Transform(raw)
	if err != nil {
		return fmt.Errorf("%w: section %q: %w", ErrInvalid, name, err)
	}
	if !bytes.Equal(canonical, raw) {
		return fmt.Errorf("%w: section %q is not canonical JSON (RFC 8785)", ErrInvalid, name)
	}
	return nil
}

// stamp is the one form of a time in the archive: UTC, whole microseconds.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
