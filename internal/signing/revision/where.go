package revision

import (
	"fmt"
	"strings"

	"docsvc/internal/pdf"
)

// where says what an object is and how one gets to it from the catalog, for the
// reader of the verdict: " (Page, Root/Pages/Kids/0)". It is empty for an object
// that nothing leads to.
func where(doc *pdf.Document, num int) string {
	var parts []string
	if t := typeOf(doc, num); t != "" {
		parts = append(parts, t)
	}
	if p := pathTo(doc, num); p != "" {
		parts = append(parts, p)
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// typeOf is an object's Type, or Subtype where it has none.
func typeOf(doc *pdf.Document, num int) string {
	o, _ := doc.Object(num) // only for the message: an error leaves it shorter
	if s, ok := o.(*pdf.Stream); ok {
		o = s.Dict
	}
	d, ok := o.(*pdf.Dict)
	if !ok {
		return ""
	}
	for _, key := range []pdf.Name{"Type", "Subtype"} {
		if t, ok := d.Get(key).(pdf.Name); ok {
			return fmt.Sprintf("%.20s", string(t))
		}
	}
	return ""
}

const maxPath = 12 // steps that a reader would still follow

// step is how the search came to an object.
type step struct {
	from int
	key  string
}

// pathTo finds the shortest way from the trailer.
func pathTo(doc *pdf.Document, num int) string {
	ways := map[int]step{}
	queue := []int{}
	visit := func(from int, o pdf.Object) {
		eachReference(o, "", func(r pdf.Ref, key string) {
			if _, seen := ways[r.Num]; !seen {
				ways[r.Num] = step{from, key}
				queue = append(queue, r.Num)
			}
		})
	}
	visit(0, pdf.NewDict(pdf.Entry{Key: "Root", Value: doc.Trailer().Get("Root")}, pdf.Entry{Key: "Info", Value: doc.Trailer().Get("Info")}))
	for len(queue) > 0 {
		if _, found := ways[num]; found {
			break
		}
		next := queue[0]
		queue = queue[1:]
		o, err := doc.Object(next)
		if err != nil {
			return "" // only for the message
		}
		visit(next, o)
	}
	var keys []string
	for at := num; at != 0; {
		s, ok := ways[at]
		if !ok || len(keys) == maxPath {
			return ""
		}
		keys = append([]string{s.key}, keys...)
		at = s.from
	}
	return strings.Join(keys, "/")
}

// eachReference goes through the direct objects of o.
func eachReference(o pdf.Object, path string, fn func(r pdf.Ref, path string)) {
	join := func(key string) string {
		if path == "" {
			return key
		}
		return path + "/" + key
	}
	switch o := o.(type) {
	case pdf.Ref:
		fn(o, path)
	case pdf.Array:
		for i, e := range o {
			eachReference(e, join(fmt.Sprint(i)), fn)
		}
	case *pdf.Dict:
		for _, e := range o.Entries {
			eachReference(e.Value, join(fmt.Sprintf("%.20s", string(e.Key))), fn)
		}
	case *pdf.Stream:
		eachReference(o.Dict, path, fn)
	}
}
