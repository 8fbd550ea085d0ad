package typeset

import (
	"math"
	"slices"
	"strings"
	"unicode"
)

// line is a line of a paragraph: words lo to hi, set x right of the left edge.
type line struct {
	lo, hi       int
	x            float64
	extra        float64 // added to each space, to justify
	track        float64 // added to each glyph of a loose line
	above, below float64 // of the baseline
	more         bool    // the paragraph goes on: a space ends the line for readers
}

// Limits of a space's change, as parts of its width. Legal texts are read
// closely: lines rather loose than cramped.
const (
	stretch = 0.5
	shrink  = 0.15
	// Beyond that, a line is also spaced between its letters by at most this
	// part of the font size, which the eye does not see but rivers do.
	loosest = 0.014
	// narrowest stands for the space that a line of one word lacks, as a part
	// of the line's width.
	narrowest = 0.005
)

// breakLines sets p in lines of the given width.
func (l *layout) breakLines(p *para, width float64) error {
	if err := l.splitWide(p, width); err != nil {
		return err
	}
	indent := min(max(p.style.indent.v, -width/2), width/2)
	for lo := 0; lo < len(p.words); {
		hi := lo
		for hi < len(p.words) && !p.words[hi].brk {
			hi++
		}
		hi = min(hi+1, len(p.words))
		l.breakRun(p, lo, hi, width, indent)
		lo, indent = hi, 0
	}
	for i := range p.lines {
		p.measure(&p.lines[i])
	}
	return l.tick()
}

// breakRun finds the breaks between words lo and hi that make the whole run
// look best: the total-fit method of Knuth and Plass without hyphenation.
func (l *layout) breakRun(p *para, lo, hi int, width, indent float64) {
	n := hi - lo
	l.cost = slices.Grow(l.cost[:0], n+1)[:n+1]
	l.prev = slices.Grow(l.prev[:0], n+1)[:n+1]
	l.cost[0] = 0
	for _, hold := range []bool{true, false} {
		l.fit(p.words[lo:hi], width, indent, p.style.align == alignJustify, hold)
		if !math.IsInf(l.cost[n], 1) {
			break
		}
	}
	breaks := l.breaks[:0]
	for j := n; j > 0; j = l.prev[j] {
		breaks = append(breaks, j)
	}
	l.breaks = breaks
	p.lines = slices.Grow(p.lines, len(breaks))
	i := 0
	for k := len(breaks) - 1; k >= 0; k-- {
		j := breaks[k]
		avail, x := width, 0.0
		if i == 0 {
			avail, x = width-indent, indent
		}
		p.lines = append(p.lines, p.place(lo+i, lo+j, avail, x, j == n))
		i = j
	}
}

// fit fills cost and prev: the least demerits of lines that end before word
// j, and where the last of these lines begins.
func (l *layout) fit(words []word, width, indent float64, justify, hold bool) {
	cost, prev := l.cost, l.prev
	for j := 1; j < len(cost); j++ {
		cost[j] = math.Inf(1)
	}
	n := len(words)
	for i := range n {
		if math.IsInf(cost[i], 1) {
			continue
		}
		avail := width
		if i == 0 {
			avail -= indent
		}
		natural, spaces := 0.0, 0.0
		for j := i + 1; j <= n; j++ {
			if j > i+1 {
				spaces += words[j-2].space
			}
			natural += words[j-1].width
			slack := avail - natural - spaces
			if slack < -spaces*shrink-0.01 && j > i+1 {
				break
			}
			if hold && j < n && words[j-1].held {
				continue
			}
			c := cost[i] + demerits(slack, spaces, avail, j == n, j == i+1, justify)
			if c < cost[j] {
				cost[j], prev[j] = c, i
			}
		}
	}
}

func demerits(slack, spaces, avail float64, last, single, justify bool) float64 {
	if last && slack >= 0 {
		if single && slack > avail*0.8 {
			return 2000 // a lone short word on the last line
		}
		return 1
	}
	if !justify {
		r := slack / avail * 30
		return 1 + r*r
	}
	// A line of one word is as bad as the white it leaves: it counts as if it
	// had one space, so that it is never better than a loose line.
	spaces = max(spaces, avail*narrowest)
	r := slack / (spaces * stretch)
	if slack < 0 {
		r = -slack / (spaces * shrink)
	}
	b := 1 + 100*r*r*r
	return b * b
}

// place makes the line of words lo to hi.
func (p *para) place(lo, hi int, avail, x float64, last bool) line {
	ln := line{lo: lo, hi: hi, x: x, more: hi < len(p.words) && !p.words[hi-1].glued}
	natural, gaps := 0.0, 0
	for i := lo; i < hi; i++ {
		natural += p.words[i].width
		if i < hi-1 {
			natural += p.words[i].space
			if p.words[i].space > 0 {
				gaps++
			}
		}
	}
	slack := avail - natural
	switch {
	case gaps > 0 && (slack < 0 || p.style.align == alignJustify && !last):
		ln.track = p.loosen(lo, hi, slack, gaps)
		ln.extra = (slack - ln.track*float64(p.glyphs(lo, hi)-1)) / float64(gaps)
	case p.style.align == alignCenter:
		ln.x += slack / 2
	case p.style.align == alignRight:
		ln.x += slack
	}
	return ln
}

// loosen returns the letter-spacing for a line whose spaces alone would have
// to grow too much.
func (p *para) loosen(lo, hi int, slack float64, gaps int) float64 {
	n := p.glyphs(lo, hi)
	space := p.style.face.space.width * p.style.size / 1000
	over := slack - stretch*space*float64(gaps)
	if over <= 0 || n < 2 {
		return 0
	}
	return min(over/float64(n-1), loosest*p.style.size)
}

// glyphs counts the glyphs of words lo to hi, and the spaces between them.
func (p *para) glyphs(lo, hi int) int {
	n := hi - lo - 1
	for _, w := range p.words[lo:hi] {
		for i := w.lo; i < w.hi; i++ {
			if t := p.frags[i].text; t != nil {
				n += t.glyphs
			}
		}
	}
	return n
}

// measure finds how far a line reaches above and below its baseline. The
// capitals of each style stand in the middle of its line height.
func (p *para) measure(ln *line) {
	grow := func(st *style) {
		lead, height := st.leading(), st.face.cap*st.size/1000
		ln.above = max(ln.above, (lead+height)/2)
		ln.below = max(ln.below, (lead-height)/2)
	}
	grow(p.style)
	if p.onlyAtom() != nil {
		ln.above, ln.below = 0, 0 // an image alone takes its own height
	}
	for _, w := range p.words[ln.lo:ln.hi] {
		for i := w.lo; i < w.hi; i++ {
			if f := &p.frags[i]; f.atom != nil {
				ln.above = max(ln.above, f.atom.height)
			} else {
				grow(f.style)
			}
		}
	}
}

// splitWide cuts words that are wider than a line: text must never leave its
// column.
func (l *layout) splitWide(p *para, width float64) error {
	wide := false
	for i := range p.words {
		wide = wide || p.words[i].width > width
	}
	if !wide {
		return nil
	}
	frags, words := p.frags, p.words
	p.frags, p.words = make([]frag, 0, len(frags)*2), make([]word, 0, len(words)*2)
	for _, w := range words {
		if w.width <= width {
			lo := len(p.frags)
			p.frags = append(p.frags, frags[w.lo:w.hi]...)
			w.lo, w.hi = lo, len(p.frags)
			p.words = append(p.words, w)
			continue
		}
		first := len(p.words)
		for _, f := range frags[w.lo:w.hi] {
			if err := l.splitFrag(p, f, width, first); err != nil {
				return err
			}
		}
		last := &p.words[len(p.words)-1]
		last.space, last.brk, last.held, last.glued = w.space, w.brk, w.held, false
	}
	return nil
}

// splitFrag appends f to p in pieces that fit width; words from first on are
// parts of the same long word.
func (l *layout) splitFrag(p *para, f frag, width float64, first int) error {
	add := func(f frag) {
		p.frags = append(p.frags, f)
		if n := len(p.words); n > first && p.words[n-1].width+f.width <= width {
			p.words[n-1].hi++
			p.words[n-1].width += f.width
			return
		}
		p.words = append(p.words, word{lo: len(p.frags) - 1, hi: len(p.frags), width: f.width, glued: true})
	}
	if f.atom != nil || f.width <= width {
		add(f)
		return nil
	}
	for text := f.text.text; text != ""; {
		n, err := l.fitting(f, text, width)
		if err != nil {
			return err
		}
		sh, missing := l.e.word(f.text.face, text[:n])
		if missing != 0 {
			return errorAt(0, "the word %q cannot be split", shorten(text))
		}
		g := f
		g.text = sh
		g.width = sh.width*f.style.size/1000 + f.style.tracking()*float64(sh.glyphs)
		add(g)
		text = text[n:]
	}
	return nil
}

// fitting returns how many bytes of text fit width: at least one character,
// and if there is a good place to break in the second half, up to there.
func (l *layout) fitting(f frag, text string, width float64) (int, error) {
	used, end, good := 0.0, 0, 0
	for i, r := range text {
		if i > end && !unicode.Is(unicode.Mn, r) {
			end = i
			if strings.IndexByte("/-._?&=@", text[i-1]) >= 0 && used > width/2 {
				good = i
			}
		}
		sh, missing := l.e.word(f.text.face, string(r))
		if missing != 0 {
			continue // a mark that only shows with its letter
		}
		used += sh.width*f.style.size/1000 + f.style.tracking()*float64(sh.glyphs)
		if used > width && end > 0 {
			if good > 0 {
				return good, nil
			}
			return end, nil
		}
	}
	return len(text), l.tick()
}
