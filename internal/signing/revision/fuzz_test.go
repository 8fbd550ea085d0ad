package revision

import (
	"fmt"
	"strings"
	"testing"

	"docsvc/internal/pdf"
)

// FuzzCompare appends anything to a signed revision. Whatever is found to be
// permitted must leave what the pages show as it was; that is looked at in
// another way than Compare does: by writing out all that the page tree leads to.
func FuzzCompare(f *testing.F) {
	base := build(
		"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields 6 0 R/SigFlags 3>>>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/Contents[4 0 R 900 0 R]/Annots[5 0 R]/Resources<</Font<</F1 7 0 R>>>>>>",
		"<</Length 5>>\nstream\nBT ET\nendstream",
		"<</Type/Annot/Subtype/Widget/FT/Sig/T(imza1)/Rect[0 0 9 9]>>",
		"[5 0 R]",
		"<</Type/Font/BaseFont/Helvetica>>",
	)
	old, err := pdf.Open(base, pdf.Limits{})
	if err != nil {
		f.Fatal(err)
	}
	seed := func(objects map[int]string) { f.Add(update(base, old.Sections()[0], root, objects)[len(base):]) }
	page := "<</Type/Page/Parent 2 0 R/Contents[4 0 R 900 0 R]/Annots[5 0 R 21 0 R]/Resources<</Font<</F1 7 0 R>>>>>>"
	seed(nil)
	seed(map[int]string{5: filled, 20: signature})
	seed(map[int]string{3: page, 6: "[5 0 R 21 0 R]", 20: stamp, 21: widget})
	seed(map[int]string{4: "<</Length 2>>\nstream\nBT\nendstream"})
	seed(map[int]string{900: "<</Length 2>>\nstream\nBT\nendstream"})
	seed(map[int]string{1: "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields 6 0 R/SigFlags 3>>/DSS 30 0 R>>",
		30: "<</Certs[31 0 R]/VRI<</0123456789012345678901234567890123456789<</Cert[31 0 R]>>>>>>", 31: "<</Length 1>>\nstream\nx\nendstream"})
	f.Fuzz(func(t *testing.T, tail []byte) {
		file := append(append([]byte{}, base...), tail...)
		now, err := pdf.Open(file, pdf.Limits{Inflated: 1 << 20, Values: 100_000, Entries: 100_000})
		if err != nil {
			return
		}
		before, err := now.Revision(len(base))
		if err != nil {
			t.Fatal(err)
		}
		changes, err := Compare(before, now)
		if err != nil {
			return
		}
		if a, b := shown(t, before), shown(t, now); a != b {
			t.Errorf("%v were permitted, and the pages changed from\n%s\nto\n%s", changes, a, b)
		}
	})
}

// shown writes out all that a reader meets on the pages, without the
// annotations that may be added and the values and appearances of fields.
func shown(t *testing.T, d *pdf.Document) string {
	t.Helper()
	c, err := d.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	seen := map[int]bool{}
	var write func(o pdf.Object)
	entries := func(dict *pdf.Dict) {
		for _, key := range []pdf.Name{"Type", "Kids", "Count", "Contents", "Resources", "Font", "F1", "BaseFont", "MediaBox", "Rotate", "Length", "Filter", "Rect", "FT", "T", "F"} {
			if v := dict.Get(key); v != nil {
				fmt.Fprintf(&b, "/%s ", key)
				write(v)
			}
		}
	}
	write = func(o pdf.Object) {
		switch o := o.(type) {
		case pdf.Ref:
			fmt.Fprintf(&b, "{%d ", o.Num)
			if !seen[o.Num] {
				seen[o.Num] = true
				v, err := d.Resolve(o)
				if err != nil {
					t.Fatal(err)
				}
				write(v)
			}
			b.WriteByte('}')
		case pdf.Array:
			for _, e := range o {
				write(e)
			}
		case *pdf.Dict:
			entries(o)
		case *pdf.Stream:
			entries(o.Dict)
			fmt.Fprintf(&b, "%q", o.Raw)
		default:
			b.Write(pdf.AppendObject(nil, o))
		}
	}
	write(c.Get("Pages"))
	b.WriteString("\nfield ")
	write(pdf.Ref{Num: 5})
	return b.String()
}
