package codes

import (
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"

	"docsvc/internal/testservers"
)

// raster draws a symbol as a 200-dpi black-and-white scan shows it: each dot
// is dark if most of its area is, modules fall between dots, and the paper
// lies a little askew.
func raster(b Bitmap, moduleMM, heightMM, degrees float64) *image.Gray {
	const dpi, sub = 200, 3
	module := moduleMM / 25.4 * dpi
	rowHeight := heightMM / 25.4 * dpi / float64(b.Height)
	quiet := float64(b.Quiet) * module
	w, h := float64(b.Width)*module+2*quiet, float64(b.Height)*rowHeight+2*quiet
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	W, H := int(w*cos+h*math.Abs(sin))+2, int(h*cos+w*math.Abs(sin))+2
	img := image.NewGray(image.Rect(0, 0, W, H))
	for py := range H {
		for px := range W {
			dark := 0
			for i := range sub * sub {
				x := float64(px) + (float64(i%sub)+0.5)/sub - float64(W)/2
				y := float64(py) + (float64(i/sub)+0.5)/sub - float64(H)/2
				u := (x*cos + y*sin + w/2 - quiet) / module
				v := (y*cos - x*sin + h/2 - quiet) / rowHeight
				if b.Dark(int(math.Floor(u)), int(math.Floor(v))) {
					dark++
				}
			}
			if 2*dark <= sub*sub {
				img.SetGray(px, py, color.Gray{255})
			}
		}
	}
	return img
}

// decodeGo reads a picture with gozxing.
func decodeGo(t *testing.T, reader gozxing.Reader, img image.Image) (string, error) {
	t.Helper()
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	result, err := reader.Decode(bitmap, hints)
	if err != nil {
		return "", err
	}
	return result.GetText(), nil
}

// decodeTools reads a picture with each decoder that is installed. A missing
// one is a failure where DOCSVC_MUST_RUN names "tools".
func decodeTools(t *testing.T, img image.Image, symbology, want string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "scan.png")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	zbar, zxing := "qrcode", "QRCode"
	if symbology == "code128" {
		zbar, zxing = "code128", "Code128"
	}
	for _, command := range [][]string{
		{"zbarimg", "-q", "--raw", "-Sdisable", "-S" + zbar + ".enable", path},
		{"ZXingReader", "-format", zxing, "-bytes", path},
	} {
		tool, err := exec.LookPath(command[0])
		if err != nil {
			if testservers.MustRun("tools") {
				t.Errorf("%s is not installed", command[0])
			} else {
				t.Logf("not checked with %s: it is not installed", command[0])
			}
			continue
		}
		out, err := exec.CommandContext(t.Context(), tool, command[1:]...).Output()
		if got := strings.TrimSuffix(string(out), "\n"); err != nil || got != want {
			t.Errorf("%s reads %q, %v; want %q", command[0], got, err, want)
		}
	}
}
