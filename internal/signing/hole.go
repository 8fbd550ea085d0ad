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

// putHole writes a signature dictionary with room for size bytes. ByteRange
// waits for setRange: its numbers are known once the file is whole.
func putHole(u *pdf.Update, r pdf.Ref, d *pdf.Dict, size int) hole {
	b := make([]byte, 0, 1024+2*size)
	b = pdf.AppendObject(b, d)
	b = append(b[:len(b)-len(">>")], "/ByteRange "...)
	rangeAt := len(b)
	b = fmt.Appendf(b, byteRange, 0, 0, 0)
	b = append(b, "/Contents "...)
	start := len(b)
	b = append(b, '<')
	b = append(b, zeros(2*size)...)
	end := len(b) + 1
	offset := u.PutRaw(r, append(b, ">>>"...))
	return hole{offset + rangeAt, offset + start, offset + end}
}

func zeros(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = '0'
	}
	return b
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
