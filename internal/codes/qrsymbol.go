package codes

import "math/bits"

// qrRow is one row of a symbol, column x in bit x. A symbol of version 17 is
// 85 modules wide; two words let whole rows be masked and judged at once.
type qrRow [2]uint64

func (r qrRow) and(o qrRow) qrRow    { return qrRow{r[0] & o[0], r[1] & o[1]} }
func (r qrRow) andNot(o qrRow) qrRow { return qrRow{r[0] &^ o[0], r[1] &^ o[1]} }
func (r qrRow) or(o qrRow) qrRow     { return qrRow{r[0] | o[0], r[1] | o[1]} }
func (r qrRow) xor(o qrRow) qrRow    { return qrRow{r[0] ^ o[0], r[1] ^ o[1]} }
func (r qrRow) count() int           { return bits.OnesCount64(r[0]) + bits.OnesCount64(r[1]) }
func (r qrRow) at(x int) bool        { return r[x>>6]>>(x&63)&1 == 1 }

func (r *qrRow) set(x int, dark bool) {
	r[x>>6] &^= 1 << (x & 63)
	if dark {
		r[x>>6] |= 1 << (x & 63)
	}
}

// from returns the row shifted so that bit x holds column x+n; n is 0 to 63.
func (r qrRow) from(n int) qrRow {
	return qrRow{r[0]>>n | r[1]<<(64-n), r[1] >> n}
}

// qrSymbol is a symbol in the making, by rows and, for judging, by columns.
// The modules of the function patterns, which carry no data and are not
// masked, are marked as used.
type qrSymbol struct {
	version, size         int
	rows, columns         []qrRow
	usedRows, usedColumns []qrRow
}

// newQRSymbol draws the function patterns (ISO/IEC 18004, 6.3) and keeps the
// place of the format information free.
func newQRSymbol(version int) *qrSymbol {
	size := 17 + 4*version
	lines := make([]qrRow, 4*size)
	s := &qrSymbol{version, size, lines[:size], lines[size : 2*size], lines[2*size : 3*size], lines[3*size:]}
	for i := range size { // timing patterns
		s.put(6, i, i%2 == 0)
		s.put(i, 6, i%2 == 0)
	}
	for _, corner := range [][2]int{{3, 3}, {size - 4, 3}, {3, size - 4}} {
		s.putSquares(corner[0], corner[1], 4) // finder pattern and separator
	}
	s.putAlignment()
	s.putFormat(0)
	if version >= 7 {
		s.putVersion()
	}
	return s
}

// put sets a module of a function pattern.
func (s *qrSymbol) put(x, y int, dark bool) {
	s.usedRows[y].set(x, true)
	s.usedColumns[x].set(y, true)
	s.rows[y].set(x, dark)
	s.columns[x].set(y, dark)
}

// putSquares draws concentric squares around a centre, out to radius: light
// at distances 2 and 4 in a finder pattern, at 1 in an alignment pattern.
func (s *qrSymbol) putSquares(cx, cy, radius int) {
	for dy := -radius; dy <= radius; dy++ {
		for dx := -radius; dx <= radius; dx++ {
			x, y := cx+dx, cy+dy
			if x < 0 || y < 0 || x >= s.size || y >= s.size {
				continue
			}
			distance := max(dx, -dx, dy, -dy)
			if radius == 4 {
				s.put(x, y, distance != 2 && distance != 4)
			} else {
				s.put(x, y, distance != 1)
			}
		}
	}
}

// putAlignment draws the alignment patterns (annex E): none in version 1, else
// in a square grid that begins at 6, ends 7 before the far edge, and has steps
// of even length, equal but for the first.
func (s *qrSymbol) putAlignment() {
	if s.version == 1 {
		return
	}
	n := s.version/7 + 2 // patterns on a side
	last := s.size - 7
	step := ((last-6+n-2)/(n-1) + 1) / 2 * 2
	centre := func(i int) int {
		if i == 0 {
			return 6
		}
		return last - (n-1-i)*step
	}
	for i := range n {
		for j := range n {
			if i == 0 && (j == 0 || j == n-1) || i == n-1 && j == 0 {
				continue // a finder pattern is there
			}
			s.putSquares(centre(i), centre(j), 2)
		}
	}
}

// putFormat writes the format information of level M and a mask (7.9), twice,
// and the module that is always dark.
func (s *qrSymbol) putFormat(mask int) {
	const levelM = 0b00
	data := levelM<<3 | mask
	format := (data<<10 | bch(data, 10, 0b10100110111)) ^ 0b101010000010010
	for i := range 15 {
		dark := format>>i&1 == 1
		switch { // around the top left finder pattern
		case i < 6:
			s.put(8, i, dark)
		case i < 8:
			s.put(8, i+1, dark)
		case i == 8:
			s.put(7, 8, dark)
		default:
			s.put(14-i, 8, dark)
		}
		if i < 8 { // beside the two others
			s.put(s.size-1-i, 8, dark)
		} else {
			s.put(8, s.size-15+i, dark)
		}
	}
	s.put(8, s.size-8, true)
}

// putVersion writes the version information (7.10), twice.
func (s *qrSymbol) putVersion() {
	info := s.version<<12 | bch(s.version, 12, 0b1111100100101)
	for i := range 18 {
		dark := info>>i&1 == 1
		s.put(i/3, s.size-11+i%3, dark)
		s.put(s.size-11+i%3, i/3, dark)
	}
}

// bch returns the remainder of data·x^degree by a generator polynomial.
func bch(data, degree, generator int) int {
	rest := data << degree
	for rest >= 1<<degree {
		rest ^= generator << (bits.Len(uint(rest)) - degree - 1)
	}
	return rest
}

// place lays the codewords into the free modules, in columns of two from the
// right, up and down by turns (7.7.3).
func (s *qrSymbol) place(codewords []byte) {
	i, up := 0, true
	for right := s.size - 1; right > 0; right -= 2 {
		if right == 6 {
			right = 5 // the vertical timing pattern
		}
		for step := range s.size {
			y := step
			if up {
				y = s.size - 1 - step
			}
			for x := right; x > right-2; x-- {
				if s.usedRows[y].at(x) {
					continue
				}
				if i>>3 < len(codewords) && codewords[i>>3]>>(7-i&7)&1 == 1 {
					s.rows[y].set(x, true)
					s.columns[x].set(y, true)
				}
				i++
			}
		}
		up = !up
	}
}

// finish places the codewords, tries the eight masks and returns the symbol
// with the lowest penalty.
func (s *qrSymbol) finish(codewords []byte) Bitmap {
	s.place(codewords)
	best, least := s, 1<<30
	for mask := range 8 {
		m := s.masked(mask)
		if p := m.penalty(); p < least {
			best, least = m, p
		}
	}
	return best.bitmap()
}

// masked returns the symbol under a mask (table 10) with its format
// information. All masks repeat after twelve rows and twelve columns.
func (s *qrSymbol) masked(mask int) *qrSymbol {
	const period = 12
	var rows, columns [period]qrRow
	for i := range period {
		for j := range s.size {
			rows[i].set(j, qrMask(mask, j%period, i))
			columns[i].set(j, qrMask(mask, i, j%period))
		}
	}
	lines := make([]qrRow, 2*s.size)
	m := &qrSymbol{s.version, s.size, lines[:s.size], lines[s.size:], s.usedRows, s.usedColumns}
	for i := range s.size {
		m.rows[i] = s.rows[i].xor(rows[i%period].andNot(s.usedRows[i]))
		m.columns[i] = s.columns[i].xor(columns[i%period].andNot(s.usedColumns[i]))
	}
	m.putFormat(mask)
	return m
}

func qrMask(mask, x, y int) bool {
	switch mask {
	case 0:
		return (x+y)%2 == 0
	case 1:
		return y%2 == 0
	case 2:
		return x%3 == 0
	case 3:
		return (x+y)%3 == 0
	case 4:
		return (y/2+x/3)%2 == 0
	case 5:
		return x*y%2+x*y%3 == 0
	case 6:
		return (x*y%2+x*y%3)%2 == 0
	}
	return ((x+y)%2+x*y%3)%2 == 0
}

func (s *qrSymbol) bitmap() Bitmap {
	b := newBitmap(s.size, s.size, qrQuiet)
	for y, row := range s.rows {
		for x := range s.size {
			if row.at(x) {
				b.set(x, y)
			}
		}
	}
	return b
}
