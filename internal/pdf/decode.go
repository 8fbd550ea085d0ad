package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
)

// Decode undoes the filters of a stream. Only FlateDecode, with or without PNG
// predictors, is known: it is all that cross-reference, object and DSS streams
// use.
func (d *Document) Decode(s *Stream) ([]byte, error) {
	filter, err := d.only(s.Dict.Get("Filter"))
	if err != nil {
		return nil, err
	}
	if filter == nil {
		return s.Raw, nil
	}
	if filter != Name("FlateDecode") {
		return nil, fmt.Errorf("%w: filter %v is not supported", ErrSyntax, filter)
	}
	parms, err := d.only(s.Dict.Get("DecodeParms"))
	if err != nil {
		return nil, err
	}
	data, err := d.inflate(s.Raw)
	if err != nil {
		return nil, err
	}
	p, ok := parms.(*Dict)
	if !ok {
		return data, nil
	}
	predictor, _ := p.Get("Predictor").(int64)
	if predictor <= 1 {
		return data, nil
	}
	columns, ok := p.Get("Columns").(int64)
	if !ok {
		columns = 1
	}
	colors, bits := p.Get("Colors"), p.Get("BitsPerComponent")
	if predictor < 10 || columns < 1 || columns > 1<<16 || colors != nil && colors != int64(1) || bits != nil && bits != int64(8) {
		return nil, fmt.Errorf("%w: predictor %d is not supported", ErrSyntax, predictor)
	}
	return unpredict(data, int(columns))
}

// only unwraps an array of one element: a single filter or its parameters.
func (d *Document) only(o Object) (Object, error) {
	o, err := d.Resolve(o)
	if a, ok := o.(Array); ok && err == nil {
		switch len(a) {
		case 0:
			return nil, nil
		case 1:
			return d.Resolve(a[0])
		}
		return nil, fmt.Errorf("%w: chains of filters are not supported", ErrSyntax)
	}
	return o, err
}

func (d *Document) inflate(raw []byte) ([]byte, error) {
	z, err := zlib.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	data, err := io.ReadAll(io.LimitReader(z, int64(d.budget.inflated)+1))
	if len(data) > d.budget.inflated {
		return nil, fmt.Errorf("%w: inflated data", ErrLimit)
	}
	d.budget.inflated -= len(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	return data, nil
}

// unpredict undoes the PNG filters (RFC 2083 § 6) of rows with one byte a
// sample. It works in place.
func unpredict(in []byte, columns int) ([]byte, error) {
	if len(in)%(columns+1) != 0 {
		return nil, fmt.Errorf("%w: predicted data is not whole rows", ErrSyntax)
	}
	out := in[:0]
	above := make([]byte, columns)
	for ; len(in) > 0; in = in[columns+1:] {
		kind, row := in[0], in[1:columns+1]
		var left, corner byte
		for i, c := range row {
			switch kind {
			case 0:
			case 1:
				c += left
			case 2:
				c += above[i]
			case 3:
				c += byte((int(left) + int(above[i])) / 2)
			case 4:
				c += paeth(left, above[i], corner)
			default:
				return nil, fmt.Errorf("%w: PNG filter %d", ErrSyntax, kind)
			}
			row[i], left, corner = c, c, above[i]
		}
		copy(above, row)
		out = append(out, above...)
	}
	return out, nil
}

func paeth(a, b, c byte) byte {
	pa, pb := abs(int(b)-int(c)), abs(int(a)-int(c))
	pc := abs(int(a) + int(b) - 2*int(c))
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func abs(x int) int {
	if x < 0 {
		return -x
	}
	return x
}
