package pdf

import "bytes"

// Hidden finds, from a place on, the head of an object, "n g obj", where no
// cross-reference section has one: in a string or in the data of a stream. Some
// readers that repair a damaged file take it for an object, and the last one of
// a number is the one that they show. It returns its place, or -1.
func (d *Document) Hidden(from int) int {
	for pos := from; ; {
		i := bytes.Index(d.buf[pos:], []byte("obj"))
		if i < 0 {
			return -1
		}
		if start := headBefore(d.buf[from : pos+i]); start >= 0 && !d.namesObject(from+start) {
			return from + start
		}
		pos += i + len("obj")
	}
}

// headBefore is where the two numbers begin at the end of b, each with white
// space behind it; -1 when they are not there.
func headBefore(b []byte) int {
	at := len(b)
	for range 2 {
		n := at
		for at > 0 && isSpace(b[at-1]) {
			at--
		}
		if at == n {
			return -1
		}
		for n = at; at > 0 && b[at-1] >= '0' && b[at-1] <= '9'; {
			at--
		}
		if at == n {
			return -1
		}
	}
	return at
}
