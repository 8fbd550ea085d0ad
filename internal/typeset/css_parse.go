package typeset

import (
	"strings"
)

// sheet is a parsed style sheet. It is immutable and shared by all documents
// with the same <style>.
type sheet struct {
	rules []rule // by rising specificity, then order
	page  pageRule
}

// rule is one selector with its declarations.
type rule struct {
	selector    []compound // outermost first
	specificity int
	decls       []decl
}

// compound is one step of a selector: tag.class#id, joined to the step before
// it by a space or, with child, by ">".
type compound struct {
	tag     string
	classes []string
	id      string
	child   bool
}

// scanner walks a style sheet; errors carry the offset into the whole source.
type scanner struct {
	s    string
	i    int
	base int
}

func (c *scanner) errorf(format string, args ...any) error {
	return errorAt(c.base+c.i, format, args...)
}

func (c *scanner) space() error {
	for c.i < len(c.s) {
		switch {
		case strings.IndexByte(" \t\r\n\f", c.s[c.i]) >= 0:
			c.i++
		case strings.HasPrefix(c.s[c.i:], "/*"):
			end := strings.Index(c.s[c.i+2:], "*/")
			if end < 0 {
				return c.errorf("the comment is not closed")
			}
			c.i += end + 4
		default:
			return nil
		}
	}
	return nil
}

func (c *scanner) peek() byte {
	if c.i < len(c.s) {
		return c.s[c.i]
	}
	return 0
}

// until returns the text up to one of the stop bytes, outside quotes, and
// leaves the scanner on it.
func (c *scanner) until(stops string) string {
	start := c.i
	for quote := byte(0); c.i < len(c.s); c.i++ {
		b := c.s[c.i]
		switch {
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'':
			quote = b
		case strings.IndexByte(stops, b) >= 0:
			return c.s[start:c.i]
		}
	}
	return c.s[start:c.i]
}

func parseSheet(css string, base int) (*sheet, error) {
	sh := &sheet{page: defaultPage()}
	c := &scanner{s: css, base: base}
	for {
		if err := c.space(); err != nil {
			return nil, err
		}
		if c.i >= len(c.s) {
			break
		}
		if c.peek() == '@' {
			if err := c.atPage(sh); err != nil {
				return nil, err
			}
			continue
		}
		if err := c.ruleSet(sh); err != nil {
			return nil, err
		}
	}
	stableBySpecificity(sh.rules)
	return sh, nil
}

func stableBySpecificity(rules []rule) {
	for i := 1; i < len(rules); i++ { // insertion sort: stable, few rules
		for j := i; j > 0 && rules[j].specificity < rules[j-1].specificity; j-- {
			rules[j], rules[j-1] = rules[j-1], rules[j]
		}
	}
}

func (c *scanner) ruleSet(sh *sheet) error {
	start := c.i
	prelude := c.until("{}")
	if c.peek() != '{' {
		return c.errorf("expected { after the selector")
	}
	end := c.i
	c.i = start
	selectors := make([]rule, 0, 4)
	for _, text := range strings.Split(prelude, ",") {
		r, err := c.selector(text)
		if err != nil {
			return err
		}
		selectors = append(selectors, r)
		c.i += len(text) + 1
	}
	c.i = end + 1
	decls, err := c.declarations()
	if err != nil {
		return err
	}
	for i := range selectors {
		selectors[i].decls = decls
	}
	sh.rules = append(sh.rules, selectors...)
	if len(sh.rules) > 2000 {
		return c.errorf("the style sheet has more than 2000 rules")
	}
	return nil
}

// selector parses one selector of a list.
func (c *scanner) selector(text string) (rule, error) {
	var r rule
	child := false
	for _, part := range strings.Fields(strings.ReplaceAll(text, ">", " > ")) {
		if part == ">" {
			if child || len(r.selector) == 0 {
				return r, c.errorf("misplaced > in selector %q", strings.TrimSpace(text))
			}
			child = true
			continue
		}
		cp := compound{child: child}
		child = false
		rest := part
		cut := func() string {
			n := strings.IndexAny(rest, ".#")
			if n < 0 {
				n = len(rest)
			}
			word := rest[:n]
			rest = rest[n:]
			return word
		}
		if rest[0] != '.' && rest[0] != '#' {
			cp.tag = cut()
			if el := elements[cp.tag]; el == nil && cp.tag != "*" {
				return r, c.errorf("unknown element or selector %q", part)
			}
			if cp.tag == "*" {
				cp.tag = ""
			} else {
				r.specificity++
			}
		}
		for rest != "" {
			kind := rest[0]
			rest = rest[1:]
			word := cut()
			if !isIdent(word) {
				return r, c.errorf("selector %q is not understood", part)
			}
			if kind == '.' {
				cp.classes = append(cp.classes, word)
				r.specificity += 100
			} else {
				cp.id = word
				r.specificity += 10000
			}
		}
		r.selector = append(r.selector, cp)
	}
	if len(r.selector) == 0 || child {
		return r, c.errorf("empty or unfinished selector")
	}
	return r, nil
}

func isIdent(s string) bool {
	for i := range len(s) {
		b := s[i]
		if !(b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-' || b == '_') {
			return false
		}
	}
	return s != ""
}

// declarations parses up to and including the closing brace.
func (c *scanner) declarations() ([]decl, error) {
	var out []decl
	for {
		if err := c.space(); err != nil {
			return nil, err
		}
		switch {
		case c.peek() == '}':
			c.i++
			return out, nil
		case c.i >= len(c.s):
			return nil, c.errorf("a } is missing")
		case c.peek() == ';':
			c.i++
			continue
		}
		d, err := c.declaration()
		if err != nil {
			return nil, err
		}
		out = append(out, d...)
	}
}

// property reads "name: value" and leaves the scanner after the value.
func (c *scanner) property() (name, value string, err error) {
	start := c.i
	name = strings.TrimSpace(c.until(":;}"))
	if c.peek() != ':' {
		c.i = start
		return "", "", c.errorf("expected a property and a value")
	}
	c.i++
	value = strings.TrimSpace(c.until(";}"))
	if value == "" {
		c.i = start
		return "", "", c.errorf("property %q has no value", name)
	}
	return name, value, nil
}

func (c *scanner) declaration() ([]decl, error) {
	start := c.i
	name, value, err := c.property()
	if err != nil {
		return nil, err
	}
	d, msg := compile(name, value)
	if msg != "" {
		c.i = start
		return nil, c.errorf("%s", msg)
	}
	return d, nil
}

// parseInline parses the value of a style attribute.
func parseInline(text string, pos int) ([]decl, error) {
	c := &scanner{s: text + "}", base: pos}
	d, err := c.declarations()
	if err != nil {
		return nil, errorAt(pos, "style attribute: %s", err.Error())
	}
	if c.i != len(c.s) {
		return nil, errorAt(pos, "style attribute: unexpected }")
	}
	return d, nil
}

// match reports whether the rule applies to the last element of chain, which
// begins with the outermost ancestor. Bit i of reach says that the selector up
// to the current step can end at chain[i]; so the time is bounded by the
// product of the two lengths, whatever the selector. A chain has fewer than 64
// elements, because maxDepth is less.
func (r *rule) match(chain []*styleContext) bool {
	last := len(r.selector) - 1
	if !r.selector[last].match(chain[len(chain)-1]) {
		return false
	}
	var reach uint64
	for k := range r.selector {
		step := &r.selector[k]
		var next uint64
		for i, ctx := range chain {
			above := uint64(1)<<i - 1 // all ancestors
			if step.child {
				above ^= above >> 1 // the parent only
			}
			if (k == 0 || reach&above != 0) && step.match(ctx) {
				next |= 1 << i
			}
		}
		reach = next
	}
	return reach>>(len(chain)-1)&1 == 1
}

func (cp *compound) match(ctx *styleContext) bool {
	if cp.tag != "" && cp.tag != ctx.key.tag || cp.id != "" && cp.id != ctx.key.id {
		return false
	}
	for _, class := range cp.classes {
		if !hasWord(ctx.key.class, class) {
			return false
		}
	}
	return true
}

// hasWord reports whether the space-separated list holds word.
func hasWord(list, word string) bool {
	for list != "" {
		var w string
		w, list, _ = strings.Cut(list, " ")
		if w == word {
			return true
		}
	}
	return false
}
