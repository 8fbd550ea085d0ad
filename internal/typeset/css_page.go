package typeset

import (
	"strings"
)

// pageRule is the @page rule.
type pageRule struct {
	width, height float64 // points
	margin        edges
	boxes         []marginBox
}

// marginBox is a line of text in a page margin, such as @bottom-right.
type marginBox struct {
	bottom bool
	align  align
	parts  []contentPart
	decls  []decl
}

// contentPart is a piece of a content value: a text or a counter.
type contentPart struct {
	text    string
	counter counter
}

// counter is the value that a part stands for.
type counter uint8

const (
	noCounter counter = iota
	pageNumber
	pageCount
)

const (
	a4Width  = 595.276
	a4Height = 841.89
)

func defaultPage() pageRule {
	const mm = 72 / 25.4
	return pageRule{width: a4Width, height: a4Height, margin: edges{20 * mm, 15 * mm, 20 * mm, 30 * mm}}
}

func (c *scanner) atPage(sh *sheet) error {
	start := c.i
	name := strings.TrimSpace(c.until("{};"))
	if name != "@page" || c.peek() != '{' {
		c.i = start
		return c.errorf("unknown rule %q", name)
	}
	c.i++
	for {
		if err := c.space(); err != nil {
			return err
		}
		switch {
		case c.peek() == '}':
			c.i++
			return c.checkPage(&sh.page, start)
		case c.i >= len(c.s):
			return c.errorf("a } is missing")
		case c.peek() == ';':
			c.i++
		case c.peek() == '@':
			if err := c.marginBox(&sh.page); err != nil {
				return err
			}
		default:
			if err := c.pageProperty(&sh.page); err != nil {
				return err
			}
		}
	}
}

func (c *scanner) checkPage(p *pageRule, start int) error {
	const least = 36 // points left for text
	if p.width-p.margin[left]-p.margin[right] < least || p.height-p.margin[top]-p.margin[bottom] < least {
		c.i = start
		return c.errorf("the page margins leave no room for text")
	}
	return nil
}

func (c *scanner) pageProperty(p *pageRule) error {
	start := c.i
	name, value, err := c.property()
	if err != nil {
		return err
	}
	ok := false
	switch name {
	case "size":
		p.width, p.height, ok = parsePageSize(value)
	case "margin":
		var l [4]length
		l, ok = parseFour(value)
		for i, e := range l {
			p.margin[i] = e.v
			ok = ok && e.u == points && e.v >= 0
		}
	case "margin-top", "margin-right", "margin-bottom", "margin-left":
		var l length
		l, ok = parseLength(value)
		ok = ok && l.u == points && l.v >= 0
		p.margin[strings.Index("t r b l", name[7:8])/2] = l.v
	default:
		c.i = start
		return c.errorf("@page takes no property %q", name)
	}
	if !ok {
		c.i = start
		return c.errorf("@page property %q does not take the value %q", name, value)
	}
	return nil
}

func parsePageSize(v string) (w, h float64, ok bool) {
	switch v {
	case "A4", "A4 portrait":
		return a4Width, a4Height, true
	case "A4 landscape":
		return a4Height, a4Width, true
	case "A5", "A5 portrait":
		return 419.528, a4Width, true
	}
	f := strings.Fields(v)
	if len(f) != 2 {
		return 0, 0, false
	}
	a, okA := parseLength(f[0])
	b, okB := parseLength(f[1])
	return a.v, b.v, okA && okB && a.u == points && b.u == points && a.v >= 72 && b.v >= 72 && a.v <= 2400 && b.v <= 2400
}

// marginBox parses "@bottom-left { content: …; … }".
func (c *scanner) marginBox(p *pageRule) error {
	start := c.i
	name := strings.TrimSpace(c.until("{};"))
	var box marginBox
	vertical, horizontal, _ := strings.Cut(strings.TrimPrefix(name, "@"), "-")
	okV, okH := vertical == "top" || vertical == "bottom", true
	box.bottom = vertical == "bottom"
	switch horizontal {
	case "left":
	case "center":
		box.align = alignCenter
	case "right":
		box.align = alignRight
	default:
		okH = false
	}
	if !okV || !okH || c.peek() != '{' {
		c.i = start
		return c.errorf("unknown margin box %q", name)
	}
	c.i++
	for {
		if err := c.space(); err != nil {
			return err
		}
		switch {
		case c.peek() == '}':
			c.i++
			p.boxes = append(p.boxes, box)
			if len(p.boxes) > 6 {
				return c.errorf("there are more than six margin boxes")
			}
			return nil
		case c.i >= len(c.s):
			return c.errorf("a } is missing")
		case c.peek() == ';':
			c.i++
			continue
		}
		at := *c
		property, value, err := c.property()
		if err != nil {
			return err
		}
		if property == "content" {
			if box.parts, err = at.content(value); err != nil {
				return err
			}
			continue
		}
		d, msg := compile(property, value)
		if msg != "" {
			return at.errorf("%s", msg)
		}
		box.decls = append(box.decls, d...)
	}
}

// content parses strings and page counters.
func (c *scanner) content(v string) ([]contentPart, error) {
	var parts []contentPart
	for v = strings.TrimSpace(v); v != ""; v = strings.TrimSpace(v) {
		switch {
		case strings.HasPrefix(v, "counter(page)"):
			parts = append(parts, contentPart{counter: pageNumber})
			v = v[len("counter(page)"):]
		case strings.HasPrefix(v, "counter(pages)"):
			parts = append(parts, contentPart{counter: pageCount})
			v = v[len("counter(pages)"):]
		case v[0] == '"' || v[0] == '\'':
			end := strings.IndexByte(v[1:], v[0])
			if end < 0 || strings.Contains(v[:end+1], `\`) {
				return nil, c.errorf("content: a string is not closed or has an escape")
			}
			parts = append(parts, contentPart{text: v[1 : end+1]})
			v = v[end+2:]
		default:
			return nil, c.errorf("content does not take %q", v)
		}
	}
	return parts, nil
}
