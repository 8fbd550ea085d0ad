// Package pdf reads and writes the objects of ISO 32000-1 that an act needs:
// a deterministic writer for new files, a strict parser that repairs nothing,
// and incremental updates that leave every earlier byte as it was.
//
// It knows syntax only. What a page, a tag or a signature means is the
// business of the packages typeset and signing.
package pdf

import (
	"encoding/hex"
	"slices"
	"strconv"
	"unicode/utf16"
)

// Object is one of: nil (the null object), bool, int64, Real, String, Name,
// Ref, Array, *Dict, *Stream. Nothing else is ever stored in an Array or Dict.
type Object any

// Name is a name object without its slash and with its #xx escapes resolved.
type Name string

// Real keeps a number's text as it was written, so that copying an object from
// one revision to the next changes nothing.
type Real string

// String is the decoded content of a literal or hexadecimal string.
type String []byte

// Ref points to an indirect object.
type Ref struct{ Num, Gen int }

// Array is an array object.
type Array []Object

// Entry is one key with its value.
type Entry struct {
	Key   Name
	Value Object
}

// Dict is a dictionary that keeps the order of its entries: two runs over the
// same input write the same bytes.
type Dict struct{ Entries []Entry }

// Stream is a stream object; Raw holds the bytes as stored, still encoded by
// the filters that Dict names.
type Stream struct {
	Dict *Dict
	Raw  []byte
}

// NewDict builds a dictionary from key, value pairs.
func NewDict(entries ...Entry) *Dict { return &Dict{Entries: entries} }

// Get returns the value of key, or nil when the dictionary is nil or lacks it.
func (d *Dict) Get(key Name) Object {
	if d == nil {
		return nil
	}
	for _, e := range d.Entries {
		if e.Key == key {
			return e.Value
		}
	}
	return nil
}

// Set replaces the value of key, or appends the entry.
func (d *Dict) Set(key Name, value Object) {
	for i := range d.Entries {
		if d.Entries[i].Key == key {
			d.Entries[i].Value = value
			return
		}
	}
	d.Entries = append(d.Entries, Entry{key, value})
}

// Clone returns a copy whose entries can be changed without touching d.
func (d *Dict) Clone() *Dict { return &Dict{Entries: slices.Clone(d.Entries)} }

// TextString encodes s as a text string (ISO 32000-1 § 7.9.2.2): printable
// ASCII as it is, anything else UTF-16BE with a byte order mark.
func TextString(s string) String {
	for _, r := range s {
		if r < 32 || r > 126 {
			b := String{0xfe, 0xff}
			for _, u := range utf16.Encode([]rune(s)) {
				b = append(b, byte(u>>8), byte(u))
			}
			return b
		}
	}
	return String(s)
}

// AppendObject appends the syntax of o to dst. Strings are written in
// hexadecimal, so that no escaping can go wrong.
func AppendObject(dst []byte, o Object) []byte {
	switch o := o.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, o)
	case int:
		return strconv.AppendInt(dst, int64(o), 10)
	case int64:
		return strconv.AppendInt(dst, o, 10)
	case Real:
		return append(dst, o...)
	case String:
		dst = append(dst, '<')
		dst = hex.AppendEncode(dst, o)
		return append(dst, '>')
	case Name:
		return appendName(dst, o)
	case Ref:
		dst = strconv.AppendInt(dst, int64(o.Num), 10)
		dst = append(dst, ' ')
		dst = strconv.AppendInt(dst, int64(o.Gen), 10)
		return append(dst, " R"...)
	case Array:
		dst = append(dst, '[')
		for i, e := range o {
			if i > 0 {
				dst = append(dst, ' ')
			}
			dst = AppendObject(dst, e)
		}
		return append(dst, ']')
	case *Dict:
		dst = append(dst, "<<"...)
		for _, e := range o.Entries {
			dst = appendName(dst, e.Key)
			dst = append(dst, ' ')
			dst = AppendObject(dst, e.Value)
		}
		return append(dst, ">>"...)
	case *Stream:
		d := o.Dict.Clone()
		d.Set("Length", int64(len(o.Raw)))
		dst = AppendObject(dst, d)
		dst = append(dst, "\nstream\n"...)
		dst = append(dst, o.Raw...)
		return append(dst, "\nendstream"...)
	default:
		panic("pdf: not an object")
	}
}

func appendName(dst []byte, n Name) []byte {
	const hexDigits = "0123456789ABCDEF"
	dst = append(dst, '/')
	for i := range len(n) {
		c := n[i]
		if c <= ' ' || c >= 127 || isDelimiter(c) || c == '#' {
			dst = append(dst, '#', hexDigits[c>>4], hexDigits[c&15])
			continue
		}
		dst = append(dst, c)
	}
	return dst
}

func isDelimiter(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}
