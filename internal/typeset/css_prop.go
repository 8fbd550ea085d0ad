package typeset

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// decl sets one property. Declarations of font-size are early.
type decl struct {
	early bool
	set   func(s *style, parentSize float64)
}

// compile turns a declaration into decls, or says what is wrong with it.
func compile(name, value string) ([]decl, string) {
	prop, ok := properties[name]
	if !ok {
		return nil, fmt.Sprintf("unknown property %q", name)
	}
	set, ok := prop(value)
	if !ok {
		return nil, fmt.Sprintf("property %q does not take the value %q", name, value)
	}
	return []decl{{name == "font-size", set}}, ""
}

type setter func(s *style, parentSize float64)

// properties is the CSS subset.
var properties = map[string]func(value string) (setter, bool){
	"color": func(v string) (setter, bool) {
		c, ok := parseColor(v)
		return func(s *style, _ float64) { s.color = c }, ok
	},
	"background-color": func(v string) (setter, bool) {
		if v == "transparent" || v == "none" {
			return func(s *style, _ float64) { s.filled = false }, true
		}
		c, ok := parseColor(v)
		return func(s *style, _ float64) { s.background, s.filled = c, true }, ok
	},
	"font-family": func(v string) (setter, bool) {
		var families []string
		for f := range strings.SplitSeq(v, ",") {
			name, _ := unquote(strings.TrimSpace(f))
			families = append(families, name)
		}
		return func(s *style, _ float64) { s.family = families[0] }, len(families) == 1
	},
	"font-size": func(v string) (setter, bool) {
		l, ok := parseLength(v)
		return func(s *style, parent float64) { s.size = l.of(parent, parent) }, ok && l.v > 0 && l.u != bare && l.u != auto
	},
	"font-weight": keyword(map[string]func(*style){
		"normal": func(s *style) { s.bold = false }, "400": func(s *style) { s.bold = false },
		"bold": func(s *style) { s.bold = true }, "700": func(s *style) { s.bold = true },
	}),
	"font-style": keyword(map[string]func(*style){
		"normal": func(s *style) { s.italic = false }, "italic": func(s *style) { s.italic = true },
	}),
	"text-decoration": keyword(map[string]func(*style){
		"none": func(s *style) { s.underline = false }, "underline": func(s *style) { s.underline = true },
	}),
	"line-height": func(v string) (setter, bool) {
		l, ok := parseLength(v)
		return func(s *style, _ float64) {
			s.lineHeight = l
			if l.u == percent || l.u == ems { // inherited as computed
				s.lineHeight = length{l.of(s.size, s.size), points}
			}
		}, ok && l.v > 0 && l.u != auto
	},
	"letter-spacing": func(v string) (setter, bool) {
		if v == "normal" {
			v = "0"
		}
		l, ok := parseLength(v)
		return func(s *style, _ float64) { s.spacing = length{l.of(s.size, 0), points} },
			ok && (l.u == points || l.u == ems) && l.v >= -2 && l.v <= 50
	},
	"text-indent": func(v string) (setter, bool) {
		l, ok := parseLength(v)
		return func(s *style, _ float64) { s.indent = length{l.of(s.size, 0), points} }, ok && (l.u == points || l.u == ems)
	},
	"text-align": keyword(map[string]func(*style){
		"left": func(s *style) { s.align = alignLeft }, "right": func(s *style) { s.align = alignRight },
		"center": func(s *style) { s.align = alignCenter }, "justify": func(s *style) { s.align = alignJustify },
	}),
	"white-space": keyword(map[string]func(*style){
		"normal": func(s *style) { s.nowrap = false }, "nowrap": func(s *style) { s.nowrap = true },
	}),
	"vertical-align": keyword(map[string]func(*style){
		"top": func(s *style) { s.valign = valignTop }, "middle": func(s *style) { s.valign = valignMiddle },
		"bottom": func(s *style) { s.valign = valignBottom },
	}),
	"list-style-type": keyword(map[string]func(*style){
		"decimal": func(s *style) { s.list = listDecimal }, "lower-alpha": func(s *style) { s.list = listAlpha },
		"disc": func(s *style) { s.list = listDisc }, "dash": func(s *style) { s.list = listDash },
		"none": func(s *style) { s.list = listNone },
	}),
	"border-collapse": keyword(map[string]func(*style){"collapse": func(*style) {}}),
	"hyphens":         keyword(map[string]func(*style){"none": func(*style) {}, "manual": func(*style) {}}),

	"page-break-before": breaks(func(s *style, b breakRule) { s.breakBefore = b }),
	"break-before":      breaks(func(s *style, b breakRule) { s.breakBefore = b }),
	"page-break-after":  breaks(func(s *style, b breakRule) { s.breakAfter = b }),
	"break-after":       breaks(func(s *style, b breakRule) { s.breakAfter = b }),
	"page-break-inside": keyword(map[string]func(*style){
		"auto": func(s *style) { s.keepInside = false }, "avoid": func(s *style) { s.keepInside = true },
	}),
	"break-inside": keyword(map[string]func(*style){
		"auto": func(s *style) { s.keepInside = false }, "avoid": func(s *style) { s.keepInside = true },
	}),
	"orphans": count(func(s *style, n int) { s.orphans = n }),
	"widows":  count(func(s *style, n int) { s.widows = n }),

	"width":      size(func(s *style, l length) { s.width = l }),
	"height":     size(func(s *style, l length) { s.height = l }),
	"min-height": size(func(s *style, l length) { s.minHeight = l }),

	"margin":         four(func(s *style) *[4]length { return &s.margin }),
	"margin-top":     side(func(s *style) *[4]length { return &s.margin }, top),
	"margin-right":   side(func(s *style) *[4]length { return &s.margin }, right),
	"margin-bottom":  side(func(s *style) *[4]length { return &s.margin }, bottom),
	"margin-left":    side(func(s *style) *[4]length { return &s.margin }, left),
	"padding":        four(func(s *style) *[4]length { return &s.padding }),
	"padding-top":    side(func(s *style) *[4]length { return &s.padding }, top),
	"padding-right":  side(func(s *style) *[4]length { return &s.padding }, right),
	"padding-bottom": side(func(s *style) *[4]length { return &s.padding }, bottom),
	"padding-left":   side(func(s *style) *[4]length { return &s.padding }, left),
	"border":         borders(top, right, bottom, left),
	"border-top":     borders(top),
	"border-right":   borders(right),
	"border-bottom":  borders(bottom),
	"border-left":    borders(left),
	"border-color": func(v string) (setter, bool) {
		c, ok := parseColor(v)
		return func(s *style, _ float64) {
			for i := range s.border {
				s.border[i].color = c
			}
		}, ok
	},
}

func keyword(values map[string]func(*style)) func(string) (setter, bool) {
	return func(v string) (setter, bool) {
		f, ok := values[v]
		return func(s *style, _ float64) { f(s) }, ok
	}
}

func breaks(set func(*style, breakRule)) func(string) (setter, bool) {
	return func(v string) (setter, bool) {
		b := slices.Index([]string{"auto", "avoid", "always", "page"}, v)
		return func(s *style, _ float64) { set(s, min(breakRule(b), breakAlways)) }, b >= 0
	}
}

func count(set func(*style, int)) func(string) (setter, bool) {
	return func(v string) (setter, bool) {
		n, err := strconv.Atoi(v)
		return func(s *style, _ float64) { set(s, n) }, err == nil && n >= 1 && n <= 10
	}
}

func size(set func(*style, length)) func(string) (setter, bool) {
	return func(v string) (setter, bool) {
		l, ok := parseLength(v)
		return func(s *style, _ float64) { set(s, l) }, ok && l.v >= 0 && l.u != bare
	}
}

// boxLength says whether l may be a margin or a padding.
func boxLength(l length) bool { return l.v >= 0 && (l.u == points || l.u == ems || l.u == percent) }

func four(field func(*style) *[4]length) func(string) (setter, bool) {
	return func(v string) (setter, bool) {
		l, ok := parseFour(v)
		for _, e := range l {
			ok = ok && boxLength(e)
		}
		return func(s *style, _ float64) { *field(s) = l }, ok
	}
}

func side(field func(*style) *[4]length, i int) func(string) (setter, bool) {
	return func(v string) (setter, bool) {
		l, ok := parseLength(v)
		return func(s *style, _ float64) { field(s)[i] = l }, ok && boxLength(l)
	}
}

func borders(sides ...int) func(string) (setter, bool) {
	return func(v string) (setter, bool) {
		b, ok := parseBorder(v)
		return func(s *style, _ float64) {
			for _, i := range sides {
				s.border[i] = b
			}
		}, ok
	}
}
