package pdf

import (
	"fmt"
	"strconv"
)

// parser reads objects from buf at pos. It stops at the first violation and
// never searches for the next plausible token.
type parser struct {
	buf    []byte
	pos    int
	depth  int
	max    int
	budget *budget
	// spans receives the position of each value of the outermost dictionary,
	// when it is not nil.
	spans map[Name]span
}

type span struct{ start, end int }

// isRegular tells what is neither white space nor a delimiter (§ 7.2.2). A
// table, since every byte outside strings and streams is asked about.
var isRegular = func() (table [256]bool) {
	for c := range table {
		table[c] = !isSpace(byte(c)) && !isDelimiter(byte(c))
	}
	return table
}()

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == 0 || c == '\f'
}

func (p *parser) errorf(format string, args ...any) error {
	return fmt.Errorf("%w: %s at byte %d", ErrSyntax, fmt.Sprintf(format, args...), p.pos)
}

func (p *parser) skipSpace() {
	for p.pos < len(p.buf) {
		switch c := p.buf[p.pos]; {
		case isSpace(c):
			p.pos++
		case c == '%':
			for p.pos < len(p.buf) && p.buf[p.pos] != '\n' && p.buf[p.pos] != '\r' {
				p.pos++
			}
		default:
			return
		}
	}
}

// word skips white space and returns the run of regular characters after it.
func (p *parser) word() []byte {
	p.skipSpace()
	start := p.pos
	for p.pos < len(p.buf) && isRegular[p.buf[p.pos]] {
		p.pos++
	}
	return p.buf[start:p.pos]
}

// clip is what a message quotes of a word, which may be as long as the file.
func clip(w []byte) []byte { return w[:min(len(w), 20)] }

func (p *parser) keyword(want string) error {
	if w := p.word(); string(w) != want {
		return p.errorf("expected %q, found %q", want, clip(w))
	}
	return nil
}

// digits reads an unsigned integer of at most ten digits.
func (p *parser) digits() (int, error) {
	w := p.word()
	n, ok := parseDigits(w)
	if !ok {
		return 0, p.errorf("expected a number, found %q", clip(w))
	}
	return n, nil
}

func parseDigits(w []byte) (int, bool) {
	if len(w) == 0 || len(w) > 10 {
		return 0, false
	}
	n := 0
	for _, c := range w {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

func (p *parser) spend() error {
	if p.budget.values--; p.budget.values < 0 {
		return fmt.Errorf("%w: too many values", ErrLimit)
	}
	return nil
}

func (p *parser) object() (Object, error) {
	p.skipSpace()
	if p.pos >= len(p.buf) {
		return nil, p.errorf("unexpected end")
	}
	switch c := p.buf[p.pos]; {
	case c == '/':
		return p.name()
	case c == '(':
		return p.literalString()
	case c == '<':
		if p.pos+1 < len(p.buf) && p.buf[p.pos+1] == '<' {
			return p.dict()
		}
		return p.hexString()
	case c == '[':
		return p.array()
	case c == '+' || c == '-' || c == '.' || c >= '0' && c <= '9':
		return p.number()
	default:
		return p.literal()
	}
}

func (p *parser) literal() (Object, error) {
	switch w := p.word(); string(w) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "null":
		return nil, nil
	default:
		return nil, p.errorf("unknown keyword %q", clip(w))
	}
}

// number reads an integer, a real or, when it is the first of "n g R", a
// reference.
func (p *parser) number() (Object, error) {
	w := p.word()
	n, unsigned := parseDigits(w)
	if !unsigned {
		if isReal(w) { // before the integer, whose errors cost more than all the rest
			return Real(w), nil
		}
		i, err := strconv.ParseInt(string(w), 10, 64)
		if err != nil {
			return nil, p.errorf("bad number %q", clip(w))
		}
		return i, nil
	}
	after := p.pos
	if gen, ok := parseDigits(p.word()); ok && gen <= 65535 && string(p.word()) == "R" {
		return Ref{n, gen}, nil
	}
	p.pos = after
	return int64(n), nil
}

// isReal accepts the form of ISO 32000-1 § 7.3.3: a sign, digits, one point; no
// exponent.
func isReal(w []byte) bool {
	points, digits := 0, 0
	for i, c := range w {
		switch {
		case c == '.':
			points++
		case c >= '0' && c <= '9':
			digits++
		case (c == '+' || c == '-') && i == 0:
		default:
			return false
		}
	}
	return points == 1 && digits > 0
}

func (p *parser) enter() error {
	if p.depth++; p.depth > p.max {
		return fmt.Errorf("%w: nesting at byte %d", ErrLimit, p.pos)
	}
	return nil
}

func (p *parser) array() (Object, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	p.pos++
	s := &p.budget.scratch
	mark := len(s.objects)
	for {
		p.skipSpace()
		if p.pos < len(p.buf) && p.buf[p.pos] == ']' {
			p.pos++
			p.depth--
			return s.array(mark), nil
		}
		if err := p.spend(); err != nil {
			return nil, err
		}
		v, err := p.object()
		if err != nil {
			return nil, err
		}
		s.objects = append(s.objects, v)
	}
}

// dict refuses a key that stands twice: readers differ in which one they take.
func (p *parser) dict() (Object, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	p.pos += 2
	s := &p.budget.scratch
	mark := len(s.entries)
	var seen map[Name]bool
	for {
		p.skipSpace()
		if p.pos+1 < len(p.buf) && p.buf[p.pos] == '>' && p.buf[p.pos+1] == '>' {
			p.pos += 2
			p.depth--
			return s.dict(mark), nil
		}
		key, err := p.key(s.entries[mark:], &seen)
		if err != nil {
			return nil, err
		}
		p.skipSpace()
		start := p.pos
		value, err := p.object()
		if err != nil {
			return nil, err
		}
		if p.spans != nil && p.depth == 1 {
			p.spans[key] = span{start, p.pos}
		}
		s.entries = append(s.entries, Entry{key, value})
	}
}

// key reads the next key of a dictionary that has entries. From some number of
// them on, a map is cheaper than looking through.
func (p *parser) key(entries []Entry, seen *map[Name]bool) (Name, error) {
	if p.pos >= len(p.buf) || p.buf[p.pos] != '/' {
		return "", p.errorf("expected a dictionary key")
	}
	if err := p.spend(); err != nil {
		return "", err
	}
	o, err := p.name()
	if err != nil {
		return "", err
	}
	key, _ := o.(Name)
	if len(entries) == 16 {
		*seen = make(map[Name]bool, 32)
		for _, e := range entries {
			(*seen)[e.Key] = true
		}
	}
	if (*seen)[key] || *seen == nil && hasKey(entries, key) {
		return "", p.errorf("key /%.40s stands twice", key)
	}
	if *seen != nil {
		(*seen)[key] = true
	}
	return key, nil
}

func hasKey(entries []Entry, key Name) bool {
	for _, e := range entries {
		if e.Key == key {
			return true
		}
	}
	return false
}
