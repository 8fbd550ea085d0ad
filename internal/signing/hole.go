package signing

import (
	"crypto"
	"encoding/hex"
	"fmt"

	"docsvc/internal/pdf"
)

// byteRange has ten digits for each number: files up to 9.9 GB.
const byteRange = "[0 %010d %010d %010d]"

// hole is where in a file the value of a signature or time-stamp goes: the
// string Contents with its angle brackets, which ByteRange leaves out.
type hole struct {
	rangeAt    int // of ByteRange
	start, end int
}

// putHole writes a signature dictionary with room for size bytes; who calls it
// lets the update grow by that first. ByteRange waits for setRange: its numbers
// are known once the file is whole.
func putHole(u *pdf.Update, r pdf.Ref, d *pdf.Dict, size int) hole {
	var h hole
	offset := u.PutFunc(r, func(dst []byte) []byte {
		begin := len(dst)
		dst = pdf.AppendObject(dst, d)
		dst = append(dst[:len(dst)-len(">>")], "/ByteRange "...)
		h.rangeAt = len(dst) - begin
		dst = fmt.Appendf(dst, byteRange, 0, 0, 0)
		dst = append(dst, "/Contents "...)
		h.start = len(dst) - begin
		dst = append(dst, '<')
		dst = appendZeros(dst, 2*size)
		dst = append(dst, '>')
		h.end = len(dst) - begin
		return append(dst, ">>"...)
	})
	return hole{offset + h.rangeAt, offset + h.start, offset + h.end}
}

// holeOverhead is about what a signature dictionary takes beside its hole, and
// an update beside that.
const holeOverhead = 4 << 10

func appendZeros(dst []byte, n int) []byte {
	const block = "0000000000000000000000000000000000000000000000000000000000000000"
	for ; n > len(block); n -= len(block) {
		dst = append(dst, block...)
	}
	return append(dst, block[:n]...)
}

func (h hole) setRange(file []byte) {
	copy(file[h.rangeAt:], fmt.Sprintf(byteRange, h.start, h.end, len(file)-h.end))
}

// digest is over file outside the hole.
func (h hole) digest(file []byte, hash crypto.Hash) []byte {
	d := hash.New()
	d.Write(file[:h.start])
	d.Write(file[h.end:])
	return d.Sum(nil)
}

// room is how many bytes the hole holds.
func (h hole) room() int { return (h.end - h.start - len("<>")) / 2 }

// fill writes DER in hexadecimal into the hole; what is left stays zeros.
func (h hole) fill(file, der []byte) error {
	if len(der) > h.room() {
		return fmt.Errorf("%w: it takes %d bytes, there is room for %d", ErrContentsSize, len(der), h.room())
	}
	hex.Encode(file[h.start+1:], der)
	return nil
}
