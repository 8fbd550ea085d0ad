// Package typeset turns a document in a small subset of HTML and CSS into a
// PDF that conforms to PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1):
// tagged, with all fonts embedded, with its signature fields reserved and its
// data attached. Equal documents give equal bytes.
//
// Nothing is guessed. An element, an attribute, a property or a value that is
// not listed here is an *Error with its line and column, and so is anything
// that would break conformance: an image without alt text, a skipped level of
// headings, a table whose rows differ in their number of columns.
//
// # HTML
//
// The tree is strict: what is opened is closed, in order; only br, img and
// meta have no end tag. All elements take class, style and id.
//
//	html lang, head, title, meta charset, style (one), body
//	div, section, header, footer     blocks; take lang (div, section)
//	p, h1, h2, h3                    text; take lang
//	ol start, ul, li
//	table role="presentation"        a table for layout only: not tagged as one
//	thead (first; repeated on every page), tbody, tr
//	th scope="col|row" (col), td     colspan, rowspan
//	b strong i em u span br          span takes lang
//	img src alt width height         src="image:KEY" a PNG of Document.Images,
//	                                 src="symbol:KEY" one of Document.Symbols
//	signature-field name label width height
//	                                 a reserved signature field; its content is
//	                                 drawn into the widget's appearance, its
//	                                 label is what assistive technology reads
//	header/footer class="running" pages="all|first|rest"
//	                                 directly in body: drawn centred in the upper
//	                                 or lower margin as a pagination artifact
//	page-number, page-count          empty; within running elements only
//
// An element with inline content directly in div becomes a paragraph. The
// width and height of an image come from CSS or, in CSS pixels or with a unit,
// from its attributes; one of the two is enough unless the symbol is of bars.
//
// # CSS
//
// One style element and style attributes. Selectors: tag, .class, #id,
// compounds of them, descendants and children (>). Lengths: pt mm cm in px em,
// % where noted. Colours: #rgb, #rrggbb, black white gray red navy.
//
//	color, background-color, font-family (one name), font-size (also %),
//	font-weight normal|bold, font-style normal|italic,
//	text-decoration none|underline, line-height, letter-spacing, text-indent,
//	text-align left|right|center|justify, white-space normal|nowrap,
//	vertical-align top|middle|bottom (cells and signature fields),
//	list-style-type decimal|lower-alpha|disc|dash|none,
//	margin, padding and their four sides (also %; never negative),
//	border and its four sides: none | WIDTH solid COLOR, border-color,
//	border-collapse collapse (what tables do anyway), width (also %),
//	height, min-height (both: at least that high),
//	page-break-before, page-break-after auto|avoid|always, page-break-inside
//	auto|avoid (or break-…), orphans, widows, hyphens none|manual
//
//	@page { size: A4 | A4 landscape | A5 | W H; margin…;
//	        @top-left { content: "text" counter(page) counter(pages); … } }
//
// with the boxes @top- and @bottom- left, center, right. Initial values: the
// engine's first family, 11pt, line height 1.35, all margins zero, lists
// indented by 18pt, orphans and widows 2. Headings are bold and stay with what
// follows, th is bold; both begin with text-align left and no indent.
//
// Vertical margins collapse. Words wider than their column are cut rather than
// let out of it. Soft hyphens are dropped; nothing is hyphenated yet.
package typeset
