package typeset

import "strconv"

// draw returns the content stream of s in a unit square: dark modules merged
// to rectangles, first along the rows, then down while the run repeats.
func (s *Symbol) draw() []byte {
	quietY := s.Quiet
	if s.Height == 1 {
		quietY = 0
	}
	b := make([]byte, 0, 64+3*s.Width*s.Height)
	b = append(b, "0 g "...)
	b = appendUnit(b, s.Width+2*s.Quiet, s.Height+2*quietY)
	// left holds what is not drawn yet; each row ends with a light module.
	stride := s.Width + 1
	left := make([]bool, stride*s.Height)
	for y := range s.Height {
		for x := range s.Width {
			left[y*stride+x] = s.Dark(x, y)
		}
	}
	for y := range s.Height {
		row := left[y*stride:]
		for x := 0; x < s.Width; x++ {
			if !row[x] {
				continue
			}
			to := x + 1
			for row[to] {
				to++
			}
			down := y + 1
			for down < s.Height && sameRun(left[down*stride:], x, to) {
				clear(left[down*stride+x : down*stride+to])
				down++
			}
			for _, v := range [4]int{x + s.Quiet, s.Height + quietY - down, to - x, down - y} {
				b = strconv.AppendInt(b, int64(v), 10)
				b = append(b, ' ')
			}
			b = append(b, "re\n"...)
			x = to
		}
	}
	return append(b, 'f')
}

// sameRun reports whether row has exactly the run from x to to.
func sameRun(row []bool, x, to int) bool {
	if row[to] || x > 0 && row[x-1] {
		return false
	}
	for _, dark := range row[x:to] {
		if !dark {
			return false
		}
	}
	return true
}

// appendUnit scales w × h modules to the unit square.
func appendUnit(b []byte, w, h int) []byte {
	b = strconv.AppendFloat(b, 1/float64(w), 'f', 8, 64)
	b = append(b, " 0 0 "...)
	b = strconv.AppendFloat(b, 1/float64(h), 'f', 8, 64)
	return append(b, " 0 0 cm\n"...)
}
