package archive

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gowebpki/jcs"
)

// maxDepth bounds the nesting of JSON from outside; nothing here needs more
// than a few levels.
const maxDepth = 64

// isCanonical reports whether data is one JSON value in the form of RFC 8785.
// It is the same as comparing data with its canonical form, but some ten times
// faster, which counts for the large bodies of checkpoints.
func isCanonical(data []byte) bool {
	c := canonicalReader{rest: data}
	return c.value(maxDepth) && len(c.rest) == 0
}

// canonicalReader takes values off the front of rest.
type canonicalReader struct{ rest []byte }

// take takes b off, if it is there.
func (c *canonicalReader) take(b byte) bool {
	if len(c.rest) == 0 || c.rest[0] != b {
		return false
	}
	c.rest = c.rest[1:]
	return true
}

func (c *canonicalReader) value(depth int) bool {
	if len(c.rest) == 0 || depth == 0 {
		return false
	}
	switch c.rest[0] {
	case '{':
		return c.object(depth - 1)
	case '[':
		return c.array(depth - 1)
	case '"':
		_, ok := c.text()
		return ok
	case 't', 'f', 'n':
		for _, literal := range []string{"true", "false", "null"} {
			if rest, ok := bytes.CutPrefix(c.rest, []byte(literal)); ok {
				c.rest = rest
				return true
			}
		}
		return false
	default:
		return c.number()
	}
}

func (c *canonicalReader) array(depth int) bool {
	if c.take('['); c.take(']') {
		return true
	}
	for {
		if !c.value(depth) {
			return false
		}
		if !c.take(',') {
			return c.take(']')
		}
	}
}

// object reads members whose names rise in the order of RFC 8785 section 3.2.3.
func (c *canonicalReader) object(depth int) bool {
	if c.take('{'); c.take('}') {
		return true
	}
	for last := []byte(nil); ; {
		name, ok := c.text()
		if !ok || last != nil && !nameLess(last, name) || !c.take(':') || !c.value(depth) {
			return false
		}
		if last = name; !c.take(',') {
			return c.take('}')
		}
	}
}

// text returns a string with its quotation marks. Only what must be escaped is,
// and in the shortest way: section 3.2.2.2.
func (c *canonicalReader) text() ([]byte, bool) {
	if len(c.rest) == 0 || c.rest[0] != '"' {
		return nil, false
	}
	for i := 1; i < len(c.rest); {
		b := c.rest[i]
		switch {
		case b == '"':
			text := c.rest[:i+1]
			c.rest = c.rest[i+1:]
			return text, true
		case b == '\\':
			n := escapeLength(c.rest[i:])
			if n == 0 {
				return nil, false
			}
			i += n
		case b < ' ':
			return nil, false
		case b < utf8.RuneSelf:
			i++
		default:
			r, n := utf8.DecodeRune(c.rest[i:])
			if r == utf8.RuneError && n == 1 {
				return nil, false
			}
			i += n
		}
	}
	return nil, false
}

// escapeLength is the length of the canonical escape that data begins with, 0
// if there is none.
func escapeLength(data []byte) int {
	if len(data) > 1 && bytes.IndexByte([]byte(`"\bfnrt`), data[1]) >= 0 {
		return 2
	}
	if len(data) < 6 || !bytes.HasPrefix(data, []byte(`\u00`)) {
		return 0
	}
	control, err := strconv.ParseUint(string(data[4:6]), 16, 8)
	if err != nil || control >= ' ' || slices.Contains([]byte("\b\f\n\r\t"), byte(control)) ||
		!bytes.Equal(data[4:6], bytes.ToLower(data[4:6])) {
		return 0
	}
	return 6
}

// nameLess compares names, in quotation marks, as sequences of UTF-16 units.
func nameLess(a, b []byte) bool {
	if order, ok := compareASCII(a[1:len(a)-1], b[1:len(b)-1]); ok {
		return order < 0
	}
	var s, t string
	if json.Unmarshal(a, &s) != nil || json.Unmarshal(b, &t) != nil {
		return false
	}
	return slices.Compare(utf16.Encode([]rune(s)), utf16.Encode([]rune(t))) < 0
}

// compareASCII compares names in which bytes, runes and UTF-16 units are the
// same; it reports false for others.
func compareASCII(a, b []byte) (int, bool) {
	for _, name := range [][]byte{a, b} {
		for _, c := range name {
			if c >= utf8.RuneSelf || c == '\\' {
				return 0, false
			}
		}
	}
	return bytes.Compare(a, b), true
}

// number reads a number as ECMAScript writes it: section 3.2.2.3.
func (c *canonicalReader) number() bool {
	n := 0
	for n < len(c.rest) && bytes.IndexByte([]byte("+-.0123456789e"), c.rest[n]) >= 0 {
		n++
	}
	text := string(c.rest[:n])
	c.rest = c.rest[n:]
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return false
	}
	canonical, err := jcs.NumberToJSON(f)
	return err == nil && canonical == text
}
