package typeset

import "slices"

// content says what may stand in an element.
type content uint8

const (
	onlyElements content = iota // the listed children, no text
	rawText                     // text only
	phrasing                    // text and inline elements
	flowContent                 // blocks, or text and inline elements
	nothing                     // a void element
)

// element describes one element of the subset.
type element struct {
	content content
	parents []string // names, or classes of parents below
	attrs   []string // besides class and style
	inline  bool
	role    string // structure type of PDF (ISO 32000-1 § 14.8.4), if any
}

// Classes of parents.
const (
	inBlocks  = "*flow"     // anything with flow content
	inPhrases = "*phrasing" // anything with phrasing or flow content
)

// elements is the whole subset. The empty name is the document itself.
var elements = map[string]*element{
	"":      {content: onlyElements},
	"html":  {content: onlyElements, parents: []string{""}, attrs: []string{"lang"}},
	"head":  {content: onlyElements, parents: []string{"html"}},
	"meta":  {content: nothing, parents: []string{"head"}, attrs: []string{"charset"}},
	"title": {content: rawText, parents: []string{"head"}},
	"style": {content: rawText, parents: []string{"head"}},
	"body":  {content: flowContent, parents: []string{"html"}},

	"div":     {content: flowContent, parents: []string{inBlocks}, attrs: []string{"lang"}, role: "Div"},
	"section": {content: flowContent, parents: []string{inBlocks}, attrs: []string{"lang"}, role: "Sect"},
	"header":  {content: flowContent, parents: []string{inBlocks}, attrs: []string{"pages"}, role: "Div"},
	"footer":  {content: flowContent, parents: []string{inBlocks}, attrs: []string{"pages"}, role: "Div"},
	"p":       {content: phrasing, parents: []string{inBlocks}, attrs: []string{"lang"}, role: "P"},
	"h1":      {content: phrasing, parents: []string{inBlocks}, attrs: []string{"lang"}, role: "H1"},
	"h2":      {content: phrasing, parents: []string{inBlocks}, attrs: []string{"lang"}, role: "H2"},
	"h3":      {content: phrasing, parents: []string{inBlocks}, attrs: []string{"lang"}, role: "H3"},
	"ol":      {content: onlyElements, parents: []string{inBlocks}, attrs: []string{"start"}, role: "L"},
	"ul":      {content: onlyElements, parents: []string{inBlocks}, role: "L"},
	"li":      {content: flowContent, parents: []string{"ol", "ul"}, role: "LI"},
	"table":   {content: onlyElements, parents: []string{inBlocks}, attrs: []string{"role"}, role: "Table"},
	"thead":   {content: onlyElements, parents: []string{"table"}, role: "THead"},
	"tbody":   {content: onlyElements, parents: []string{"table"}, role: "TBody"},
	"tr":      {content: onlyElements, parents: []string{"table", "thead", "tbody"}, role: "TR"},
	"th":      {content: flowContent, parents: []string{"tr"}, attrs: []string{"colspan", "rowspan", "scope"}, role: "TH"},
	"td":      {content: flowContent, parents: []string{"tr"}, attrs: []string{"colspan", "rowspan"}, role: "TD"},

	"signature-field": {content: flowContent, parents: []string{inBlocks}, attrs: []string{"name", "label", "width", "height"}, role: "Form"},

	"b":           {content: phrasing, parents: []string{inPhrases}, inline: true},
	"strong":      {content: phrasing, parents: []string{inPhrases}, inline: true},
	"i":           {content: phrasing, parents: []string{inPhrases}, inline: true},
	"em":          {content: phrasing, parents: []string{inPhrases}, inline: true},
	"u":           {content: phrasing, parents: []string{inPhrases}, inline: true},
	"span":        {content: phrasing, parents: []string{inPhrases}, attrs: []string{"lang"}, inline: true},
	"br":          {content: nothing, parents: []string{inPhrases}, inline: true},
	"img":         {content: nothing, parents: []string{inPhrases}, attrs: []string{"src", "alt", "width", "height"}, inline: true, role: "Figure"},
	"page-number": {content: onlyElements, parents: []string{inPhrases}, inline: true},
	"page-count":  {content: onlyElements, parents: []string{inPhrases}, inline: true},
}

// attributes interns the names of all attributes.
var attributes = []string{
	"class", "style", "id", "lang", "charset", "pages", "start", "role", "colspan",
	"rowspan", "scope", "name", "label", "width", "height", "src", "alt",
}

func internAttr(k []byte) string {
	for _, a := range attributes {
		if a == string(k) {
			return a
		}
	}
	return ""
}

// names interns the element names, so that a node's tag costs no allocation.
var names = func() map[string]string {
	m := make(map[string]string, len(elements))
	for n := range elements {
		m[n] = n
	}
	return m
}()

func lookupElement(name []byte) (string, *element) {
	tag, ok := names[string(name)]
	if !ok || tag == "" {
		return "", nil
	}
	return tag, elements[tag]
}

func (e *element) takes(attr string) bool {
	switch attr {
	case "class", "style", "id":
		return true
	}
	return slices.Contains(e.attrs, attr)
}

func (e *element) allowedIn(parent string) bool {
	p := elements[parent]
	for _, name := range e.parents {
		switch {
		case name == inBlocks:
			if p.content == flowContent {
				return true
			}
		case name == inPhrases:
			if p.content == flowContent || p.content == phrasing {
				return true
			}
		case name == parent:
			return true
		}
	}
	return false
}
