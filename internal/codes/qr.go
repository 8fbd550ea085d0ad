package codes

import "fmt"

// MaxQRVersion is the largest symbol that is made: 85 modules a side. Drawn 40
// mm wide, quiet zone not counted, a module is then 0.47 mm, 3.7 dots of a
// 200-dpi scan.
const MaxQRVersion = 17

// qrQuiet is the quiet zone in modules (ISO/IEC 18004, 5.3.8).
const qrQuiet = 4

// minNumeric is how many digits at the end of a text are worth a segment of
// their own.
const minNumeric = 16

// qrVersion is what ISO/IEC 18004, table 9, says of one version at level M:
// error correction codewords a block, blocks, data codewords of the shorter
// blocks, and how many blocks are one codeword longer.
type qrVersion struct {
	ecc, blocks, data, longer int
}

func (v qrVersion) dataCodewords() int { return v.blocks*v.data + v.longer }

// qrVersionM returns the parameters of versions 1 to MaxQRVersion.
func qrVersionM(version int) qrVersion {
	return [MaxQRVersion]qrVersion{
		{10, 1, 16, 0}, {16, 1, 28, 0}, {26, 1, 44, 0}, {18, 2, 32, 0}, {24, 2, 43, 0}, {16, 4, 27, 0},
		{18, 4, 31, 0}, {22, 4, 38, 2}, {22, 5, 36, 2}, {26, 5, 43, 1}, {30, 5, 50, 4}, {22, 8, 36, 2},
		{22, 9, 37, 1}, {24, 9, 40, 5}, {24, 10, 41, 5}, {28, 10, 45, 3}, {28, 11, 46, 1},
	}[version-1]
}

// QR encodes a text of ASCII as a QR code of level M in the smallest version
// that holds it. A long run of digits at the end, a seal, is encoded as
// digits, all else as bytes.
func QR(text string) (Bitmap, error) {
	for i := range len(text) {
		if text[i] > '~' {
			return Bitmap{}, fmt.Errorf("QR code: byte %#02x at %d: %w", text[i], i, ErrContent)
		}
	}
	bytes, digits := qrSegments(text)
	for version := 1; version <= MaxQRVersion; version++ {
		if qrBits(bytes, digits, version) <= 8*qrVersionM(version).dataCodewords() {
			return newQRSymbol(version).finish(qrCodewords(bytes, digits, version)), nil
		}
	}
	return Bitmap{}, fmt.Errorf("QR code of %d characters does not fit version %d: %w", len(text), MaxQRVersion, ErrContent)
}

// qrSegments cuts a text into its part in byte mode and its digits.
func qrSegments(text string) (bytes, digits string) {
	i := len(text)
	for i > 0 && isDigit(text[i-1]) {
		i--
	}
	if len(text)-i < minNumeric {
		return text, ""
	}
	return text[:i], text[i:]
}

// qrCountBits returns the widths of the length fields (table 3).
func qrCountBits(version int) (bytes, digits int) {
	if version < 10 {
		return 8, 10
	}
	return 16, 12
}

// qrBits returns how many bits the segments of a text take.
func qrBits(bytes, digits string, version int) int {
	byteCount, digitCount := qrCountBits(version)
	bits := 0
	if bytes != "" || digits == "" {
		bits = 4 + byteCount + 8*len(bytes)
	}
	if len(bytes) >= 1<<byteCount || len(digits) >= 1<<digitCount {
		return 1 << 30
	}
	if digits != "" {
		bits += 4 + digitCount + len(digits)/3*10 + []int{0, 4, 7}[len(digits)%3]
	}
	return bits
}

// bitWriter collects bits, most significant first.
type bitWriter struct {
	bytes []byte
	free  int // bits left in the last byte
}

func (w *bitWriter) write(value, width int) {
	for width--; width >= 0; width-- {
		if w.free == 0 {
			w.bytes, w.free = append(w.bytes, 0), 8
		}
		w.free--
		w.bytes[len(w.bytes)-1] |= byte(value>>width&1) << w.free
	}
}

// qrCodewords returns the codewords of a text that fits a version.
func qrCodewords(bytes, digits string, version int) []byte {
	return qrInterleave(qrData(bytes, digits, version), qrVersionM(version))
}

// qrData returns the data codewords (7.4).
func qrData(bytes, digits string, version int) []byte {
	byteCount, digitCount := qrCountBits(version)
	capacity := qrVersionM(version).dataCodewords()
	w := bitWriter{bytes: make([]byte, 0, capacity+1)}
	if bytes != "" || digits == "" {
		w.write(0b0100, 4)
		w.write(len(bytes), byteCount)
		for i := range len(bytes) {
			w.write(int(bytes[i]), 8)
		}
	}
	if digits != "" {
		w.write(0b0001, 4)
		w.write(len(digits), digitCount)
		for i := 0; i < len(digits); i += 3 {
			group, value := digits[i:min(i+3, len(digits))], 0
			for j := range len(group) {
				value = value*10 + int(group[j]-'0')
			}
			w.write(value, []int{0, 4, 7, 10}[len(group)])
		}
	}
	w.write(0, min(4, 8*capacity-(8*len(w.bytes)-w.free))) // terminator
	for pad := byte(0xEC); len(w.bytes) < capacity; pad ^= 0xEC ^ 0x11 {
		w.bytes = append(w.bytes, pad)
	}
	return w.bytes
}

// qrInterleave divides the data into blocks, adds each one's error correction
// and weaves them together (7.6).
func qrInterleave(data []byte, p qrVersion) []byte {
	rs := newReedSolomon(p.ecc)
	blocks, corrections := make([][]byte, p.blocks), make([][]byte, p.blocks)
	rest := data
	for i := range blocks {
		n := p.data
		if i >= p.blocks-p.longer {
			n++
		}
		blocks[i], rest = rest[:n], rest[n:]
		corrections[i] = rs.remainder(blocks[i])
	}
	out := make([]byte, 0, len(data)+p.blocks*p.ecc)
	for i := range p.data + 1 {
		for _, block := range blocks {
			if i < len(block) {
				out = append(out, block[i])
			}
		}
	}
	for i := range p.ecc {
		for _, correction := range corrections {
			out = append(out, correction[i])
		}
	}
	return out
}

// reedSolomon computes error correction over GF(256) modulo x⁸+x⁴+x³+x²+1.
type reedSolomon struct {
	exp       [510]byte
	log       [256]int
	generator []int // logarithms of the coefficients below the leading 1
}

func newReedSolomon(degree int) *reedSolomon {
	rs := &reedSolomon{}
	x := 1
	for i := range 255 {
		rs.exp[i], rs.exp[i+255] = byte(x), byte(x)
		rs.log[x] = i
		if x <<= 1; x > 255 {
			x ^= 0x11D
		}
	}
	// The product of (x - αⁱ), highest power first, leading 1 left out.
	poly := make([]byte, degree)
	poly[degree-1] = 1
	for i := range degree {
		for j := range degree {
			poly[j] = rs.times(poly[j], i)
			if j+1 < degree {
				poly[j] ^= poly[j+1]
			}
		}
	}
	for _, c := range poly {
		rs.generator = append(rs.generator, rs.log[c])
	}
	return rs
}

// times multiplies by α^power; power is at most 254.
func (rs *reedSolomon) times(a byte, power int) byte {
	if a == 0 {
		return 0
	}
	return rs.exp[rs.log[a]+power]
}

// remainder returns the error correction codewords of a block. No coefficient
// of the generators in use is 0, so all have logarithms.
func (rs *reedSolomon) remainder(block []byte) []byte {
	n := len(rs.generator)
	rest := make([]byte, n)
	for _, b := range block {
		factor := b ^ rest[0]
		copy(rest, rest[1:])
		rest[n-1] = 0
		if factor == 0 {
			continue
		}
		log := rs.log[factor]
		for i, g := range rs.generator {
			rest[i] ^= rs.exp[log+g]
		}
	}
	return rest
}
