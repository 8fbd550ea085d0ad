package pdf

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

func (p *parser) name() (Object, error) {
	p.pos++
	start := p.pos
	escaped := false
	for p.pos < len(p.buf) && isRegular[p.buf[p.pos]] {
		escaped = escaped || p.buf[p.pos] == '#'
		p.pos++
	}
	raw := p.buf[start:p.pos]
	if !escaped {
		return p.budget.name(raw), nil
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '#' {
			if i+2 >= len(raw) || hexValue(raw[i+1]) < 0 || hexValue(raw[i+2]) < 0 {
				return nil, p.errorf("bad escape in a name")
			}
			c = byte(hexValue(raw[i+1])<<4 | hexValue(raw[i+2]))
			if c == 0 { // § 7.3.5; for some readers the name would end here
				return nil, p.errorf("zero byte in a name")
			}
			i += 2
		}
		out = append(out, c)
	}
	return Name(out), nil
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func (p *parser) hexString() (Object, error) {
	p.pos++
	length := bytes.IndexByte(p.buf[p.pos:], '>')
	if length < 0 {
		return nil, p.errorf("unfinished string")
	}
	out := make(String, 0, min(length/2+1, 64<<10))
	high := -1
	for p.pos < len(p.buf) {
		c := p.buf[p.pos]
		p.pos++
		if c == '>' {
			if high >= 0 {
				out = append(out, byte(high<<4))
			}
			return out, nil
		}
		v := hexValue(c)
		switch {
		case isSpace(c):
		case v < 0:
			return nil, p.errorf("bad character in a hexadecimal string")
		case high < 0:
			high = v
		default:
			out = append(out, byte(high<<4|v))
			high = -1
		}
	}
	return nil, p.errorf("unfinished string")
}

func (p *parser) literalString() (Object, error) {
	p.pos++
	out := String{}
	open := 1
	for p.pos < len(p.buf) {
		c := p.buf[p.pos]
		p.pos++
		switch c {
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				return out, nil
			}
		case '\r': // § 7.3.4.2: any end of line reads as one line feed
			if p.pos < len(p.buf) && p.buf[p.pos] == '\n' {
				p.pos++
			}
			c = '\n'
		case '\\':
			v, keep := p.escape()
			if v > 255 { // § 7.3.4.2 drops the high bit, and not every reader does
				return nil, p.errorf("octal escape of more than a byte")
			}
			if !keep {
				continue
			}
			c = byte(v)
		}
		out = append(out, c)
	}
	return nil, p.errorf("unfinished string")
}

// escape reads what follows a backslash; keep is false for a line
// continuation.
func (p *parser) escape() (v int, keep bool) {
	if p.pos >= len(p.buf) {
		return 0, false // the caller finds the string unfinished
	}
	c := p.buf[p.pos]
	p.pos++
	switch c {
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case '\n':
		return 0, false
	case '\r':
		if p.pos < len(p.buf) && p.buf[p.pos] == '\n' {
			p.pos++
		}
		return 0, false
	}
	if c < '0' || c > '7' {
		return int(c), true
	}
	v = int(c - '0')
	for i := 0; i < 2 && p.pos < len(p.buf) && p.buf[p.pos] >= '0' && p.buf[p.pos] <= '7'; i++ {
		v = v<<3 | int(p.buf[p.pos]-'0')
		p.pos++
	}
	return v, true
}

// DecodeText reads a text string: UTF-16BE or UTF-8 with a byte order mark,
// otherwise one byte a character. Of PDFDocEncoding only the part shared with
// Latin-1 is known.
func DecodeText(s String) string {
	if len(s) >= 2 && s[0] == 0xfe && s[1] == 0xff {
		units := make([]uint16, 0, len(s)/2)
		for i := 2; i+1 < len(s); i += 2 {
			units = append(units, uint16(s[i])<<8|uint16(s[i+1]))
		}
		return string(utf16.Decode(units))
	}
	if len(s) >= 3 && s[0] == 0xef && s[1] == 0xbb && s[2] == 0xbf && utf8.Valid(s[3:]) {
		return string(s[3:])
	}
	runes := make([]rune, len(s))
	for i, c := range s {
		runes[i] = rune(c)
	}
	return string(runes)
}
