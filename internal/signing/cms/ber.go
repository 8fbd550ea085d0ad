package cms

import (
	"fmt"

	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Limits of a message in BER. Its cost is linear in its size: a node for each
// element, and the result at once.
const (
	maxBERSize  = 16 << 20
	maxBERDepth = 48
	maxBERNodes = 200_000
)

// node is one element of a message in BER.
type node struct {
	tag      byte
	open     bool // of indefinite length, ended by end-of-contents octets
	end      int  // where the content ends, when not open
	from, to int  // the content of a primitive element
	size     int  // of the content in DER
	next     int  // the node after the element and all that is in it
	joined   bool // a segment of a constructed string: its header is left out
}

// toDER rewrites the first element of in, which is in BER (X.690 § 8), with the
// lengths of DER and with strings in one piece. The order of a SET stays as it
// is, and primitive values are copied: what was in DER, certificates and signed
// tokens among it, comes out as it was. rest is what follows the element.
func toDER(in []byte) (der, rest []byte, err error) {
	if len(in) > maxBERSize {
		in = in[:maxBERSize] // an element that is longer is cut off, and refused
	}
	r := berReader{in: in}
	if err := r.element(0); err != nil {
		return nil, nil, err
	}
	der = make([]byte, 0, r.nodes[0].size+8)
	for i := range r.nodes {
		n := &r.nodes[i]
		if !n.joined {
			der = appendHeader(der, r.outTag(i), n.size)
		}
		der = append(der, in[n.from:n.to]...)
	}
	return der, in[r.pos:], nil
}

type berReader struct {
	in    []byte
	pos   int
	nodes []node
}

func berError(what string, at int) error {
	return formatError(fmt.Sprintf("BER: %s at byte %d", what, at))
}

// element reads one element with all that is in it.
func (r *berReader) element(depth int) error {
	if depth > maxBERDepth || len(r.nodes) >= maxBERNodes {
		return berError("too many elements, or too deep", r.pos)
	}
	n, err := r.header()
	if err != nil {
		return err
	}
	at := len(r.nodes)
	r.nodes = append(r.nodes, n)
	if n.tag&0x20 == 0 {
		r.nodes[at].from, r.nodes[at].to = r.pos, n.end
		r.nodes[at].size = n.end - r.pos
		r.pos = n.end
	} else if err := r.content(at, depth); err != nil {
		return err
	}
	r.nodes[at].next = len(r.nodes)
	if isSegmented(n.tag) {
		return r.join(at)
	}
	return nil
}

// header reads tag and length. Tag numbers above 30 do not occur in what is
// read here.
func (r *berReader) header() (n node, err error) {
	at := r.pos
	if len(r.in)-at < 2 {
		return n, berError("cut off", at)
	}
	n.tag = r.in[at]
	length := int(r.in[at+1])
	r.pos += 2
	switch {
	case n.tag == 0 || n.tag&0x1f == 0x1f:
		return n, berError("unexpected tag", at)
	case length == 0x80:
		n.open = true
		if n.tag&0x20 == 0 {
			return n, berError("primitive element of indefinite length", at)
		}
		return n, nil
	case length > 0x80:
		octets := length & 0x7f
		if octets > 8 || octets > len(r.in)-r.pos {
			return n, berError("length", at)
		}
		length = 0
		for _, b := range r.in[r.pos : r.pos+octets] {
			if length = length<<8 | int(b); length > maxBERSize {
				return n, berError("length", at)
			}
		}
		r.pos += octets
	}
	if n.end = r.pos + length; n.end > len(r.in) {
		return n, berError("length", at)
	}
	return n, nil
}

// content reads the elements in a constructed one.
func (r *berReader) content(at, depth int) error {
	whole := r.in
	if n := r.nodes[at]; !n.open {
		r.in = whole[:n.end]
	}
	for {
		if r.nodes[at].open {
			if len(r.in)-r.pos >= 2 && r.in[r.pos] == 0 && r.in[r.pos+1] == 0 {
				r.pos += 2
				break
			}
		} else if r.pos == r.nodes[at].end {
			break
		}
		child := len(r.nodes)
		if err := r.element(depth + 1); err != nil {
			return err
		}
		c := &r.nodes[child]
		r.nodes[at].size += headerSize(c.size) + c.size
	}
	r.in = whole
	return nil
}

// isSegmented tells a string that is in pieces (X.690 § 8.6, § 8.7, § 8.23).
// Behind an implicit tag it cannot be told without the type: those stay in
// pieces, and are refused where a string is read.
func isSegmented(tag byte) bool {
	if tag&0xe0 != 0x20 {
		return false
	}
	number := tag & 0x1f
	return number == 3 || number == 4 || number == 12 || number >= 18 && number <= 22 || number >= 25 && number <= 30
}

// join turns the pieces of a string, which are octet strings in one piece by
// now (also within character strings, § 8.23.6), into one. Bit strings in pieces
// are refused: they occur in certificates only, which are in DER.
func (r *berReader) join(at int) error {
	if r.nodes[at].tag&0x1f == byte(cbasn1.BIT_STRING) {
		return berError("bit string in pieces", r.pos)
	}
	size := 0
	for i := at + 1; i < len(r.nodes); i = r.nodes[i].next {
		c := &r.nodes[i]
		if c.tag&^0x20 != byte(cbasn1.OCTET_STRING) {
			return berError("another type in the pieces of a string", r.pos)
		}
		c.joined = true
		size += c.size
	}
	r.nodes[at].size = size
	return nil
}

// outTag is the tag in DER: a string is primitive there.
func (r *berReader) outTag(i int) byte {
	if tag := r.nodes[i].tag; isSegmented(tag) {
		return tag &^ 0x20
	}
	return r.nodes[i].tag
}

func headerSize(size int) int {
	n := 2
	if size >= 0x80 {
		for ; size > 0; size >>= 8 {
			n++
		}
	}
	return n
}

func appendHeader(dst []byte, tag byte, size int) []byte {
	if dst = append(dst, tag); size < 0x80 {
		return append(dst, byte(size))
	}
	octets := headerSize(size) - 2
	dst = append(dst, 0x80|byte(octets))
	for i := octets - 1; i >= 0; i-- {
		dst = append(dst, byte(size>>(8*i)))
	}
	return dst
}
