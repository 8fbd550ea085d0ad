package typeset

import "slices"

// align is the value of text-align.
type align uint8

const (
	alignLeft align = iota
	alignRight
	alignCenter
	alignJustify
)

// valign is the value of vertical-align in a table cell.
type valign uint8

const (
	valignTop valign = iota
	valignMiddle
	valignBottom
)

// listKind is the value of list-style-type.
type listKind uint8

const (
	listAuto listKind = iota // decimal in <ol>, disc in <ul>
	listDecimal
	listAlpha
	listDisc
	listDash
	listNone
)

// textStyle is the inherited part of a style.
type textStyle struct {
	family       string
	bold, italic bool
	size         float64
	lineHeight   length // bare: times the font size
	spacing      length
	indent       length
	color        rgb
	align        align
	underline    bool
	nowrap       bool
	list         listKind
	orphans      int
	widows       int
}

// style is the computed style of an element. It is never changed once made.
type style struct {
	textStyle
	face *face // of family, bold and italic

	margin, padding [4]length
	border          [4]border
	background      rgb
	filled          bool // has a background
	width, height   length
	minHeight       length
	valign          valign
	breakBefore     breakRule
	breakAfter      breakRule
	keepInside      bool
}

// breakRule is the value of page-break-before and page-break-after.
type breakRule uint8

const (
	breakAuto breakRule = iota
	breakAvoid
	breakAlways
)

// leading is the height of a line of this text.
func (s *style) leading() float64 {
	if s.lineHeight.u == bare {
		return s.lineHeight.v * s.size
	}
	return s.lineHeight.of(s.size, s.size)
}

// tracking is the letter-spacing in points.
func (s *style) tracking() float64 { return s.spacing.of(s.size, 0) }

func (s *style) hasBorder() bool {
	return s.border[0].width+s.border[1].width+s.border[2].width+s.border[3].width > 0
}

// edge resolves four lengths to points.
func (s *style) edge(l *[4]length, whole float64) edges {
	return edges{l[0].of(s.size, whole), l[1].of(s.size, whole), l[2].of(s.size, whole), l[3].of(s.size, whole)}
}

// initial is the style that <body> starts from.
func initial(family string) style {
	return style{textStyle: textStyle{
		family: family, size: 11, lineHeight: length{1.35, bare}, orphans: 2, widows: 2,
	}}
}

// styleKey is what of an element a selector can see.
type styleKey struct{ tag, class, id, inline string }

// styleContext is an element as the cascade sees it: its key and those of its
// ancestors. Elements with equal chains share one context and one style, so a
// table of a thousand rows is matched against the sheet once.
type styleContext struct {
	key    styleKey
	parent *styleContext
	kids   map[styleKey]*styleContext
	style  style
}

// cascade computes styles for one document.
type cascade struct {
	sheet  *sheet
	engine *Engine
	inline map[string][]decl
	count  int
	base   style
	chain  []*styleContext // scratch
}

const maxContexts = 20_000

// resolve gives n its context under parent.
func (c *cascade) resolve(n *node, parent *styleContext) error {
	key := styleKey{tag: n.tag, class: n.attr("class"), id: n.attr("id"), inline: n.attr("style")}
	if parent != nil {
		if ctx := parent.kids[key]; ctx != nil {
			n.ctx = ctx
			return nil
		}
	}
	ctx := &styleContext{key: key, parent: parent}
	if parent == nil {
		ctx.style = c.base
	} else {
		ctx.style.textStyle = parent.style.textStyle
	}
	defaults(&ctx.style, n.tag)
	if err := c.apply(ctx, n); err != nil {
		return err
	}
	if parent != nil {
		if parent.kids == nil {
			parent.kids = map[styleKey]*styleContext{}
		}
		parent.kids[key] = ctx
	}
	if c.count++; c.count > maxContexts {
		return errorAt(n.pos, "the document has more than %d differently styled elements", maxContexts)
	}
	n.ctx = ctx
	return nil
}

// apply runs the matching declarations, those of font-size first because em
// in the others refers to it.
func (c *cascade) apply(ctx *styleContext, n *node) error {
	inline, err := c.inlineDecls(ctx.key.inline, n.pos)
	if err != nil {
		return err
	}
	parentSize := ctx.style.size
	c.chain = c.chain[:0]
	for p := ctx; p != nil; p = p.parent {
		c.chain = append(c.chain, p)
	}
	slices.Reverse(c.chain)
	for _, early := range []bool{true, false} {
		for i := range c.sheet.rules {
			if r := &c.sheet.rules[i]; r.match(c.chain) {
				run(r.decls, &ctx.style, parentSize, early)
			}
		}
		run(inline, &ctx.style, parentSize, early)
	}
	s := &ctx.style
	if s.size < minFontSize || s.size > maxFontSize {
		return errorAt(n.pos, "font size %.1fpt is not between %d and %d", s.size, minFontSize, maxFontSize)
	}
	if lead := s.leading(); lead < 0.5*s.size || lead > 10*s.size {
		return errorAt(n.pos, "line height %.1fpt does not fit font size %.1fpt", lead, s.size)
	}
	s.face = c.engine.face(s.family, s.bold, s.italic)
	if s.face == nil {
		return errorAt(n.pos, "there is no font %q with bold %t, italic %t", s.family, s.bold, s.italic)
	}
	return nil
}

const (
	minFontSize = 4
	maxFontSize = 96
)

func run(decls []decl, s *style, parentSize float64, early bool) {
	for i := range decls {
		if decls[i].early == early {
			decls[i].set(s, parentSize)
		}
	}
}

func (c *cascade) inlineDecls(text string, pos int) ([]decl, error) {
	if text == "" {
		return nil, nil
	}
	if d, ok := c.inline[text]; ok {
		return d, nil
	}
	d, err := parseInline(text, pos)
	if err != nil {
		return nil, err
	}
	if c.inline == nil {
		c.inline = map[string][]decl{}
	}
	c.inline[text] = d
	return d, nil
}

// defaults is the style sheet that every document starts from. Margins are
// zero: a template says what it wants.
func defaults(s *style, tag string) {
	switch tag {
	case "b", "strong":
		s.bold = true
	case "i", "em":
		s.italic = true
	case "u":
		s.underline = true
	case "h1", "h2", "h3":
		s.bold, s.keepInside, s.breakAfter = true, true, breakAvoid
		s.indent, s.align = length{0, points}, alignLeft
	case "th":
		s.bold = true
		s.indent, s.align = length{0, points}, alignLeft
	case "td", "li":
		s.indent = length{0, points}
	case "ol", "ul":
		s.padding[left] = length{18, points}
	case "signature-field":
		s.keepInside = true
		s.indent, s.align = length{0, points}, alignLeft
	case "header", "footer":
		s.indent, s.align = length{0, points}, alignLeft
	}
}
