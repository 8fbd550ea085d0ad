// Package codes makes what a machine reads on a printed act: the
// verification code, the Code 128 bar code of the act's number, and the QR
// code with the offline seal.
//
// # The QR code
//
// It holds a link, https://HOST/v/CODE#SEAL. The [Code] leads to the act in
// the register. The seal is a signed statement of what the act says; it stands
// in the fragment, which a browser never sends, and can be checked without the
// register by anyone who has the published keys. Made by [Seal], read by
// [OpenSeal]; its format is given in CDDL beside them in seal.go.
//
// The seal is written in decimal digits ([URL]): a QR code holds those in 3⅓
// bits each, so that a byte of the seal costs 8.1 bits, where base64url,
// which only byte mode can hold, costs 10.7. This leaves room for 400 bytes
// instead of 312 in a symbol of version 17, which long titles of acts and
// names of offices need, and makes a common act's symbol two versions
// smaller.
//
// The package is pure: keys, randomness and host names come from its callers.
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
