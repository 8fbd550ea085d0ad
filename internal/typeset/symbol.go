package typeset

import "strconv"

// draw returns the content stream of s in a unit square: dark modules merged
// to rectangles, first along the rows, then down while the run repeats.
func (s *Symbol) draw() []byte {
	quietY := s.Quiet
	if s.Height == 1 {
		quietY = 0
	}
	b := []byte("0 g ")
	b = appendUnit(b, s.Width+2*s.Quiet, s.Height+2*quietY)
	done := make([]bool, s.Width*s.Height)
	dark := func(x, y int) bool { return x < s.Width && s.Dark(x, y) && !done[y*s.Width+x] }
	for y := range s.Height {
		for x := 0; x < s.Width; x++ {
			if !dark(x, y) {
				continue
			}
			to := x + 1
			for dark(to, y) {
				to++
			}
			down := y + 1
			for down < s.Height && s.solid(dark, x, to, down) {
				down++
			}
			for i := y; i < down; i++ {
				for j := x; j < to; j++ {
					done[i*s.Width+j] = true
				}
			}
			for _, v := range [4]int{x + s.Quiet, s.Height + quietY - down, to - x, down - y} {
				b = strconv.AppendInt(b, int64(v), 10)
				b = append(b, ' ')
			}
			b = append(b, "re\n"...)
			x = to - 1
		}
	}
	return append(b, 'f')
}

// solid reports whether row y has exactly the run from x to to.
func (s *Symbol) solid(dark func(x, y int) bool, x, to, y int) bool {
	if x > 0 && dark(x-1, y) || dark(to, y) {
		return false
	}
	for i := x; i < to; i++ {
		if !dark(i, y) {
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
