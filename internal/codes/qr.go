package codes

import (
	"fmt"

	"github.com/skip2/go-qrcode"
)

// MaxQRVersion is the largest symbol that is made: 85 modules a side. Drawn 40
// mm wide, quiet zone not counted, a module is then 0.47 mm, 3.7 dots of a
// 200-dpi scan.
const MaxQRVersion = 17

// qrQuiet is the quiet zone in modules (ISO/IEC 18004, 5.3.8).
const qrQuiet = 4

// maxQRText is more than the largest symbol holds; it bounds the work on
// anything longer.
const maxQRText = 1300

// QR encodes a text of ASCII as a QR code of level M. A long run of digits, a
// seal, is encoded as digits, all else as bytes. It takes some 5 ms, most of it
// for the choice of the mask.
func QR(text string) (Bitmap, error) {
	for i := range len(text) {
		if text[i] > '~' {
			return Bitmap{}, fmt.Errorf("QR code: byte %#02x at %d: %w", text[i], i, ErrContent)
		}
	}
	if text == "" || len(text) > maxQRText {
		return Bitmap{}, fmt.Errorf("QR code of %d characters: %w", len(text), ErrContent)
	}
	q, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return Bitmap{}, fmt.Errorf("QR code of %d characters: %w: %w", len(text), ErrContent, err)
	}
	if q.VersionNumber > MaxQRVersion {
		return Bitmap{}, fmt.Errorf("QR code of %d characters needs version %d, at most %d: %w", len(text), q.VersionNumber, MaxQRVersion, ErrContent)
	}
	q.DisableBorder = true
	modules := q.Bitmap()
	b := newBitmap(len(modules), len(modules), qrQuiet)
	for y, row := range modules {
		for x, dark := range row {
			if dark {
				b.set(x, y)
			}
		}
	}
	return b, nil
}
