package cms

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// berify writes DER in one of the many ways of BER. Strings in pieces are made
// where DER has octet strings.
func berify(tb testing.TB, r *rand.Rand, der []byte) []byte {
	tb.Helper()
	var out []byte
	for in := cryptobyte.String(der); !in.Empty(); {
		var body cryptobyte.String
		var tag cbasn1.Tag
		if !in.ReadAnyASN1(&body, &tag) {
			tb.Fatal("not DER")
		}
		content := []byte(body)
		t := byte(tag)
		switch {
		case t&0x20 != 0:
			content = berify(tb, r, content)
		case tag == cbasn1.OCTET_STRING && len(content) > 1 && r.IntN(2) == 0:
			half := r.IntN(len(content))
			t |= 0x20
			var pieces []byte
			for _, piece := range [][]byte{content[:half], content[half:]} {
				pieces = append(pieces, element(r, 4, piece)...)
			}
			content = pieces
		}
		out = append(out, element(r, t, content)...)
	}
	return out
}

func element(r *rand.Rand, tag byte, content []byte) []byte {
	n := len(content)
	switch r.IntN(3) {
	case 0:
		if tag&0x20 != 0 {
			return slices.Concat([]byte{tag, 0x80}, content, []byte{0, 0})
		}
	case 1:
		return append([]byte{tag, 0x85, 0, 0, byte(n >> 16), byte(n >> 8), byte(n)}, content...)
	}
	return append(appendHeader(nil, tag, n), content...)
}

// TestBER: whichever way of BER a message is in, the same DER comes out, and
// the signature is right.
func TestBER(t *testing.T) {
	names, err := filepath.Glob("testdata/*.der")
	if err != nil || len(names) < 10 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		der, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(name, "stream") {
			if der, _, err = toDER(der); err != nil {
				t.Fatal(err)
			}
		}
		r := rand.New(rand.NewPCG(1, 2))
		for range 50 {
			ber := berify(t, r, der)
			got, rest, err := toDER(append(ber, 0, 0))
			if err != nil || len(rest) != 2 || !bytes.Equal(got, der) {
				t.Fatalf("%s: %v", name, err)
			}
			want, err := parseDER(der)
			s, berErr := Parse(append(ber, 0))
			if (err == nil) != (berErr == nil) {
				t.Fatalf("%s: %v, but in BER %v", name, err, berErr)
			}
			if err == nil && (!bytes.Equal(s.Raw, want.Raw) || s.BER == bytes.Equal(ber, der)) {
				t.Fatalf("%s: another message", name)
			}
		}
	}
}

func TestBERMalformed(t *testing.T) {
	deep := func(n int) []byte {
		return append(bytes.Repeat([]byte{0x30, 0x80}, n), make([]byte, 2*n)...)
	}
	for _, c := range []struct {
		name string
		in   []byte
		want []byte // nil: refused
	}{
		{"nothing", nil, nil},
		{"tag alone", []byte{0x30}, nil},
		{"indefinite", []byte{0x30, 0x80, 2, 1, 5, 0, 0}, []byte{0x30, 3, 2, 1, 5}},
		{"long length", []byte{0x30, 0x88, 0, 0, 0, 0, 0, 0, 0, 3, 2, 1, 5}, []byte{0x30, 3, 2, 1, 5}},
		{"nine octets of length", []byte{0x30, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 3, 2, 1, 5}, nil},
		{"reserved length", append([]byte{0x30, 0xff}, make([]byte, 200)...), nil},
		{"length beyond the end", []byte{0x30, 4, 2, 1, 5}, nil},
		{"length that overflows", []byte{0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, nil},
		{"length cut off", []byte{0x30, 0x82, 1}, nil},
		{"child longer than its parent", []byte{0x30, 3, 2, 4, 1, 1, 1, 1}, nil},
		{"no end of contents", []byte{0x30, 0x80, 2, 1, 5}, nil},
		{"half an end of contents", []byte{0x30, 0x80, 2, 1, 5, 0}, nil},
		{"end of contents with a length", []byte{0x30, 0x80, 0, 1, 0, 0, 0}, nil},
		{"end of contents in definite length", []byte{0x30, 2, 0, 0}, nil},
		{"end of contents beyond the parent", []byte{0x30, 2, 0x31, 0x80, 0, 0}, nil},
		{"primitive of indefinite length", []byte{4, 0x80, 0, 0}, nil},
		{"long tag", []byte{0x3f, 0x81, 1, 0}, nil},
		{"octets in pieces", []byte{0x24, 0x80, 4, 1, 1, 0x24, 3, 4, 1, 2, 4, 0, 0, 0}, []byte{4, 2, 1, 2}},
		{"no pieces", []byte{0x24, 0x80, 0, 0}, []byte{4, 0}},
		{"integer among the pieces", []byte{0x24, 0x80, 4, 1, 1, 2, 1, 2, 0, 0}, nil},
		{"text in pieces", []byte{0x2c, 8, 4, 2, 'a', 'b', 4, 2, 'c', 'd'}, []byte{12, 4, 'a', 'b', 'c', 'd'}},
		{"text in pieces of text", []byte{0x2c, 4, 12, 2, 'a', 'b'}, nil},
		{"bits in pieces", []byte{0x23, 0x80, 3, 2, 0, 1, 0, 0}, nil},
		{"deep enough", deep(maxBERDepth), nil},
		{"too deep", deep(maxBERDepth + 2), nil},
		{"many elements", slices.Concat([]byte{0x30, 0x80}, bytes.Repeat([]byte{5, 0}, maxBERNodes), []byte{0, 0}), nil},
		{"too large", slices.Concat([]byte{0x30, 0x80, 4, 0x84, 1, 0, 0, 0}, make([]byte, maxBERSize+10)), nil},
	} {
		got, _, err := toDER(c.in)
		switch {
		case c.name == "deep enough":
			if err != nil || len(got) != 2*maxBERDepth {
				t.Errorf("%s: %d bytes, %v", c.name, len(got), err)
			}
		case c.want == nil && !errors.Is(err, ErrFormat), c.want != nil && (err != nil || !bytes.Equal(got, c.want)):
			t.Errorf("%s: %x %v", c.name, got, err)
		}
	}
}

// TestBERCost: memory grows with the size of a message and not with its depth.
func TestBERCost(t *testing.T) {
	cost := func(n int) uint64 {
		in := slices.Concat(bytes.Repeat([]byte{0x30, 0x80}, 40), bytes.Repeat([]byte{0x24, 0x80, 4, 1, 1, 0, 0}, n), make([]byte, 80))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, _, err := toDER(in); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	small, large := cost(1000), cost(32_000)
	if large > 64*small {
		t.Errorf("%d bytes for 32 times the message of %d bytes", large, small)
	}
}

// TestAttributeOrder: a signature over the attributes in the order of DER passes
// in whichever order they stand, but not with another attribute.
func TestAttributeOrder(t *testing.T) {
	der, err := os.ReadFile("testdata/rsa-cades.der")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	var values cryptobyte.String
	whole := cryptobyte.String(s.signedRaw)
	whole.ReadASN1(&values, context0)
	var list [][]byte
	for in := values; !in.Empty(); {
		var one cryptobyte.String
		in.ReadASN1Element(&one, cbasn1.SEQUENCE)
		list = append(list, one)
	}
	slices.Reverse(list)
	changed := bytes.Replace(der, values, slices.Concat(list...), 1)
	if bytes.Equal(changed, der) {
		t.Fatal("nothing changed")
	}
	if s, err = Parse(changed); err != nil {
		t.Fatal(err)
	}
	var digest cryptobyte.String
	v, _ := s.signed.single(oidMessageDigest, cbasn1.OCTET_STRING)
	v.ReadASN1(&digest, cbasn1.OCTET_STRING)
	if err := s.Verify(digest); err != nil {
		t.Errorf("in another order: %v", err)
	}
	list[0] = bytes.Clone(list[0])
	list[0][len(list[0])-1] ^= 1
	if s, err = Parse(bytes.Replace(der, values, slices.Concat(list...), 1)); err == nil {
		err = s.Verify(digest)
	}
	if err == nil {
		t.Error("another attribute passed")
	}
}

// FuzzBER: what comes out is read again as it is, and no longer than what came
// in.
func FuzzBER(f *testing.F) {
	names, err := filepath.Glob("testdata/*.der")
	if err != nil {
		f.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for _, name := range names {
		der, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der)
		if der, _, err = toDER(der); err == nil {
			f.Add(berify(f, r, der))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		der, rest, err := toDER(in)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Errorf("untyped error %v", err)
			}
			return
		}
		again, none, err := toDER(der)
		if err != nil || len(none) != 0 || !bytes.Equal(again, der) || len(der) > len(in)-len(rest) {
			t.Errorf("%x became %x, then %x, %v", in, der, again, err)
		}
	})
}
