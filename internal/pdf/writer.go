package pdf

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
)

// Writer writes a new file: header, objects in the order they are put, one
// cross-reference table, trailer (ISO 32000-1 § 7.5). The same calls give the
// same bytes, because the file identifier is derived from the content.
//
// A Writer is for one goroutine. Mistakes of the caller (an object put twice,
// or reserved and never put) are reported by Finish.
type Writer struct {
	buf     []byte
	offsets []int // by object number; 0 while only reserved
	err     error
}

// header names the version that PDF/A-3 is based on; the comment of bytes
// above 127 marks the file as binary (ISO 19005-3 § 6.1.2).
const header = "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"

// NewWriter starts a file; capacity is the expected size in bytes.
func NewWriter(capacity int) *Writer {
	w := &Writer{buf: make([]byte, 0, max(capacity, 1<<10)), offsets: make([]int, 1, 512)}
	w.buf = append(w.buf, header...)
	return w
}

// Reserve gives out the next object number, to be put later.
func (w *Writer) Reserve() Ref {
	w.offsets = append(w.offsets, 0)
	return Ref{Num: len(w.offsets) - 1}
}

// Put writes o as the indirect object r.
func (w *Writer) Put(r Ref, o Object) {
	w.begin(r)
	w.buf = AppendObject(w.buf, o)
	w.end()
}

// Add writes o under the next number.
func (w *Writer) Add(o Object) Ref {
	r := w.Reserve()
	w.Put(r, o)
	return r
}

// PutRaw writes body, which must be the complete syntax of one object.
func (w *Writer) PutRaw(r Ref, body []byte) {
	w.begin(r)
	w.buf = append(w.buf, body...)
	w.end()
}

// PutStream writes a stream object. entries is the syntax of its dictionary's
// entries without the angle brackets and without Length; data is already
// encoded by the filters that entries name.
func (w *Writer) PutStream(r Ref, entries string, data []byte) {
	w.begin(r)
	w.buf = append(w.buf, "<<"...)
	w.buf = append(w.buf, entries...)
	w.buf = append(w.buf, "/Length "...)
	w.buf = strconv.AppendInt(w.buf, int64(len(data)), 10)
	w.buf = append(w.buf, ">>\nstream\n"...)
	w.buf = append(w.buf, data...)
	w.buf = append(w.buf, "\nendstream"...)
	w.end()
}

func (w *Writer) begin(r Ref) {
	switch {
	case r.Num <= 0 || r.Num >= len(w.offsets) || r.Gen != 0:
		w.fail(fmt.Errorf("pdf: object %d %d was not reserved", r.Num, r.Gen))
		return
	case w.offsets[r.Num] != 0:
		w.fail(fmt.Errorf("pdf: object %d is put twice", r.Num))
		return
	}
	w.offsets[r.Num] = len(w.buf)
	w.buf = strconv.AppendInt(w.buf, int64(r.Num), 10)
	w.buf = append(w.buf, " 0 obj\n"...)
}

func (w *Writer) end() { w.buf = append(w.buf, "\nendobj\n"...) }

func (w *Writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// Finish writes the cross-reference table and the trailer and returns the
// file. The Writer must not be used afterwards.
func (w *Writer) Finish(root, info Ref) ([]byte, error) {
	for n, o := range w.offsets[1:] {
		if o == 0 {
			w.fail(fmt.Errorf("pdf: object %d is reserved but not put", n+1))
		}
	}
	if w.err != nil {
		return nil, w.err
	}
	sum := sha256.Sum256(w.buf)
	start := len(w.buf)
	w.buf = append(w.buf, "xref\n0 "...)
	w.buf = strconv.AppendInt(w.buf, int64(len(w.offsets)), 10)
	w.buf = append(w.buf, "\n0000000000 65535 f \n"...)
	for _, o := range w.offsets[1:] {
		w.buf = appendXrefEntry(w.buf, o)
	}
	id := String(hex.AppendEncode(nil, sum[:16]))
	w.buf = append(w.buf, "trailer\n<</Size "...)
	w.buf = strconv.AppendInt(w.buf, int64(len(w.offsets)), 10)
	w.buf = append(w.buf, "/Root "...)
	w.buf = AppendObject(w.buf, root)
	w.buf = append(w.buf, "/Info "...)
	w.buf = AppendObject(w.buf, info)
	w.buf = append(w.buf, "/ID[<"...)
	w.buf = append(w.buf, id...)
	w.buf = append(w.buf, "><"...)
	w.buf = append(w.buf, id...)
	w.buf = append(w.buf, ">]>>\nstartxref\n"...)
	w.buf = strconv.AppendInt(w.buf, int64(start), 10)
	w.buf = append(w.buf, "\n%%EOF\n"...)
	return w.buf, nil
}

// appendXrefEntry appends a twenty-byte entry of an object in use.
func appendXrefEntry(dst []byte, offset int) []byte {
	const width = 10
	var digits [width]byte
	for i := width - 1; i >= 0; i-- {
		digits[i] = byte('0' + offset%10)
		offset /= 10
	}
	dst = append(dst, digits[:]...)
	return append(dst, " 00000 n \n"...)
}

// AppendReal appends f with at most three decimals and no exponent
// (ISO 32000-1 § 7.3.3). A thousandth of a point is below what any printer
// resolves.
func AppendReal(dst []byte, f float64) []byte {
	n := int64(f*1000 + 0.5)
	if f < 0 {
		n = -int64(-f*1000 + 0.5)
	}
	if n < 0 {
		dst = append(dst, '-')
		n = -n
	}
	dst = strconv.AppendInt(dst, n/1000, 10)
	r := n % 1000
	if r == 0 {
		return dst
	}
	d := [4]byte{'.', byte('0' + r/100), byte('0' + r/10%10), byte('0' + r%10)}
	end := len(d)
	for d[end-1] == '0' {
		end--
	}
	return append(dst, d[:end]...)
}
