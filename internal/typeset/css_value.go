package typeset

import (
	"math"
	"strconv"
	"strings"
)

// unit is how a length's number is to be read.
type unit uint8

const (
	auto    unit = iota
	points       // absolute
	ems          // times the font size
	percent      // of the containing width
	bare         // a number without unit
)

// length is a CSS length.
type length struct {
	v float64
	u unit
}

// of resolves l: em is the font size, whole what a percentage refers to.
func (l length) of(em, whole float64) float64 {
	switch l.u {
	case ems:
		return l.v * em
	case percent:
		return l.v * whole / 100
	}
	return l.v
}

const maxLength = 14400 // points; the largest page of ISO 32000-1 annex C

// parseLength reads a length, or reports false.
func parseLength(s string) (length, bool) {
	if s == "auto" {
		return length{}, true
	}
	n := len(s)
	for n > 0 && (s[n-1] >= 'a' && s[n-1] <= 'z' || s[n-1] == '%') {
		n--
	}
	v, err := strconv.ParseFloat(s[:n], 64)
	if err != nil || math.IsNaN(v) || strings.ContainsAny(s[:n], "eExXpP_nNiI") {
		return length{}, false
	}
	l := length{v, points}
	switch s[n:] {
	case "pt":
	case "mm":
		l.v *= 72 / 25.4
	case "cm":
		l.v *= 72 / 2.54
	case "in":
		l.v *= 72
	case "px":
		l.v *= 0.75
	case "em":
		l.u = ems
	case "%":
		l.u = percent
	case "":
		l.u = bare
		if v == 0 {
			l.u = points
		}
	default:
		return length{}, false
	}
	return l, math.Abs(l.v) <= maxLength
}

// rgb is an sRGB colour, 8 bits a component.
type rgb struct{ r, g, b uint8 }

func parseColor(s string) (rgb, bool) {
	switch s {
	case "black":
		return rgb{}, true
	case "white":
		return rgb{255, 255, 255}, true
	case "gray", "grey":
		return rgb{128, 128, 128}, true
	case "red":
		return rgb{255, 0, 0}, true
	case "navy":
		return rgb{0, 0, 128}, true
	}
	if len(s) == 0 || s[0] != '#' {
		return rgb{}, false
	}
	v, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return rgb{}, false
	}
	switch len(s) {
	case 4:
		return rgb{uint8(v>>8&15) * 17, uint8(v>>4&15) * 17, uint8(v&15) * 17}, true
	case 7:
		return rgb{uint8(v >> 16), uint8(v >> 8), uint8(v)}, true
	}
	return rgb{}, false
}

// edges are the four sides of a box: top, right, bottom, left.
type edges [4]float64

const (
	top = iota
	right
	bottom
	left
)

// border is one side of a border; width 0 is none.
type border struct {
	width float64
	color rgb
}

// parseBorder reads "none" or "WIDTH solid COLOR" in any order.
func parseBorder(s string) (border, bool) {
	if s == "none" || s == "0" {
		return border{}, true
	}
	b := border{width: 0.75}
	solid := false
	for _, f := range strings.Fields(s) {
		if f == "solid" {
			solid = true
		} else if l, ok := parseLength(f); ok && l.u == points && l.v >= 0 && l.v <= 72 {
			b.width = l.v
		} else if c, ok := parseColor(f); ok {
			b.color = c
		} else {
			return b, false
		}
	}
	return b, solid
}

// parseFour reads one to four lengths as CSS does.
func parseFour(s string) (out [4]length, ok bool) {
	f := strings.Fields(s)
	if len(f) < 1 || len(f) > 4 {
		return out, false
	}
	var v [4]length
	for i, t := range f {
		l, ok := parseLength(t)
		if !ok {
			return out, false
		}
		v[i] = l
	}
	switch len(f) {
	case 1:
		v = [4]length{v[0], v[0], v[0], v[0]}
	case 2:
		v = [4]length{v[0], v[1], v[0], v[1]}
	case 3:
		v = [4]length{v[0], v[1], v[2], v[1]}
	}
	return v, true
}

// unquote takes the quotes off a CSS string; escapes are not supported.
func unquote(s string) (string, bool) {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] && strings.Count(s, s[:1]) == 2 && !strings.Contains(s, `\`) {
		return s[1 : len(s)-1], true
	}
	return s, false
}
