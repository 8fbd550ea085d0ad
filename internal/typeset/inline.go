package typeset

import (
	"strings"
	"unicode/utf8"
)

// frag is a piece of a word with one style: shaped text, or an image.
type frag struct {
	text  *shaped
	atom  *atom
	style *style
	el    *elem
	width float64 // points
}

// word is a run of frags that a line cannot break, and the space after it.
type word struct {
	lo, hi int // frags of its paragraph
	width  float64
	space  float64
	brk    bool // the line ends here
	glued  bool // part of a long word: no space follows, though the line may end
	held   bool // white-space: nowrap: the line must not end here
}

// atom is an image within a line.
type atom struct {
	name          string // of the resource
	image         *image
	symbol        bool
	width, height float64
	el            *elem
}

// para is a paragraph's inline content, broken into lines.
type para struct {
	frags []frag
	words []word
	lines []line
	style *style
	el    *elem
	label *label
}

// label is the marker of a list item, set left of its first line.
type label struct {
	text  *shaped
	width float64
	style *style
	el    *elem
}

// collector gathers the words of one paragraph.
type collector struct {
	l     *layout
	frags []frag
	words []word
	glue  bool // the next text joins the last word
}

// maxToken bounds what is shaped at once, in bytes.
const maxToken = 240

// node adds n, whose parent has the context ctx, to the paragraph.
func (c *collector) node(n *node, ctx *styleContext, el *elem) error {
	if n.tag == "" {
		return c.text(n.text, n.pos, &ctx.style, el)
	}
	if err := c.l.css.resolve(n, ctx); err != nil {
		return err
	}
	switch n.tag {
	case "br":
		if len(c.words) == 0 || c.words[len(c.words)-1].brk {
			c.words = append(c.words, word{lo: len(c.frags), hi: len(c.frags)})
		}
		c.words[len(c.words)-1].brk = true
		c.glue = false
		return nil
	case "img":
		a, err := c.l.atom(n, el)
		if err != nil {
			return err
		}
		c.add(frag{atom: a, style: &n.ctx.style, el: a.el, width: a.width})
		return nil
	case "page-number", "page-count":
		if c.l.page == 0 {
			return errorAt(n.pos, "<%s> stands only in a running header or footer", n.tag)
		}
		v := c.l.page
		if n.tag == "page-count" {
			v = c.l.pages
		}
		return c.text(itoa(v), n.pos, &n.ctx.style, el)
	case "span":
		if lang := n.attr("lang"); lang != "" {
			if !langTag.MatchString(lang) {
				return errorAt(n.pos, "lang=%q is not a language tag", lang)
			}
			el = c.l.newElem("Span", el)
			el.lang = lang
		}
	}
	for _, k := range n.kids {
		if err := c.node(k, n.ctx, el); err != nil {
			return err
		}
	}
	return nil
}

func isSpace(b byte) bool {
	return b == ' ' || b == '\n' || b == '\t' || b == '\r' || b == '\f'
}

// text splits s at white space and adds its words.
func (c *collector) text(s string, pos int, st *style, el *elem) error {
	for i := 0; i < len(s); {
		if isSpace(s[i]) {
			if c.glue {
				c.glue = false
				last := &c.words[len(c.words)-1]
				last.space = st.face.space.width*st.size/1000 + st.tracking()
				last.held = st.nowrap
			}
			i++
			continue
		}
		j := i
		for j < len(s) && !isSpace(s[j]) {
			j++
		}
		if err := c.token(s[i:j], pos, st, el); err != nil {
			return err
		}
		i = j
	}
	return c.l.tick()
}

// token adds a word without white space.
func (c *collector) token(t string, pos int, st *style, el *elem) error {
	for t != "" {
		n := len(t)
		if n > maxToken {
			for n = maxToken; n > maxToken-utf8.UTFMax && !utf8.RuneStart(t[n]); n-- {
			}
		}
		sh, missing := c.l.e.word(st.face, t[:n])
		if missing != 0 {
			return &glyphError{pos, missing, shorten(t)}
		}
		for ; sh != nil; sh = sh.next {
			c.add(frag{text: sh, style: st, el: el, width: sh.width*st.size/1000 + st.tracking()*float64(sh.glyphs)})
		}
		t = t[n:]
	}
	return nil
}

func shorten(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// add appends f to the last word, or begins a new one.
func (c *collector) add(f frag) {
	c.frags = append(c.frags, f)
	if n := len(c.words); c.glue && n > 0 && !c.words[n-1].brk {
		w := &c.words[n-1]
		w.hi++
		w.width += f.width
		return
	}
	c.words = append(c.words, word{lo: len(c.frags) - 1, hi: len(c.frags), width: f.width})
	c.glue = true
}

// take returns what was collected as a paragraph and empties the collector.
func (c *collector) take(st *style, el *elem) *para {
	l := c.l
	p := &para{style: st, el: el}
	p.frags, l.frags = cut(l.frags, c.frags)
	p.words, l.words = cut(l.words, c.words)
	c.frags, c.words, c.glue = c.frags[:0], c.words[:0], false
	return p
}

// cut copies s to the front of a slab and returns the copy and the rest.
func cut[T any](slab, s []T) (part, rest []T) {
	const chunk = 256
	if len(slab) < len(s) {
		slab = make([]T, max(chunk, len(s)))
	}
	n := copy(slab, s)
	return slab[:n:n], slab[n:]
}

// onlyAtom returns the image that is the paragraph's only content, or nil.
func (p *para) onlyAtom() *atom {
	if len(p.frags) == 1 {
		return p.frags[0].atom
	}
	return nil
}

// extent returns the widths of the widest unbreakable piece and of the
// paragraph set in one line.
func (p *para) extent() (least, most float64) {
	sum, run := 0.0, 0.0
	for i := range p.words {
		w := &p.words[i]
		sum += w.width
		run += w.width
		least = max(least, run)
		most = max(most, sum)
		if w.held {
			run += w.space
		} else {
			run = 0
		}
		sum += w.space
		if w.brk {
			sum, run = 0, 0
		}
	}
	return least, most
}
