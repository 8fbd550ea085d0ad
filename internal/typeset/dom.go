package typeset

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// node is an element, or a text when tag is empty.
type node struct {
	tag   string
	text  string
	attrs []html.Attribute
	kids  []*node
	pos   int // byte offset into the source
	ctx   *styleContext
}

func (n *node) attr(key string) string {
	for i := range n.attrs {
		if n.attrs[i].Key == key {
			return n.attrs[i].Val
		}
	}
	return ""
}

func (n *node) has(key string) bool {
	return slices.ContainsFunc(n.attrs, func(a html.Attribute) bool { return a.Key == key })
}

// blank reports whether n is a text of white space only.
func (n *node) blank() bool {
	return n.tag == "" && strings.Trim(n.text, " \t\r\n\f") == ""
}

// source is a parsed document.
type source struct {
	body        *node
	style       string
	stylePos    int
	title, lang string
}

// parser builds the tree strictly: what is opened is closed, in order, and
// every name is known. The error recovery of HTML5 would show something, but
// not necessarily what the template's author meant to have signed.
type parser struct {
	z     *html.Tokenizer
	src   string
	pos   int
	stack []*node
	count int
	slab  []node
	attrs []html.Attribute  // slab
	words map[string]string // attribute values seen, most of which recur
	out   source
}

func parseHTML(src string) (*source, error) {
	p := &parser{z: html.NewTokenizer(strings.NewReader(src)), src: src, words: map[string]string{}}
	p.z.SetMaxBuf(maxHTML + 1)
	root := p.newNode()
	p.stack = append(p.stack, root)
	for {
		tt := p.z.Next()
		if tt == html.ErrorToken {
			break
		}
		size := len(p.z.Raw())
		if err := p.token(tt); err != nil {
			return nil, err
		}
		p.pos += size
	}
	if p.pos != len(src) {
		return nil, errorAt(p.pos, "the document ends inside a tag")
	}
	if n := len(p.stack); n > 1 {
		return nil, errorAt(p.stack[n-1].pos, "<%s> is not closed", p.stack[n-1].tag)
	}
	if p.out.body == nil {
		return nil, errorAt(0, "the document has no <body>")
	}
	return &p.out, nil
}

func (p *parser) newNode() *node {
	const chunk = 128
	if len(p.slab) == 0 {
		p.slab = make([]node, chunk)
	}
	n := &p.slab[0]
	p.slab = p.slab[1:]
	n.pos = p.pos
	p.count++
	return n
}

func (p *parser) token(tt html.TokenType) error {
	switch tt {
	case html.TextToken:
		return p.text()
	case html.StartTagToken, html.SelfClosingTagToken:
		return p.open(tt == html.SelfClosingTagToken)
	case html.EndTagToken:
		name, _ := p.z.TagName()
		top := p.stack[len(p.stack)-1]
		if len(p.stack) == 1 || top.tag != string(name) {
			return errorAt(p.pos, "</%s> closes nothing that is open here", name)
		}
		p.stack = p.stack[:len(p.stack)-1]
		return p.closed(top)
	case html.DoctypeToken, html.CommentToken:
	}
	return nil
}

func (p *parser) text() error {
	parent := p.stack[len(p.stack)-1]
	n := p.newNode()
	n.text = p.src[p.pos : p.pos+len(p.z.Raw())]
	if parent.tag != "style" && strings.IndexByte(n.text, '&') >= 0 {
		n.text = html.UnescapeString(n.text)
	}
	if elements[parent.tag].content == onlyElements {
		if !n.blank() {
			return errorAt(p.pos, "text is not allowed directly in <%s>", orRoot(parent.tag))
		}
		return nil
	}
	parent.kids = append(parent.kids, n)
	return p.limit()
}

func (p *parser) limit() error {
	if p.count > maxNodes {
		return errorAt(p.pos, "the document has more than %d elements and texts", maxNodes)
	}
	return nil
}

func (p *parser) open(selfClosing bool) error {
	name, more := p.z.TagName()
	tag, el := lookupElement(name)
	parent := p.stack[len(p.stack)-1]
	if el == nil {
		return errorAt(p.pos, "unknown element <%s>", name)
	}
	if !el.allowedIn(parent.tag) {
		return errorAt(p.pos, "<%s> is not allowed in <%s>", tag, orRoot(parent.tag))
	}
	n := p.newNode()
	n.tag = tag
	if cap(p.attrs) < 16 {
		p.attrs = make([]html.Attribute, 0, 64)
	}
	for more {
		var k, v []byte
		k, v, more = p.z.TagAttr()
		key := internAttr(k)
		if key == "" || !el.takes(key) {
			return errorAt(p.pos, "<%s> takes no attribute %q", tag, k)
		}
		val, ok := p.words[string(v)]
		if !ok {
			val = string(v)
			p.words[val] = val
		}
		p.attrs = append(p.attrs, html.Attribute{Key: key, Val: val})
	}
	n.attrs, p.attrs = p.attrs[:len(p.attrs):len(p.attrs)], p.attrs[len(p.attrs):]
	parent.kids = append(parent.kids, n)
	if el.content == nothing {
		return p.limit()
	}
	if selfClosing {
		return errorAt(p.pos, "<%s/> must be closed by </%s>", tag, tag)
	}
	if len(p.stack) >= maxDepth {
		return errorAt(p.pos, "elements are nested more than %d deep", maxDepth)
	}
	p.stack = append(p.stack, n)
	return p.limit()
}

// closed takes the parts of the head out of the tree.
func (p *parser) closed(n *node) error {
	text := func() (string, int) {
		if len(n.kids) == 0 {
			return "", n.pos
		}
		return n.kids[0].text, n.kids[0].pos
	}
	switch n.tag {
	case "title":
		t, _ := text()
		p.out.title = strings.Join(strings.Fields(t), " ")
	case "style":
		if p.out.style != "" {
			return errorAt(n.pos, "there is more than one <style>")
		}
		p.out.style, p.out.stylePos = text()
	case "html":
		p.out.lang = n.attr("lang")
	case "body":
		if p.out.body != nil {
			return errorAt(n.pos, "there is more than one <body>")
		}
		p.out.body = n
	}
	return nil
}

func orRoot(tag string) string {
	if tag == "" {
		return "the document"
	}
	return tag
}
