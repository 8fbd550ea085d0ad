package typeset

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"docsvc/internal/pdf"
	"docsvc/templates/color"
	"docsvc/templates/fonts"

	"golang.org/x/text/unicode/norm"
)

// Options is what an Engine is made of.
type Options struct {
	// Faces are the fonts; the first is what text is set in unless a style
	// sheet says otherwise. They must be TrueType and embeddable.
	Faces []FaceSource
	// ICC is the sRGB profile of the output intent.
	ICC []byte
	// Producer names the program in the file's metadata.
	Producer string
}

// Engine typesets documents. It is safe for concurrent use, and what it
// returns depends on the document alone.
type Engine struct {
	faces    []*face
	icc      []byte // deflated
	producer string
	images   imageCache
	sheets   sheetCache
	contents sync.Pool // of *[]byte, for content streams
}

// content returns an empty buffer for a content stream.
func (e *Engine) content() []byte {
	if b, ok := e.contents.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, 24<<10)
}

// New makes an engine.
func New(o Options) (*Engine, error) {
	if len(o.Faces) == 0 {
		return nil, fmt.Errorf("typeset: no fonts are given")
	}
	if len(o.ICC) < 128 || !bytes.Equal(o.ICC[36:40], []byte("acsp")) || !bytes.Equal(o.ICC[16:20], []byte("RGB ")) {
		return nil, fmt.Errorf("typeset: the ICC profile is not one for RGB")
	}
	e := &Engine{icc: deflateBest(o.ICC), producer: o.Producer}
	if e.producer == "" {
		e.producer = "docsvc"
	}
	for i, src := range o.Faces {
		f, err := newFace(i, src)
		if err != nil {
			return nil, fmt.Errorf("typeset: font %d (%s): %w", i, src.Family, err)
		}
		e.faces = append(e.faces, f)
	}
	return e, nil
}

// Default makes an engine with the embedded fonts and profile.
func Default() (*Engine, error) {
	all, err := fonts.All()
	if err != nil {
		return nil, fmt.Errorf("typeset: %w", err)
	}
	o := Options{ICC: color.SRGB()}
	for _, f := range all {
		o.Faces = append(o.Faces, FaceSource(f))
	}
	return New(o)
}

// Missing returns the characters of s, in order and once each, that no font
// of the engine can show. White space is never missing.
func (e *Engine) Missing(s string) []rune {
	var out []rune
	seen := map[rune]bool{}
	for _, r := range norm.NFC.String(s) {
		if r < 0x80 && isSpace(byte(r)) || seen[r] {
			continue
		}
		seen[r] = true
		if e.faceFor(e.faces[0], r) == nil {
			out = append(out, r)
		}
	}
	return out
}

// face returns the face of a family, or nil.
func (e *Engine) face(family string, bold, italic bool) *face {
	for _, f := range e.faces {
		if f.family == family && f.bold == bold && f.italic == italic {
			return f
		}
	}
	return nil
}

// Render typesets d. Faults of the HTML or its style are an *Error, characters
// that no font has a *MissingGlyphError.
func (e *Engine) Render(ctx context.Context, d Document) (*Result, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	src, err := parseHTML(d.HTML)
	if err != nil {
		return nil, locate(err, d.HTML)
	}
	if err := d.complete(src); err != nil {
		return nil, err
	}
	sh, err := e.sheets.get(src)
	if err != nil {
		return nil, locate(err, d.HTML)
	}
	l := &layout{ctx: ctx, e: e, doc: &d, names: map[string]bool{}}
	l.css = cascade{sheet: sh, engine: e, base: initial(e.faces[0].family)}
	l.res.fonts.faces = make([]usedFace, len(e.faces))
	r, err := l.render(src)
	if err != nil {
		return nil, locate(err, d.HTML)
	}
	return r, nil
}

// complete takes title and language from the HTML where d leaves them out.
func (d *Document) complete(src *source) error {
	if d.Title == "" {
		d.Title = src.title
	}
	if d.Lang == "" {
		d.Lang = src.lang
	}
	switch {
	case d.Title == "":
		return &Error{Message: "the document has no title, which PDF/UA-1 asks for"}
	case !langTag.MatchString(d.Lang):
		return &Error{Message: fmt.Sprintf("%q is not a language tag", d.Lang)}
	case src.lang != "" && src.lang != d.Lang:
		return &Error{Message: fmt.Sprintf("the document's language is %q, that of its HTML %q", d.Lang, src.lang)}
	}
	return nil
}

// render runs the steps: set the body in one long column, divide it into
// pages, paint these, write the file.
func (l *layout) render(src *source) (*Result, error) {
	body := src.body
	if err := l.css.resolve(body, nil); err != nil {
		return nil, err
	}
	margins, err := l.takeRunning(body)
	if err != nil {
		return nil, err
	}
	page := &l.css.sheet.page
	root := l.newElem("Document", nil)
	var column flow
	width := page.width - page.margin[left] - page.margin[right]
	err = l.framed(body, &column, page.margin[left], width, func(x, width float64) error {
		return l.children(body, &column, x, width, root, false)
	})
	if err != nil {
		return nil, err
	}
	pages, err := l.paginate(column.items)
	if err != nil {
		return nil, err
	}
	l.pages = len(pages)
	painters := make([]*painter, len(pages))
	for i, items := range pages {
		if err := l.ctx.Err(); err != nil {
			return nil, err
		}
		p := &painter{l: l, index: i, c: l.e.content()}
		defer func() { l.e.contents.Put(&p.c) }()
		painters[i] = p
		l.page = i + 1
		p.page(items)
		p.end()
		if err := l.margins(p, margins, body.ctx); err != nil {
			return nil, err
		}
	}
	out := &output{l: l, w: pdf.NewWriter(l.estimate(painters)), pages: painters, root: root}
	file, err := out.file()
	if err != nil {
		return nil, err
	}
	r := &Result{PDF: file, Pages: len(pages)}
	for _, f := range l.fields {
		r.Fields = append(r.Fields, Field{Name: f.name, Page: f.page + 1, Rect: f.rect})
	}
	return r, nil
}

// estimate guesses the size of the file, to allocate it once.
func (l *layout) estimate(pages []*painter) int {
	n := 20 << 10
	for _, u := range l.res.fonts.faces {
		if u.face != nil {
			n += 14<<10 + int(u.tier)<<13
		}
	}
	for _, im := range l.res.images {
		n += len(im.image.data)
	}
	for _, a := range l.doc.Attachments {
		n += len(a.Data) / 2
	}
	for _, p := range pages {
		n += len(p.c)/3 + len(p.marked)*160
	}
	return n
}

// sheetCache remembers parsed style sheets: the acts of one template share one.
type sheetCache struct {
	mu     sync.Mutex
	sheets map[string]*sheet
}

const cachedSheets = 64

func (c *sheetCache) get(src *source) (*sheet, error) {
	c.mu.Lock()
	sh := c.sheets[src.style]
	c.mu.Unlock()
	if sh != nil {
		return sh, nil
	}
	sh, err := parseSheet(src.style, src.stylePos)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sheets == nil || len(c.sheets) >= cachedSheets {
		c.sheets = map[string]*sheet{}
	}
	c.sheets[src.style] = sh
	return sh, nil
}
