package typeset

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// page wraps a body and a style sheet; both begin on lines of their own: the
// style on line 2, the body on line 4.
func page(style, body string) Document {
	return Document{
		HTML:    "<html lang=\"az\"><head><title>t</title><style>\n" + style + "\n</style></head><body>\n" + body + "\n</body></html>",
		Created: sampleDate,
	}
}

// TestFaults goes through documents that must be refused, each with the place
// and a piece of the message.
func TestFaults(t *testing.T) {
	deep := strings.Repeat("<div>", 60) + strings.Repeat("</div>", 60)
	tests := []struct {
		name, style, body string
		line, col         int
		message           string
	}{
		{"unknown element", "", "<p>a</p><blink>b</blink>", 4, 9, "unknown element <blink>"},
		{"script", "", "<script>x</script>", 4, 1, "unknown element <script>"},
		{"link", "", `<a href="x">y</a>`, 4, 1, "unknown element <a>"},
		{"unknown attribute", "", `<p onclick="x">b</p>`, 4, 1, `no attribute "onclick"`},
		{"not closed", "", "<p>a", 6, 1, ""},
		{"crossed tags", "", "<p><b>a</p></b>", 4, 8, "</p> closes nothing"},
		{"stray end tag", "", "</div>", 4, 1, "</div> closes nothing"},
		{"self closing", "", "<p/>", 4, 1, "must be closed"},
		{"block in p", "", "<p><div>a</div></p>", 4, 4, "<div> is not allowed in <p>"},
		{"row outside table", "", "<tr><td>a</td></tr>", 4, 1, "<tr> is not allowed in <body>"},
		{"text in table", "", "<table>a</table>", 4, 8, "text is not allowed"},
		{"second body", "", "</body><body>", 4, 8, "more than one"},
		{"nested too deep", "", deep, 4, 226, "nested more than"},
		{"skipped heading", "", "<h1>a</h1><h3>b</h3>", 4, 11, "skips a level"},
		{"first heading h2", "", "<h2>b</h2>", 4, 1, "skips a level"},
		{"image without alt", "", `<img src="image:e" width="10">`, 4, 1, "no alt"},
		{"unknown image", "", `<img src="image:e" alt="a" width="10">`, 4, 1, "no image"},
		{"unknown symbol", "", `<img src="symbol:e" alt="a" width="10">`, 4, 1, "no symbol"},
		{"foreign image", "", `<img src="http://x/e.png" alt="a" width="10">`, 4, 1, "neither symbol: nor image:"},
		{"page number in text", "", `<p><page-number></page-number></p>`, 4, 4, "running"},
		{"running inside", "", `<div><footer class="running">a</footer></div>`, 4, 6, "directly in <body>"},
		{"two running", "", `<footer class="running">a</footer><footer class="running">b</footer>`, 4, 35, "share a page"},
		{"running and margin box", "@page{@bottom-left{content:'a'}}", `<footer class="running">a</footer>`, 4, 1, "share a margin"},
		{"running too high", "", `<header class="running" style="padding:40mm">a</header>`, 4, 1, "high"},
		{"pages elsewhere", "", `<header pages="all">a</header>`, 4, 1, "running elements only"},
		{"field without label", "", `<signature-field name="a"></signature-field>`, 4, 1, "no label"},
		{"field without name", "", `<signature-field label="a"></signature-field>`, 4, 1, "not a name"},
		{"field twice", "", `<signature-field name="a" label="b" height="9pt"></signature-field><signature-field name="a" label="b"></signature-field>`, 4, 68, "two signature fields"},
		{"field nested", "", `<signature-field name="a" label="b"><signature-field name="c" label="b" height="9pt"></signature-field></signature-field>`, 4, 1, "nested"},
		{"field in header row", "", `<table><thead><tr><th><signature-field name="c" label="b" height="9pt"></signature-field></th></tr></thead><tbody><tr><td>a</td></tr></tbody></table>`, 4, 19, "repeated header"},
		{"empty table", "", `<table></table>`, 4, 1, "no rows"},
		{"ragged table", "", `<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>`, 4, 37, "fewer columns"},
		{"wide row", "", `<table><tr><td>a</td></tr><tr><td>c</td><td>c</td></tr></table>`, 4, 41, "more columns"},
		{"rowspan beyond", "", `<table><tr><td rowspan="3">a</td></tr></table>`, 4, 1, "rowspan reaches beyond"},
		{"overlap", "", `<table><tr><td>a</td><td rowspan="2">b</td></tr><tr><td colspan="2">c</td></tr></table>`, 4, 53, "overlap"},
		{"colspan zero", "", `<table><tr><td colspan="0">a</td></tr></table>`, 4, 12, "colspan"},
		{"thead last", "", `<table><tbody><tr><td>a</td></tr></tbody><thead><tr><th>a</th></tr></thead></table>`, 4, 42, "must come first"},
		{"thead only", "", `<table><thead><tr><th>a</th></tr></thead></table>`, 4, 8, "needs a <tbody>"},
		{"rows and sections", "", `<table><tbody><tr><td>a</td></tr></tbody><tr><th>a</th></tr></table>`, 4, 42, "not both"},
		{"columns too wide", "", `<table><tr><td style="width:80%">a</td><td style="width:80%">b</td></tr></table>`, 4, 1, "wider than the table"},
		{"language", "", `<p lang="!">a</p>`, 4, 1, "not a language tag"},
		{"list start", "", `<ol start="x"><li>a</li></ol>`, 4, 1, "not a number"},

		{"unknown property", "p { colour: red }", "", 2, 5, `unknown property "colour"`},
		{"unknown value", "p { text-align: middle }", "", 2, 5, "does not take"},
		{"negative margin", "p { margin: -3pt }", "", 2, 5, "does not take"},
		{"unknown unit", "p { width: 3vw }", "", 2, 5, "does not take"},
		{"exponent", "p { width: 1e3pt }", "", 2, 5, "does not take"},
		{"huge length", "p { width: 99999mm }", "", 2, 5, "does not take"},
		{"no value", "p { width: }", "", 2, 5, "no value"},
		{"pseudo class", "p:first-child { width: 3pt }", "", 2, 1, "selector"},
		{"unknown selector", "blink { width: 3pt }", "", 2, 1, "selector"},
		{"unknown at-rule", "@media print { p { width: 3pt } }", "", 2, 1, `unknown rule "@media print"`},
		{"import", "@import 'x';", "", 2, 1, "unknown rule"},
		{"open brace", "p { width: 3pt", "", 3, 1, "missing"},
		{"open comment", "/* p", "", 2, 1, "comment"},
		{"auto hyphens", "p { hyphens: auto }", "", 2, 5, "does not take"},
		{"page property", "@page { colour: red }", "", 2, 9, "@page takes no property"},
		{"page margins", "@page { margin: 150mm }", "", 2, 1, "no room"},
		{"margin box", "@page { @left-top { content: 'a' } }", "", 2, 9, "unknown margin box"},
		{"content", "@page { @top-left { content: attr(x) } }", "", 2, 21, "content does not take"},
		{"inline style", "", `<p style="colour: red">a</p>`, 4, 1, "style attribute: unknown property"},
		{"inline style with brace", "", `<p style="color: red } p { ">a</p>`, 4, 1, "style attribute"},
		{"font", "p { font-family: Arial }", "<p>a</p>", 4, 1, `no font "Arial"`},
		{"font style", "p { font-family: 'Noto Sans'; font-style: italic }", "<p>a</p>", 4, 1, "no font"},
		{"tiny font", "p { font-size: 1pt }", "<p>a</p>", 4, 1, "font size"},
		{"flat lines", "p { line-height: 0.1 }", "<p>a</p>", 4, 1, "line height"},
		{"no width", "div { padding: 0 200mm }", "<div>a</div>", 4, 1, "no width"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := testEngine(t).Render(context.Background(), page(tt.style, tt.body))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error is %v, want an *Error", err)
			}
			if !strings.Contains(e.Message, tt.message) {
				t.Errorf("message is %q, want %q in it", e.Message, tt.message)
			}
			if tt.message != "" && (e.Line != tt.line || e.Col != tt.col) {
				t.Errorf("place is %d:%d, want %d:%d (%s)", e.Line, e.Col, tt.line, tt.col, e.Message)
			}
		})
	}
}

func TestMissingGlyph(t *testing.T) {
	e := testEngine(t)
	for _, tt := range []struct {
		text string
		r    rune
	}{
		{"adi mətn 漢字", '漢'},
		{"ərəb سلام", 'س'},
		{"emoji 😀", '😀'},
		{"tərsinə \u202emətn", '\u202e'},
		{"gizli\u200bboşluq", '\u200b'},
		{"idarə \u0007", '\u0007'},
		{"yarım \ufffd", '\ufffd'}, // the fonts have it, but it stands for damage
	} {
		_, err := e.Render(context.Background(), page("", "<p>düz sətir</p>\n<p>"+tt.text+"</p>"))
		var m *MissingGlyphError
		if !errors.As(err, &m) || m.Rune != tt.r || m.Line != 5 || !strings.ContainsRune(m.Text, tt.r) {
			t.Errorf("%q: error is %+v", tt.text, err)
			continue
		}
		if col := 4 + strings.IndexRune(tt.text, tt.r); m.Col != col {
			t.Errorf("%q: column is %d, not %d", tt.text, m.Col, col)
		}
		if got := e.Missing(tt.text); len(got) == 0 || got[0] != tt.r {
			t.Errorf("Missing(%q) is %q", tt.text, got)
		}
	}
	if got := e.Missing("Əliyeva Gülşən Şahin qızı, İş № 2(004)-3127/2026\n1 200,50 ₼ Ёжик «e\u0301» \u00ad"); got != nil {
		t.Errorf("%q are missing", got)
	}
}

func TestDocumentChecks(t *testing.T) {
	good := func() Document { return page("", "<p>a</p>") }
	at := Attachment{Name: "a.json", MIME: "application/json", Relationship: "Data", Modified: sampleDate}
	tests := map[string]func(*Document){
		"no date":             func(d *Document) { d.Created = zeroTime },
		"no title":            func(d *Document) { d.HTML = strings.Replace(d.HTML, "<title>t</title>", "", 1) },
		"no language":         func(d *Document) { d.HTML = strings.Replace(d.HTML, ` lang="az"`, "", 1) },
		"other language":      func(d *Document) { d.Lang = "ru" },
		"bad UTF-8":           func(d *Document) { d.HTML += "\xff" },
		"NUL":                 func(d *Document) { d.Title = "a\x00" },
		"control in metadata": func(d *Document) { d.Author = "a\x01" },
		"too long":            func(d *Document) { d.HTML = strings.Repeat(" ", maxHTML+1) },
		"too many pages":      func(d *Document) { d.MaxPages = 2; *d = withBody(*d, strings.Repeat("<p>a</p>", 500)) },
		"attachment path":     func(d *Document) { a := at; a.Name = "../a"; d.Attachments = []Attachment{a} },
		"attachment type":     func(d *Document) { a := at; a.MIME = "text"; d.Attachments = []Attachment{a} },
		"attachment relation": func(d *Document) { a := at; a.Relationship = "data"; d.Attachments = []Attachment{a} },
		"attachment twice":    func(d *Document) { d.Attachments = []Attachment{at, at} },
		"symbol size":         func(d *Document) { d.Symbols = map[string]Symbol{"a": {Width: -1, Height: 1, Dark: noise}} },
		"truncated tag":       func(d *Document) { d.HTML = d.HTML[:len(d.HTML)-3] },
		"cut off":             func(d *Document) { d.HTML = d.HTML[:len(d.HTML)/2] },
		"empty":               func(d *Document) { d.HTML = "" },
		"image no PNG": func(d *Document) {
			d.Images = map[string][]byte{"e": []byte("GIF89a")}
			*d = withBody(*d, `<img src="image:e" alt="a" width="9">`)
		},
		"image too large": func(d *Document) {
			d.Images = map[string][]byte{"e": hugePNG()}
			*d = withBody(*d, `<img src="image:e" alt="a" width="9">`)
		},
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			d := good()
			spoil(&d)
			_, err := testEngine(t).Render(context.Background(), d)
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("error is %v, want an *Error", err)
			}
		})
	}
	if _, err := testEngine(t).Render(context.Background(), good()); err != nil {
		t.Errorf("the unspoilt document: %v", err)
	}
}

func withBody(d Document, body string) Document {
	return Document{HTML: page("", body).HTML, Created: d.Created, Images: d.Images, MaxPages: d.MaxPages}
}

// hugePNG is a small file that claims 60000 × 60000 pixels.
func hugePNG() []byte {
	b := append([]byte(nil), emblemPNG...)
	copy(b[16:24], []byte{0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60})
	return pngHeaderCRC(b)
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := testEngine(t).Render(ctx, sample()); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}
