package codes

import (
	"errors"
	"strings"
	"testing"

	"github.com/boombuler/barcode/code128"
	"github.com/makiuchi-d/gozxing/oned"
)

func TestCode128Symbols(t *testing.T) {
	// Symbols with start, without check and stop.
	tests := []struct {
		text string
		want int
	}{
		{"1234", 3},
		{"123", 4},
		{"12345", 5},
		{"A1", 3},
		{"EI2611000000001T", 1 + 2 + 1 + 1 + 6 + 1 + 1},
		{"EI2611000000001T-003", 1 + 2 + 1 + 1 + 6 + 1 + 5},
		{"EI2611000000001T-1003", 1 + 2 + 1 + 1 + 6 + 1 + 2 + 1 + 2},
		{"A1234B", 1 + 6},
		{"A123456B", 1 + 1 + 1 + 3 + 1 + 1},
		{"1234A", 1 + 2 + 1 + 1},
	}
	for _, tt := range tests {
		if got := len(code128Symbols(tt.text)); got != tt.want {
			t.Errorf("%q takes %d symbols, want %d", tt.text, got, tt.want)
		}
	}
}

// TestCode128NeverLonger compares with an encoder of the usual heuristics.
func TestCode128NeverLonger(t *testing.T) {
	texts := []string{"EI2611000000001T-003", "JR26110-00001X", "2(199)-1001/2026"}
	for i := range 1 << 12 { // all patterns of letters and digits
		b := []byte("############")
		for j := range b {
			b[j] = "A1"[i>>j&1]
		}
		texts = append(texts, string(b))
	}
	shorter := 0
	for _, text := range texts {
		got, err := Code128(text)
		if err != nil {
			t.Fatal(err)
		}
		peer, err := code128.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		if got.Width > peer.Bounds().Dx() {
			t.Errorf("%q: %d modules, peer %d", text, got.Width, peer.Bounds().Dx())
		}
		if got.Width < peer.Bounds().Dx() {
			shorter++
		}
	}
	t.Logf("%d of %d are shorter than the peer's", shorter, len(texts))
}

func TestCode128Decodes(t *testing.T) {
	var all strings.Builder
	for c := byte(' '); c <= '~'; c++ {
		all.WriteByte(c)
	}
	texts := []string{"EI2611000000001T-003", "EI26110000001239-1003", "JR26110-00001X", "2(199)-1001/2026", "0123456789", "7"}
	for i := 0; i < all.Len(); i += 24 { // every symbol of set B
		texts = append(texts, all.String()[i:min(i+24, all.Len())])
	}
	for i := 0; i < 100; i += 20 { // every symbol of set C
		pairs := ""
		for j := i; j < i+20; j++ {
			pairs += string([]byte{'0' + byte(j/10), '0' + byte(j%10)})
		}
		texts = append(texts, pairs)
	}
	for _, text := range texts {
		t.Run(text, func(t *testing.T) {
			b, err := Code128(text)
			if err != nil {
				t.Fatal(err)
			}
			for _, degrees := range []float64{0, 1} {
				img := raster(b, 0.33, 10, degrees)
				if got, err := decodeGo(t, oned.NewCode128Reader(), img); got != text {
					t.Errorf("gozxing reads %q, %v; want %q", got, err, text)
				}
				decodeTools(t, img, "code128", text)
			}
		})
	}
}

func TestCode128Refuses(t *testing.T) {
	for _, text := range []string{"", "Ə", "A\n", "\x00", "\x7f", "\xff", strings.Repeat("1", 49), strings.Repeat("x", 1e6)} {
		if _, err := Code128(text); !errors.Is(err, ErrContent) {
			t.Errorf("Code128(%.20q): %v, want ErrContent", text, err)
		}
	}
}

func FuzzCode128(f *testing.F) {
	f.Add("EI2611000000001T-003")
	f.Add("12")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := Code128(text)
		if err != nil {
			if !errors.Is(err, ErrContent) {
				t.Fatal(err)
			}
			return
		}
		if (b.Width-13)%11 != 0 || !b.Dark(0, 0) || !b.Dark(b.Width-1, 0) {
			t.Fatalf("%q: %d modules", text, b.Width)
		}
	})
}

func BenchmarkCode128(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Code128("EI2611000000001T-003"); err != nil {
			b.Fatal(err)
		}
	}
}
