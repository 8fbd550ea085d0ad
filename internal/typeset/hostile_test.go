package typeset

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestHostile renders documents made to cost time or memory. Each must end
// soon, with a result or a typed error.
func TestHostile(t *testing.T) {
	rep := strings.Repeat
	nest := func(tag string, n int, inner string) string {
		return rep("<"+tag+">", n) + inner + rep("</"+tag+">", n)
	}
	tests := []struct{ name, style, body string }{
		{"one word of a megabyte", "", "<p>" + rep("a", 1<<20) + "</p>"},
		{"one paragraph of words", "", "<p>" + rep("söz ", 1<<18) + "</p>"},
		{"narrow column", "p { width: 9pt }", "<p>" + rep("sözlər ", 1<<14) + "</p>"},
		{"held together", "p { white-space: nowrap }", "<p>" + rep("söz ", 1<<16) + "</p>"},
		{"empty blocks", "", rep("<div></div>", 150_000)},
		{"line breaks", "", "<p>" + rep("<br>", 100_000) + "</p>"},
		{"all kept together", "p { page-break-after: avoid }", rep("<p>a</p>", 50_000)},
		{"framed and kept", "div { page-break-inside: avoid; border: 1pt solid black }", rep("<div><p>a</p></div>", 20_000)},
		{"nested tables", "", rep("<table><tr><td>", 14) + rep("söz ", 1000) + rep("</td></tr></table>", 14)},
		{"rows", "", "<table>" + rep("<tr><td>a</td><td>b</td></tr>", 20_000) + "</table>"},
		{"one high row", "", "<table><tr><td>" + rep("<p>a</p>", 20_000) + "</td></tr></table>"},
		{"selectors", rep("div ", 20) + "p { color: red }", nest("div", 40, "<p>a</p>")},
		{"child selectors", rep("div > div ", 12) + "> p { color: red }", nest("div", 40, "<p>a</p>")},
		{"different styles", "", func() string {
			var b strings.Builder
			for i := range 30_000 {
				b.WriteString("<p class=\"c" + itoa(i) + "\">a</p>")
			}
			return b.String()
		}()},
		{"fields", "", func() string {
			var b strings.Builder
			for i := range 1000 {
				b.WriteString("<signature-field name=\"f" + itoa(i) + "\" label=\"l\" height=\"9pt\"></signature-field>")
			}
			return b.String()
		}()},
		{"images", "", "<p>" + rep(`<img src="symbol:s" alt="a" width="1pt">`, 20_000) + "</p>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := page(tt.style, tt.body)
			d.MaxPages = 50
			d.Symbols = map[string]Symbol{"s": {Width: 5, Height: 5, Dark: noise}}
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			start := time.Now()
			_, err := testEngine(t).Render(ctx, d)
			var e *Error
			if err != nil && !errors.As(err, &e) {
				t.Errorf("after %s: %v", time.Since(start), err)
			}
			t.Logf("%.0f ms, %v", time.Since(start).Seconds()*1000, err)
		})
	}
}
