package typeset

import "testing"

// TestCascade checks which of several rules wins, by the width that the
// paragraph with the class "x" gets.
func TestCascade(t *testing.T) {
	const body = `<div class="a"><section><div class="b c"><p class="x" id="i">t</p></div></section></div>`
	for _, tt := range []struct {
		style string
		want  float64
	}{
		{"p { width: 1pt }", 1},
		{"p { width: 1pt } p { width: 2pt }", 2},
		{".x { width: 1pt } p { width: 2pt }", 1},
		{"#i { width: 1pt } div.b p.x { width: 2pt }", 1},
		{"div p { width: 1pt } p { width: 2pt }", 1},
		{".a p { width: 1pt }", 1},
		{".a > p { width: 1pt }", 0},
		{".b > p { width: 1pt }", 1},
		{".a > section > .c > .x { width: 1pt }", 1},
		{".a > .b p { width: 1pt }", 0},
		{"section .a p { width: 1pt }", 0},
		{"div div p { width: 1pt }", 1},
		{"div div div p { width: 1pt }", 0},
		{"div > section p { width: 1pt }", 1},
		{"div.b.c p { width: 1pt }", 1},
		{"div.b.d p { width: 1pt }", 0},
		{"* { width: 1pt }", 1},
		{"h1, p { width: 1pt }", 1},
		{"/* c */ p { /* c */ width: 1pt; /* c */ }", 1},
		{"section { font-size: 20pt } p { width: 1em }", 20},
		{"p { width: 2em; font-size: 50% } section { font-size: 20pt }", 20},
		{"div { width: 7pt }", 0}, // not inherited
	} {
		src, err := parseHTML(page(tt.style, body).HTML)
		if err != nil {
			t.Fatal(err)
		}
		sh, err := parseSheet(src.style, 0)
		if err != nil {
			t.Fatalf("%s: %v", tt.style, err)
		}
		c := cascade{sheet: sh, engine: testEngine(t), base: initial("Noto Serif")}
		n := src.body
		if err := c.resolve(n, nil); err != nil {
			t.Fatal(err)
		}
		for n.tag != "p" {
			i := 0
			for n.kids[i].tag == "" {
				i++
			}
			if err := c.resolve(n.kids[i], n.ctx); err != nil {
				t.Fatal(err)
			}
			n = n.kids[i]
		}
		if got := n.ctx.style.width.of(n.ctx.style.size, 0); got != tt.want {
			t.Errorf("%s: width is %v, not %v", tt.style, got, tt.want)
		}
	}
}
