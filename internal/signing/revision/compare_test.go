package revision

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"docsvc/internal/pdf"
)

// build writes objects 1… as a file; an empty string leaves a gap in the table
// but puts the next object's bytes anyway.
func build(objects ...string) []byte {
	b := []byte("%PDF-1.7\n")
	table := "xref\n0 1\n0000000000 65535 f\r\n"
	for i, o := range objects {
		table += fmt.Sprintf("%d 1\n%010d 00000 n\r\n", i+1, len(b))
		b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := len(b)
	b = append(b, table...)
	return fmt.Appendf(b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
}

// update appends objects by number, and free entries for those without text.
func update(file []byte, prev int, trailer string, objects map[int]string) []byte {
	b := append([]byte(nil), file...)
	table := "xref\n"
	for n := range 1000 {
		o, ok := objects[n]
		switch {
		case !ok:
		case o == "":
			table += fmt.Sprintf("%d 1\n0000000000 00001 f\r\n", n)
		case strings.HasPrefix(o, "@"): // redirect to an offset
			table += fmt.Sprintf("%d 1\n%010s 00000 n\r\n", n, o[1:])
		default:
			table += fmt.Sprintf("%d 1\n%010d 00000 n\r\n", n, len(b))
			b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", n, o)
		}
	}
	start := len(b)
	b = append(b, table...)
	if prev >= 0 {
		trailer += fmt.Sprintf("/Prev %d", prev)
	}
	return fmt.Appendf(b, "trailer\n<</Size 1000%s>>\nstartxref\n%d\n%%%%EOF\n", trailer, start)
}

const root = "/Root 1 0 R"

// signature is a value that claims to sign all of a file.
const signature = "<</Type/Sig/SubFilter/ETSI.CAdES.detached/ByteRange[0 1 90000 1]/Contents<00>>>"

// The signed revision: a page 3 whose content 4 is shown, an empty signature
// field 5, its list 6 shared by nobody, and a hidden object in no table.
func signed(t *testing.T, edit ...string) *pdf.Document {
	t.Helper()
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields 6 0 R/SigFlags 3>>>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[5 0 R]/Resources<</X 900 0 R>>>>",
		"<</Length 5>>\nstream\nBT ET\nendstream",
		"<</Type/Annot/Subtype/Widget/FT/Sig/T(imza1)/Rect[0 0 9 9]>>",
		"[5 0 R]",
		"(unused)",
	}
	for i := 0; i+1 < len(edit); i += 2 {
		for j := range objects {
			objects[j] = strings.ReplaceAll(objects[j], edit[i], edit[i+1])
		}
	}
	d, err := pdf.Open(build(objects...), pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func compare(t *testing.T, a *pdf.Document, prev int, trailer string, objects map[int]string) ([]Change, error) {
	t.Helper()
	b, err := pdf.Open(update(a.Bytes(), prev, trailer, objects), pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return Compare(a, b)
}

const filled = "<</Type/Annot/Subtype/Widget/FT/Sig/T(imza1)/Rect[0 0 9 9]/V 20 0 R>>"
const stamp = "<</Type/DocTimeStamp/SubFilter/ETSI.RFC3161/ByteRange[0 1 90000 1]/Contents<00>>>"
const widget = "<</Type/Annot/Subtype/Widget/FT/Sig/T(ts)/Rect[0 0 0 0]/V 20 0 R>>"

func TestPermitted(t *testing.T) {
	page := "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[5 0 R 21 0 R]/Resources<</X 900 0 R>>>>"
	for _, c := range []struct {
		name    string
		objects map[int]string
		want    string
	}{
		{"nothing", nil, "[]"},
		{"field signed", map[int]string{5: filled, 20: signature}, "[signature imza1]"},
		{"field signed, with an appearance", map[int]string{
			5: strings.Replace(filled, "/V", "/AP<</N 22 0 R>>/V", 1), 20: signature,
			22: "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</Font<</F 23 0 R>>>>/Length 5>>\nstream\nBT ET\nendstream", 23: "<</Type/Font>>",
		}, "[signature imza1]"},
		{"time-stamp", map[int]string{3: page, 6: "[5 0 R 21 0 R]", 20: stamp, 21: widget}, "[document-timestamp ts]"},
		{"same content again", map[int]string{4: "<</Length 5>>\nstream\nBT ET\nendstream", 3: strings.Replace(page, " 21 0 R", "", 1)}, "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := signed(t)
			changes, err := compare(t, a, a.Sections()[0], root, c.objects)
			if err != nil || fmt.Sprint(changes) != c.want {
				t.Errorf("%v %v, want %s", changes, err, c.want)
			}
		})
	}
}

func TestForbidden(t *testing.T) {
	page := "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[5 0 R 21 0 R]/Resources<</X 900 0 R>>>>"
	at := func(a *pdf.Document, num int) string { return fmt.Sprintf("@%d", a.Location(num).Offset) }
	for _, c := range []struct {
		name    string
		signed  []string // replacements in the signed revision
		prev    int      // 0: the signed section
		trailer string   // empty: root
		objects func(a *pdf.Document) map[int]string
		reason  string
	}{
		{name: "dangling reference supplied", reason: "missing when the file was signed",
			objects: func(*pdf.Document) map[int]string {
				return map[int]string{5: filled, 20: "<</SubFilter/ETSI.CAdES.detached/ByteRange[0 1 90000 1]/Contents<00>/X 900 0 R>>", 900: "(evil)"}
			}},
		{name: "redirected into the signed bytes", reason: "redirected",
			objects: func(a *pdf.Document) map[int]string { return map[int]string{4: at(a, 7)} }},
		{name: "object deleted", reason: "deleted",
			objects: func(*pdf.Document) map[int]string { return map[int]string{5: ""} }},
		{name: "chain without the signed section", prev: -1, reason: "does not continue",
			objects: func(*pdf.Document) map[int]string {
				return map[int]string{1: "<</Type/Catalog/Pages 2 0 R>>", 2: "<</Type/Pages/Kids[]/Count 0>>"}
			}},
		{name: "another root", trailer: "/Root 20 0 R", reason: "another Root",
			objects: func(*pdf.Document) map[int]string { return map[int]string{20: "<</Type/Catalog/Pages 2 0 R>>"} }},
		{name: "Info added", trailer: root + "/Info 20 0 R", reason: "another Info",
			objects: func(*pdf.Document) map[int]string { return map[int]string{20: "<</Title(x)>>"} }},
		{name: "value signs less than the file", reason: "no signature over",
			objects: func(*pdf.Document) map[int]string {
				return map[int]string{5: filled, 20: "<</SubFilter/X/ByteRange[0 1 2 3]/Contents<00>>>"}
			}},
		{name: "value is no new object", reason: "not a new object",
			objects: func(*pdf.Document) map[int]string { return map[int]string{5: strings.Replace(filled, "20", "7", 1)} }},
		{name: "field signed and moved", reason: "otherwise than by being signed",
			objects: func(*pdf.Document) map[int]string {
				return map[int]string{5: strings.Replace(filled, "[0 0 9 9]", "[0 0 99 99]", 1), 20: signature}
			}},
		{name: "appearance without a signature", reason: "otherwise than by being signed",
			objects: func(*pdf.Document) map[int]string {
				return map[int]string{5: strings.Replace(filled, "/V 20 0 R", "/AP<</N 22 0 R>>", 1), 22: "<</Length 5>>\nstream\nBT ET\nendstream"}
			}},
		{name: "appearance replaced in place", reason: "object 4 (Root/Pages/Kids/0/Contents) was changed",
			objects: func(*pdf.Document) map[int]string {
				return map[int]string{5: strings.Replace(filled, "/V", "/AP<</N 4 0 R>>/V", 1), 20: signature, 4: "<</Length 2>>\nstream\nBT\nendstream"}
			}},
		{name: "text field filled", signed: []string{"/FT/Sig", "/FT/Tx"}, reason: "otherwise than by being signed",
			objects: func(*pdf.Document) map[int]string {
				return map[int]string{5: strings.Replace(filled, "/FT/Sig", "/FT/Tx", 1), 20: signature}
			}},
		{name: "list plays two parts", signed: []string{"/Annots[5 0 R]", "/Annots 6 0 R"}, reason: "several places",
			objects: func(*pdf.Document) map[int]string {
				return map[int]string{6: "[5 0 R 21 0 R]", 20: stamp, 21: widget}
			}},
		{name: "visible time-stamp", reason: "not an invisible",
			objects: func(*pdf.Document) map[int]string {
				return map[int]string{3: page, 6: "[5 0 R 21 0 R]", 20: stamp, 21: strings.Replace(widget, "[0 0 0 0]", "[0 0 5 5]", 1)}
			}},
		{name: "time-stamp field with an action", reason: "has the entry A",
			objects: func(*pdf.Document) map[int]string {
				return map[int]string{3: page, 6: "[5 0 R 21 0 R]", 20: stamp, 21: strings.Replace(widget, "/V", "/A<<>>/V", 1)}
			}},
		{name: "time-stamp field named as another", reason: "the name of another",
			objects: func(*pdf.Document) map[int]string {
				return map[int]string{3: page, 6: "[5 0 R 21 0 R]", 20: stamp, 21: strings.Replace(widget, "(ts)", "(imza1)", 1)}
			}},
		{name: "time-stamp field named as one below another", reason: "none of its own",
			objects: func(*pdf.Document) map[int]string {
				return map[int]string{3: page, 6: "[5 0 R 21 0 R]", 20: stamp, 21: strings.Replace(widget, "(ts)", "(imza1.a)", 1)}
			}},
		{name: "new annotation that is no field", reason: "no signature field",
			objects: func(*pdf.Document) map[int]string {
				return map[int]string{3: strings.Replace(page, "21 0 R", "21 0 R 22 0 R", 1), 6: "[5 0 R 21 0 R]", 20: stamp, 21: widget, 22: "<</Subtype/FreeText>>"}
			}},
		{name: "page turned", reason: "entry Rotate",
			objects: func(*pdf.Document) map[int]string {
				return map[int]string{3: strings.Replace(page, "/Annots", "/Rotate 90/Annots", 1), 6: "[5 0 R 21 0 R]", 20: stamp, 21: widget}
			}},
		{name: "page without time-stamp gets an annotation", reason: "object 3 (Page, Root/Pages/Kids/0) was changed",
			objects: func(*pdf.Document) map[int]string { return map[int]string{3: page, 21: "<</Subtype/FreeText>>"} }},
		{name: "fields exchanged", reason: "removed or replaced",
			objects: func(*pdf.Document) map[int]string { return map[int]string{6: "[21 0 R]", 20: stamp, 21: widget} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := signed(t, c.signed...)
			prev, trailer := a.Sections()[0], root
			if c.prev != 0 {
				prev = c.prev
			}
			if c.trailer != "" {
				trailer = c.trailer
			}
			changes, err := compare(t, a, prev, trailer, c.objects(a))
			if !errors.Is(err, ErrForbidden) || !strings.Contains(err.Error(), c.reason) {
				t.Errorf("%v, %v; want %q", changes, err, c.reason)
			}
		})
	}
}

// TestHybrid: the table of the update frees the content, and a stream that was
// signed with the rest, for this purpose, puts it back where it was. Some readers
// then see a change, others none.
func TestHybrid(t *testing.T) {
	at := signed(t).Location(4).Offset // the same in the file with one more object
	rows := string([]byte{1, byte(at >> 8), byte(at), 0})
	a := signed(t, "(unused)", "<</Type/XRef/Size 8/W[1 2 1]/Index[4 1]/Length 4>>\nstream\n"+rows+"\nendstream")
	if a.Location(4).Offset != at {
		t.Fatal("the content has moved")
	}
	trailer := fmt.Sprintf("%s/XRefStm %d", root, a.Location(7).Offset)
	if changes, err := compare(t, a, a.Sections()[0], trailer, map[int]string{4: ""}); !errors.Is(err, ErrForbidden) || !strings.Contains(err.Error(), "beside its table") {
		t.Errorf("%v, %v", changes, err)
	}
}

func TestEqual(t *testing.T) {
	values := []pdf.Object{nil, true, int64(1), pdf.Real("1.0"), pdf.String("1"), pdf.Name("1"), pdf.Ref{Num: 1}, pdf.Array{int64(1)},
		pdf.NewDict(pdf.Entry{Key: "A", Value: int64(1)}), &pdf.Stream{Dict: pdf.NewDict(), Raw: []byte("1")}}
	for i, a := range values {
		for j, b := range values {
			if equal(a, b) != (i == j) {
				t.Errorf("equal(%v, %v) is %v", a, b, i != j)
			}
		}
	}
}
