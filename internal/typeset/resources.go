package typeset

import (
	"slices"
	"strconv"

	"docsvc/internal/pdf"

	"github.com/boxesandglue/textshape/ot"
)

// resources gathers what the pages of a document use. All pages share one
// resource dictionary.
type resources struct {
	fonts   fontUse
	images  []namedImage
	symbols []namedSymbol
}

type namedImage struct {
	key   string
	image *image
}

type namedSymbol struct {
	key    string
	symbol Symbol
}

// image returns the resource name of a picture.
func (r *resources) image(key string, im *image) string {
	i := slices.IndexFunc(r.images, func(n namedImage) bool { return n.key == key })
	if i < 0 {
		i = len(r.images)
		r.images = append(r.images, namedImage{key, im})
	}
	return "I" + itoa(i)
}

// symbol returns the resource name of a symbol.
func (r *resources) symbol(key string, s Symbol) string {
	i := slices.IndexFunc(r.symbols, func(n namedSymbol) bool { return n.key == key })
	if i < 0 {
		i = len(r.symbols)
		r.symbols = append(r.symbols, namedSymbol{key, s})
	}
	return "S" + itoa(i)
}

// fontUse records which subset of each face a document needs.
type fontUse struct {
	faces []usedFace // by face index
}

type usedFace struct {
	face  *face
	tier  uint8
	extra map[ot.GlyphID]string
}

func (u *fontUse) use(f *face) { u.faces[f.index].face = f }

func (u *fontUse) text(s *shaped) {
	uf := &u.faces[s.face.index]
	uf.tier = max(uf.tier, s.tier)
	if len(s.extra) == 0 {
		return
	}
	if uf.extra == nil {
		uf.extra = map[ot.GlyphID]string{}
	}
	for _, x := range s.extra {
		if _, ok := uf.extra[x.glyph]; !ok {
			uf.extra[x.glyph] = x.text
		}
	}
}

// write adds the resources to w and returns their dictionary.
func (r *resources) write(w *pdf.Writer) (pdf.Ref, error) {
	fonts := pdf.NewDict()
	for i := range r.fonts.faces {
		u := &r.fonts.faces[i]
		if u.face == nil {
			continue
		}
		s, err := u.subset()
		if err != nil {
			return pdf.Ref{}, err
		}
		fonts.Set(pdf.Name("F"+itoa(i)), s.write(w))
	}
	objects := pdf.NewDict()
	for i, n := range r.images {
		space := "/DeviceRGB"
		if n.image.gray {
			space = "/DeviceGray"
		}
		ref := w.Reserve()
		w.PutStream(ref, "/Type/XObject/Subtype/Image/Width "+itoa(n.image.width)+"/Height "+itoa(n.image.height)+
			"/ColorSpace"+space+"/BitsPerComponent 8/Filter/FlateDecode", n.image.data)
		objects.Set(pdf.Name("I"+itoa(i)), ref)
	}
	for i := range r.symbols {
		ref := w.Reserve()
		w.PutStream(ref, "/Type/XObject/Subtype/Form/BBox[0 0 1 1]/Resources<<>>/Filter/FlateDecode", deflate(r.symbols[i].symbol.draw()))
		objects.Set(pdf.Name("S"+itoa(i)), ref)
	}
	return w.Add(pdf.NewDict(pdf.Entry{Key: "Font", Value: fonts}, pdf.Entry{Key: "XObject", Value: objects})), nil
}

func (u *usedFace) subset() (*fontSubset, error) {
	if u.tier >= tierOwn {
		return u.face.own(u.extra)
	}
	return u.face.fixed(int(u.tier))
}

func appendRef(b []byte, n int) []byte {
	b = strconv.AppendInt(b, int64(n), 10)
	return append(b, " 0 R"...)
}
