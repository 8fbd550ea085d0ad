package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// claims are those of an ID token by their exact names: decoding into a
// structure would take SUB for sub.
type claims map[string]json.RawMessage

var errAbsent = errors.New("is missing")

// decode reads a claim into v; errAbsent when it is not there or null.
func (c claims) decode(name string, v any) error {
	raw, ok := c[name]
	if !ok || bytes.Equal(raw, []byte("null")) {
		return fmt.Errorf("claim %s %w", name, errAbsent)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("claim %s is of another type", name) // and may hold what is not for logs
	}
	return nil
}

// text reads a claim that must be a string, and not an empty one.
func (c claims) text(name string) (string, error) {
	var s string
	if err := c.decode(name, &s); err != nil {
		return "", err
	}
	if s == "" {
		return "", fmt.Errorf("claim %s %w", name, errAbsent)
	}
	return s, nil
}

// texts reads a claim that is a string or a list of strings.
func (c claims) texts(name string) ([]string, error) {
	if s, err := c.text(name); err == nil {
		return []string{s}, nil
	}
	var list []string
	if err := c.decode(name, &list); err != nil {
		return nil, err
	}
	return list, nil
}

// optional reads a string that may be missing, trimmed.
func (c claims) optional(name string, limit int) string {
	s, err := c.text(name)
	if err != nil {
		return ""
	}
	return trim(s, limit)
}

// maxDate is the year 9999.
const maxDate = 253402300799

// date reads a NumericDate (RFC 7519, 2); the zero time when it is missing.
func (c claims) date(name string) (time.Time, error) {
	var f float64
	if err := c.decode(name, &f); errors.Is(err, errAbsent) {
		return time.Time{}, nil
	} else if err != nil {
		return time.Time{}, err
	}
	if math.IsNaN(f) || f < 1 || f > maxDate {
		return time.Time{}, fmt.Errorf("claim %s is no date", name)
	}
	return time.Unix(int64(f), 0).UTC(), nil
}
