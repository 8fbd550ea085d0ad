package revision

import (
	"bytes"

	"docsvc/internal/pdf"
)

// equal compares two objects without following references. The order of a
// dictionary's entries does not matter.
func equal(a, b pdf.Object) bool {
	switch a := a.(type) {
	case pdf.String:
		b, ok := b.(pdf.String)
		return ok && bytes.Equal(a, b)
	case pdf.Array:
		b, ok := b.(pdf.Array)
		return ok && len(a) == len(b) && hasPrefix(b, a)
	case *pdf.Dict:
		b, ok := b.(*pdf.Dict)
		return ok && len(a.Entries) == len(b.Entries) && len(differences(a, b)) == 0
	case *pdf.Stream:
		b, ok := b.(*pdf.Stream)
		return ok && bytes.Equal(a.Raw, b.Raw) && equal(a.Dict, b.Dict)
	}
	switch b.(type) { // the types above cannot be compared with ==
	case pdf.String, pdf.Array:
		return false
	}
	return a == b
}

func hasPrefix(list, prefix pdf.Array) bool {
	if len(list) < len(prefix) {
		return false
	}
	for i := range prefix {
		if !equal(prefix[i], list[i]) {
			return false
		}
	}
	return true
}

// difference is one key whose value is not the same; absent is nil, which ISO
// 32000-1 § 7.3.7 treats alike.
type difference struct {
	key         pdf.Name
	before, now pdf.Object
}

func differences(a, b *pdf.Dict) []difference {
	var list []difference
	in := lookup(b)
	for _, e := range a.Entries {
		if now := in(e.Key); !equal(e.Value, now) {
			list = append(list, difference{e.Key, e.Value, now})
		}
	}
	in = lookup(a)
	for _, e := range b.Entries {
		if in(e.Key) == nil && e.Value != nil {
			list = append(list, difference{e.Key, nil, e.Value})
		}
	}
	return list
}

// lookup is d.Get, but for a large dictionary, which only a hostile file has,
// by a map: comparing two must not take quadratic time.
func lookup(d *pdf.Dict) func(pdf.Name) pdf.Object {
	if len(d.Entries) < 64 {
		return d.Get
	}
	m := make(map[pdf.Name]pdf.Object, len(d.Entries))
	for _, e := range d.Entries {
		m[e.Key] = e.Value
	}
	return func(key pdf.Name) pdf.Object { return m[key] }
}
