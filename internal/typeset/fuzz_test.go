package typeset

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// renderable renders d within limits and reads the result back; a refusal
// must be one of the typed errors.
func renderable(t *testing.T, d Document) {
	d.MaxPages = 20
	d.Symbols = map[string]Symbol{"s": {Width: 5, Height: 5, Dark: noise}, "b": {Width: 9, Height: 1, Dark: noise}}
	d.Images = map[string][]byte{"e": emblemPNG}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	r, err := testEngine(t).Render(ctx, d)
	var fault *Error
	var missing *MissingGlyphError
	switch {
	case ctx.Err() != nil:
		t.Error("it took more than half a minute")
	case err == nil:
		read(t, r.PDF).outline()
	case !errors.As(err, &fault) && !errors.As(err, &missing):
		t.Errorf("untyped error %v", err)
	}
}

// FuzzRender throws any text at the parsers.
func FuzzRender(f *testing.F) {
	f.Add("", "<p>a</p>")
	f.Add("p { margin: 3pt; text-align: justify; width: 40% }", "<div class='x'><p>Məhkəmə <b>qərarı</b> и Ёж</p></div>")
	f.Add("@page { size: A5; margin: 10mm; @bottom-right { content: counter(page) } }", "<ol><li>a<ul><li>b</li></ul></li></ol>")
	f.Add(".g td { border: 1pt solid #123; padding: 2pt }", "<table class=g><thead><tr><th rowspan=2>a</th></tr></thead><tbody><tr><td colspan=2 style='width:3%'>b</td></tr></tbody></table>")
	f.Add("", "<signature-field name='a' label='b' width='40mm'>c</signature-field><img src='symbol:s' alt='x' width='3mm'>")
	f.Add("", "<header class=running pages=rest><page-number></page-number></header><h1>a\u0301i\u0307</h1>")
	f.Fuzz(func(t *testing.T, style, body string) { renderable(t, page(style, body)) })
}

// Pieces that FuzzLayout builds well-formed bodies from.
var (
	fuzzTags   = []string{"div", "p", "b", "span", "i", "u", "section", "ol", "li", "ul", "table", "tbody", "tr", "td", "th", "thead", "h1", "h2", "signature-field", "footer"}
	fuzzTexts  = []string{"Məhkəmə ", "qərarı", " a ", "ÇoxUzunBölünməzSözÇoxUzunBölünməzSözÇoxUzunBölünməzSöz", "<br>", " ", strings.Repeat("söz ", 300), `<img src="symbol:s" alt="x" width="30mm">`, `<img src="image:e" alt="x" height="200mm">`, "и́ α"}
	fuzzStyles = []string{"", "width:30mm", "width:3%", "height:200mm", "padding:10mm", "margin:5mm 20%", "border:1pt solid #123", "background-color:#eee", "page-break-inside:avoid", "page-break-before:always", "page-break-after:avoid", "font-size:40pt", "white-space:nowrap", "text-align:justify;text-indent:-20mm", "orphans:9", "letter-spacing:20pt", "min-height:300mm", "vertical-align:bottom", "line-height:3"}
)

// FuzzLayout turns bytes into a well-formed body, so that layout and
// pagination see combinations that a fuzzer of text does not reach.
func FuzzLayout(f *testing.F) {
	f.Add([]byte{10, 0, 12, 3, 13, 5, 100, 106, 255, 13, 2, 101, 255, 255, 255})
	f.Add([]byte{0, 4, 1, 7, 106, 106, 255, 255, 7, 0, 8, 6, 103, 255, 255})
	f.Add([]byte{10, 8, 12, 0, 13, 0, 106, 106, 106, 106, 106, 106, 255, 255, 255})
	f.Fuzz(func(t *testing.T, data []byte) {
		var b strings.Builder
		var open []string
		closeTag := func() {
			b.WriteString("</" + open[len(open)-1] + ">")
			open = open[:len(open)-1]
		}
		for i := 0; i < min(len(data), 400); i++ {
			switch c := int(data[i]); {
			case c < len(fuzzTags):
				tag := fuzzTags[c]
				style := 0
				if i++; i < len(data) {
					style = int(data[i]) % len(fuzzStyles)
				}
				b.WriteString("<" + tag)
				switch {
				case tag == "signature-field":
					b.WriteString(` name="f` + itoa(i) + `" label="l"`)
				case (tag == "td" || tag == "th") && style%5 == 4:
					b.WriteString(` rowspan="2"`)
				case tag == "footer":
					b.WriteString(` class="running"`)
				}
				b.WriteString(` style="` + fuzzStyles[style] + `">`)
				open = append(open, tag)
			case c < 200:
				b.WriteString(fuzzTexts[c%len(fuzzTexts)])
			case len(open) > 0:
				closeTag()
			}
		}
		for len(open) > 0 {
			closeTag()
		}
		renderable(t, page("table { page-break-inside: auto }", b.String()))
	})
}
