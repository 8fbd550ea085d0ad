package codes

import "errors"

// ErrContent says that a bar code or QR code cannot carry a text: it is too
// long or has characters outside the code's range.
var ErrContent = errors.New("cannot be written as a code")

// Bitmap is a symbol in modules, the smallest squares or bars of a code,
// without its quiet zone. The zero value is empty.
type Bitmap struct {
	Width  int // modules
	Height int // modules; 1 for a bar code, whose bars are as high as one likes
	// Quiet is how many modules around the symbol (for a bar code: before and
	// after it) must stay blank.
	Quiet int

	dark []bool // row by row from the top left
}

func newBitmap(width, height, quiet int) Bitmap {
	return Bitmap{width, height, quiet, make([]bool, width*height)}
}

// Dark says whether the module in column x and row y, counted from 0 at the
// top left, is dark. Outside the symbol all is light.
func (b Bitmap) Dark(x, y int) bool {
	return x >= 0 && y >= 0 && x < b.Width && y < b.Height && b.dark[y*b.Width+x]
}

func (b Bitmap) set(x, y int) { b.dark[y*b.Width+x] = true }
