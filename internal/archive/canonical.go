package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gowebpki/jcs"
)

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
// has unknown or missing fields, or another spelling of a value.
func decode[T any](data []byte, limit int, format string, encodeT func(T) ([]byte, error)) (T, error) {
	var v, none T
	if len(data) > limit {
		return none, fmt.Errorf("%w: %s of %d bytes, allowed are %d", ErrInvalid, format, len(data), limit)
	}
	if !isCanonical(data) {
		return none, fmt.Errorf("%w: %s is not canonical JSON (RFC 8785)", ErrInvalid, format)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return none, fmt.Errorf("%w: reading %s: %w", ErrInvalid, format, err)
	}
	again, err := encodeT(v)
	if err != nil {
		return none, fmt.Errorf("reading %s: %w", format, err)
	}
	if !bytes.Equal(again, data) {
		return none, fmt.Errorf("%w: %s has unknown, missing or misspelt parts", ErrInvalid, format)
	}
	return v, nil
}

// checkSection reports whether an opaque section is a canonical JSON object.
// It is not put into canonical form silently: that would, for one, round large
// numbers, and the caller's hash over the section would no longer hold.
func checkSection(name string, raw json.RawMessage) error {
	if len(raw) == 0 || raw[0] != '{' || !isCanonical(raw) {
		return fmt.Errorf("%w: section %q is not a canonical JSON object (RFC 8785)", ErrInvalid, name)
	}
	return nil
}

// stamp is the one form of a time in the archive: UTC, whole microseconds.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
