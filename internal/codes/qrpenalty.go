package codes

// penalty judges how badly a masked symbol would be read (ISO/IEC 18004,
// 7.8.3): long runs of one colour, blocks of one colour, what looks like a
// finder pattern, and more of one colour than of the other. It works on whole
// rows and columns, since mask search is most of the cost of a QR code.
func (s *qrSymbol) penalty() int {
	total, dark := 0, 0
	for i := range s.size {
		total += s.linePenalty(s.rows[i]) + s.linePenalty(s.columns[i])
		dark += s.rows[i].count()
	}
	pairs := firstModules(s.size - 1)
	for y := range s.size - 1 {
		here, below := s.rows[y], s.rows[y+1]
		unlike := here.xor(below)
		unlike = unlike.or(unlike.from(1)).or(here.xor(here.from(1)))
		total += 3 * pairs.andNot(unlike).count()
	}
	area := s.size * s.size
	return total + 10*(max(20*dark-10*area, 10*area-20*dark)/area)
}

// linePenalty judges one row or column. Bit x of each value speaks of the
// modules that begin at x.
func (s *qrSymbol) linePenalty(line qrRow) int {
	// A run of n ≥ 5 costs n-2. It holds n-4 stretches of five modules and
	// n-5 of six, so it costs three for each five less two for each six.
	unlike2 := line.xor(line.from(1))
	unlike3 := unlike2.or(unlike2.from(1))
	unlike5 := unlike3.or(unlike3.from(2))
	fives := firstModules(s.size - 4).andNot(unlike5)
	sixes := firstModules(s.size - 5).andNot(unlike5.or(unlike2.from(4)))

	// 1:1:3:1:1 with four light modules before or after.
	dark2 := line.or(line.from(1))
	light4 := qrRow{^uint64(0), ^uint64(0)}.andNot(dark2.or(dark2.from(2)))
	finder := line.and(line.from(2)).and(line.from(3)).and(line.from(4)).and(line.from(6)).
		andNot(line.from(1).or(line.from(5)))
	inside := firstModules(s.size - 10)
	before := inside.and(light4).and(finder.from(4))
	after := inside.and(finder).and(light4.from(7))
	return 3*fives.count() - 2*sixes.count() + 40*(before.count()+after.count())
}

// firstModules returns a row with the first n modules set.
func firstModules(n int) qrRow {
	if n < 64 {
		return qrRow{1<<n - 1, 0}
	}
	return qrRow{^uint64(0), 1<<(n-64) - 1}
}
