package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxInput is the largest form taken, in bytes. No field takes a text near
// maxText bytes long; a longer one is refused before work is spent on it.
const (
	MaxInput = 1 << 20
	maxText  = 64 << 10
	maxDepth = 16
)

// decode reads one JSON value. Numbers stay json.Number and texts are
// normalised. A name that stands twice in an object is refused: readers would
// disagree on which of the two holds.
func decode(raw []byte) (any, *Fault) {
	if len(raw) > MaxInput {
		return nil, &Fault{Key: "size", Args: map[string]string{"max": strconv.Itoa(MaxInput)}}
	}
	if !utf8.Valid(raw) {
		return nil, &Fault{Key: "json", Args: map[string]string{"reason": "not UTF-8"}}
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	v, err := decodeValue(dec, 0)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, &Fault{Key: "json", Args: map[string]string{"reason": err.Error()}}
	}
	return v, nil
}

func decodeValue(dec *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := tok.(type) {
	case string:
		if len(t) > maxText {
			return nil, fmt.Errorf("a text is longer than %d bytes", maxText)
		}
		return Normalise(t), nil
	case json.Number:
		// An exponent would let a short text ask for a number of any size.
		if len(t) > 20 || strings.ContainsAny(t.String(), "eE") {
			return nil, errors.New("a number is too long or has an exponent")
		}
	case json.Delim:
		if t == '[' {
			return decodeArray(dec, depth)
		}
		return decodeObject(dec, depth)
	}
	return tok, nil
}

func decodeArray(dec *json.Decoder, depth int) (any, error) {
	list := []any{}
	for dec.More() {
		v, err := decodeValue(dec, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := dec.Token()
	return list, err
}

func decodeObject(dec *json.Decoder, depth int) (any, error) {
	object := map[string]any{}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return nil, err
		}
		name, ok := tok.(string)
		if !ok {
			return nil, fmt.Errorf("name expected, found %v", tok)
		}
		if _, twice := object[name]; twice {
			return nil, fmt.Errorf("name %q stands twice", name)
		}
		if object[name], err = decodeValue(dec, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := dec.Token()
	return object, err
}
