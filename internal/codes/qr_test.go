package codes

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing/qrcode"
)

func randomText(rnd *rand.Rand, set string, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(set[rnd.IntN(len(set))])
	}
	return b.String()
}

// TestQRDecodes reads symbols 40 mm wide from 200-dpi scans. The two tools
// must read every scan; gozxing, whose estimate of a symbol's size is less sure
// (it fails on about a quarter of such scans), must read one of each symbol's.
func TestQRDecodes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	for _, digits := range []int{0, 1, 200, 500, 713, 790, 850, 971} {
		link := testOrigin + "/v/1234-5678-9ABC-DEF9"
		if digits > 0 {
			link += "#" + randomText(rnd, "0123456789", digits)
		}
		b, err := QR(link)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(fmt.Sprintf("version %d", (b.Width-17)/4), func(t *testing.T) {
			readByGo := 0
			for _, degrees := range []float64{0, 0.5, 1.3, -3, 7} {
				module := 40 / float64(b.Width)
				img := raster(b, module, 40, degrees)
				if got, err := decodeGo(t, qrcode.NewQRCodeReader(), img); err == nil {
					readByGo++
					if got != link {
						t.Errorf("gozxing reads %q, want %q", got, link)
					}
				}
				decodeTools(t, img, "qr", link)
			}
			if readByGo == 0 {
				t.Error("gozxing reads none of the scans")
			}
		})
	}
}

func TestQRRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"empty":                  "",
		"too many bytes":         strings.Repeat("a", 505),
		"too many digits":        strings.Repeat("1", 1240),
		"more than length field": strings.Repeat("1", 1<<20),
		"not ASCII":              "https://ə.az/",
		"bad UTF-8":              "\xff",
		"DEL":                    "\x7f",
	} {
		if b, err := QR(text); !errors.Is(err, ErrContent) {
			t.Errorf("%s: version %d, %v; want ErrContent", name, (b.Width-17)/4, err)
		}
	}
	for name, text := range map[string]string{
		"most bytes":  strings.Repeat("a", 504),
		"most digits": strings.Repeat("1", 1212),
		"one digit":   "1",
	} {
		if _, err := QR(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzQR(f *testing.F) {
	f.Add("https://a.az/v/7KQ2-M9XD-4T1B-R0ZC#00000000000000000000")
	f.Add("")
	f.Add(strings.Repeat("7", 300))
	f.Fuzz(func(t *testing.T, text string) {
		b, err := QR(text)
		if err != nil {
			if !errors.Is(err, ErrContent) {
				t.Fatal(err)
			}
			return
		}
		version := (b.Width - 17) / 4
		if version < 1 || version > MaxQRVersion || b.Dark(-1, 0) || b.Dark(b.Width, 0) {
			t.Fatalf("version %d", version)
		}
	})
}

// benchmarkLink is about the link of a collection order.
func benchmarkLink() string {
	return "https://elektron-icra.example.az/v/7KQ2-M9XD-4T1B-R0ZC#" + randomText(rand.New(rand.NewPCG(9, 9)), "0123456789", 680)
}

func BenchmarkQR(b *testing.B) {
	link := benchmarkLink()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := QR(link); err != nil {
			b.Fatal(err)
		}
	}
}
