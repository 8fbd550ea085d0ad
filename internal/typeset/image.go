package typeset

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image/color"
	"image/png"
	"strings"
	"sync"

	goimage "image"
)

// image is a decoded picture, deflated for embedding.
type image struct {
	width, height int
	gray          bool
	data          []byte
}

// imageCache remembers decoded pictures by the hash of their file, because
// every act of an office carries the same emblem.
type imageCache struct {
	mu    sync.Mutex
	byKey map[[32]byte]*image
}

const cachedImages = 32

func (c *imageCache) get(data []byte) (*image, error) {
	key := sha256.Sum256(data)
	c.mu.Lock()
	im := c.byKey[key]
	c.mu.Unlock()
	if im != nil {
		return im, nil
	}
	im, err := decodePNG(data)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byKey == nil || len(c.byKey) >= cachedImages {
		c.byKey = map[[32]byte]*image{}
	}
	c.byKey[key] = im
	return im, nil
}

// decodePNG reads a picture and lays it on white paper.
func decodePNG(data []byte) (*image, error) {
	if len(data) > maxImageBytes {
		return nil, fmt.Errorf("it has more than %d bytes", maxImageBytes)
	}
	cfg, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("it is not a readable PNG: %w", err)
	}
	if cfg.Width < 1 || cfg.Height < 1 || cfg.Width > maxImagePixels/cfg.Height {
		return nil, fmt.Errorf("it has %d × %d pixels, more than %d", cfg.Width, cfg.Height, maxImagePixels)
	}
	src, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("it is not a readable PNG: %w", err)
	}
	return flatten(src), nil
}

func flatten(src goimage.Image) *image {
	b := src.Bounds()
	im := &image{width: b.Dx(), height: b.Dy(), gray: true}
	rgb := make([]byte, 0, 3*im.width*im.height)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := color.NRGBAModel.Convert(src.At(x, y)).(color.NRGBA)
			a := uint32(c.A)
			over := func(v uint8) byte { return byte((uint32(v)*a + 255*(255-a) + 127) / 255) }
			p := [3]byte{over(c.R), over(c.G), over(c.B)}
			im.gray = im.gray && p[0] == p[1] && p[1] == p[2]
			rgb = append(rgb, p[:]...)
		}
	}
	if im.gray {
		for i := range len(rgb) / 3 {
			rgb[i] = rgb[3*i]
		}
		rgb = rgb[:len(rgb)/3]
	}
	im.data = deflateBest(rgb)
	return im
}

// atom makes the image or symbol that the <img> n shows.
func (l *layout) atom(n *node, el *elem) (*atom, error) {
	if strings.TrimSpace(n.attr("alt")) == "" {
		return nil, errorAt(n.pos, "<img> has no alt text")
	}
	w, h, err := l.boxSize(n, 0)
	if err != nil {
		return nil, err
	}
	kind, key, _ := strings.Cut(n.attr("src"), ":")
	a := &atom{width: w, height: h}
	var ratio float64 // height to width
	switch kind {
	case "symbol":
		s, ok := l.doc.Symbols[key]
		if !ok {
			return nil, errorAt(n.pos, "there is no symbol %q", key)
		}
		a.symbol, a.name = true, l.res.symbol(key, s)
		if ratio = float64(s.Height+2*s.Quiet) / float64(s.Width+2*s.Quiet); s.Height == 1 && h == 0 {
			return nil, errorAt(n.pos, "bars need a height")
		}
	case "image":
		data, ok := l.doc.Images[key]
		if !ok {
			return nil, errorAt(n.pos, "there is no image %q", key)
		}
		if a.image, err = l.e.images.get(data); err != nil {
			return nil, errorAt(n.pos, "image %q cannot be used: %s", key, err.Error())
		}
		a.name = l.res.image(key, a.image)
		ratio = float64(a.image.height) / float64(a.image.width)
	default:
		return nil, errorAt(n.pos, "src=%q begins with neither symbol: nor image:", n.attr("src"))
	}
	switch {
	case a.width == 0 && a.height == 0:
		return nil, errorAt(n.pos, "<img> has neither width nor height")
	case a.width == 0:
		a.width = a.height / ratio
	case a.height == 0:
		a.height = a.width * ratio
	}
	if page := &l.css.sheet.page; a.width > page.width || a.height > page.height-page.margin[top]-page.margin[bottom] {
		return nil, errorAt(n.pos, "<img> is larger than the page")
	}
	a.el = l.newElem("Figure", el)
	a.el.alt = strings.TrimSpace(n.attr("alt"))
	return a, nil
}
