package archive

import (
	"fmt"
	"strings"
)

// Limits of a key: S3 allows 1024 bytes, file systems 255 a name.
const (
	MaxKey     = 512
	maxSegment = 200
)

// The two halves of an archive.
const (
	actsPrefix   = "acts/"
	eventsPrefix = "events/"
)

// CheckKey reports whether key may name an object: directories and a file name
// joined by '/', each of ASCII letters, digits, '_' and '-' and beginning with
// a letter or a digit; the file name, and only that, has a '.' in it. Such a key
// is the same in a path, a URL and an S3 request, cannot climb out of a
// directory, never meets a hidden file, and is never the directory of another.
func CheckKey(key string) error {
	dir, file := "", key
	if i := strings.LastIndexByte(key, '/'); i >= 0 {
		dir, file = key[:i+1], key[i+1:]
	}
	if len(key) > MaxKey || !safeDir(dir) || !safeSegment(file) || !strings.Contains(file, ".") {
		return fmt.Errorf("%w: key %q", ErrInvalid, clip(key))
	}
	return nil
}

// CheckPrefix reports whether prefix may be listed: nothing, or directories,
// the last with its '/'.
func CheckPrefix(prefix string) error {
	if len(prefix) > MaxKey || !safeDir(prefix) {
		return fmt.Errorf("%w: prefix %q", ErrInvalid, clip(prefix))
	}
	return nil
}

func safeDir(dir string) bool {
	for dir != "" {
		segment, rest, ended := strings.Cut(dir, "/")
		if !ended || !safeSegment(segment) || strings.Contains(segment, ".") {
			return false
		}
		dir = rest
	}
	return true
}

func safeSegment(s string) bool {
	if s == "" || len(s) > maxSegment || !alphanumeric(s[0]) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !alphanumeric(c) && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// clip shortens what an error message quotes.
func clip(s string) string { return s[:min(len(s), 80)] }

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

// escapeSegment turns different texts into different segments: every byte but
// letters, digits and '-' becomes '_' and two hexadecimal digits. The numbers
// of the built-in schemes stay as they are. A text that does not begin with a
// letter or a digit has no safe segment.
func escapeSegment(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; alphanumeric(c) || c == '-' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	return b.String()
}

// Record names the archive record of one act.
type Record struct {
	Year   int    // of the act's issue, four digits
	Number string // the act's own number, as printed
}

// Dir is the prefix of the record's keys, ending in '/'.
func (r Record) Dir() (string, error) {
	if r.Year < 1900 || r.Year > 9999 {
		return "", fmt.Errorf("%w: record of year %d", ErrInvalid, r.Year)
	}
	segment := escapeSegment(r.Number)
	if !safeSegment(segment) {
		return "", fmt.Errorf("%w: record of act number %q", ErrInvalid, r.Number)
	}
	return fmt.Sprintf("%s%04d/%s/", actsPrefix, r.Year, segment), nil
}

// RenditionKey is the key of the n-th rendition, counted from 1.
func (r Record) RenditionKey(n int) (string, error) {
	if n < 1 || n > maxRenditions {
		return "", fmt.Errorf("%w: rendition %d of %s", ErrInvalid, n, r.Number)
	}
	dir, err := r.Dir()
	return fmt.Sprintf("%s%04d.pdf", dir, n), err
}

// ManifestKey is the key of the manifest that commits the record.
func (r Record) ManifestKey() (string, error) {
	dir, err := r.Dir()
	return dir + manifestName, err
}
