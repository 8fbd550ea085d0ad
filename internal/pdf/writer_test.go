package pdf

import (
	"bytes"
	"strings"
	"testing"
)

// write makes a small file with every kind of object.
func write(w *Writer) ([]byte, error) {
	catalog, pages := w.Reserve(), w.Reserve()
	w.PutRaw(pages, []byte("<</Type/Pages/Kids[]/Count 0>>"))
	stream := w.Reserve()
	w.PutStream(stream, "/Type/Test", []byte("stream\nendstream"))
	w.Put(catalog, NewDict(Entry{"Type", Name("Catalog")}, Entry{"Pages", pages}, Entry{"Test", stream}))
	info := w.Add(NewDict(Entry{"Title", TextString("Qərar № 1")}))
	return w.Finish(catalog, info)
}

func TestWriterIsRead(t *testing.T) {
	file, err := write(NewWriter(0))
	if err != nil {
		t.Fatal(err)
	}
	again, err := write(NewWriter(1 << 16))
	if err != nil || !bytes.Equal(file, again) {
		t.Errorf("the same calls give different bytes, error %v", err)
	}
	d, err := Open(file, DefaultLimits())
	if err != nil {
		t.Fatalf("the parser refuses what the writer wrote: %v", err)
	}
	cat, err := d.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	o, err := d.Resolve(cat.Get("Test"))
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := o.(*Stream); !ok || string(s.Raw) != "stream\nendstream" {
		t.Errorf("the stream is %v", o)
	}
	info, err := d.Dict(d.Trailer().Get("Info"))
	if err != nil {
		t.Fatal(err)
	}
	if title := DecodeText(info.Get("Title").(String)); title != "Qərar № 1" {
		t.Errorf("the title is %q", title)
	}
	id, err := d.Array(d.Trailer().Get("ID"))
	if err != nil || len(id) != 2 || len(id[0].(String)) != 16 || !bytes.Equal(id[0].(String), id[1].(String)) {
		t.Errorf("ID is %v, error %v", id, err)
	}
}

// TestWriterID checks that the identifier follows the content.
func TestWriterID(t *testing.T) {
	trailer := func(content string) string {
		w := NewWriter(0)
		root := w.Add(NewDict(Entry{"A", String(content)}))
		file, err := w.Finish(root, root)
		if err != nil {
			t.Fatal(err)
		}
		return string(file[bytes.Index(file, []byte("/ID")):])
	}
	if trailer("a") == trailer("b") {
		t.Error("different files have one identifier")
	}
}

func TestWriterMistakes(t *testing.T) {
	for name, tt := range map[string]struct {
		mistake func(w *Writer, root Ref)
		message string
	}{
		"put twice":    {func(w *Writer, root Ref) { w.Put(root, nil) }, "put twice"},
		"never put":    {func(w *Writer, _ Ref) { w.Reserve() }, "reserved but not put"},
		"not reserved": {func(w *Writer, _ Ref) { w.PutRaw(Ref{Num: 99}, nil) }, "was not reserved"},
		"null object":  {func(w *Writer, _ Ref) { w.PutStream(Ref{}, "", nil) }, "was not reserved"},
		"generation":   {func(w *Writer, root Ref) { root.Gen = 1; w.Put(root, nil) }, "was not reserved"},
	} {
		w := NewWriter(0)
		root := w.Add(NewDict())
		tt.mistake(w, root)
		if _, err := w.Finish(root, root); err == nil || !strings.Contains(err.Error(), tt.message) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func TestAppendReal(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0", 1: "1", -1: "-1", 0.5: "0.5", 12.25: "12.25", -3.1416: "-3.142",
		0.0004: "0", -0.0004: "0", 595.276: "595.276", 0.9996: "1", 14400: "14400", 0.07: "0.07",
	} {
		if got := string(AppendReal(nil, f)); got != want {
			t.Errorf("%v is written as %s, not %s", f, got, want)
		}
	}
}
