package codes

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing/qrcode"
	peer "github.com/skip2/go-qrcode"
)

func randomText(rnd *rand.Rand, set string, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(set[rnd.IntN(len(set))])
	}
	return b.String()
}

const byteSet = "abcdefghijklmnopqrstuvwxyz_~" // skip2 has no other mode for these

// TestQREqualsPeer compares every module of symbols of every version with
// those of an independent encoder. The two may choose different masks: the
// peer counts runs of six and more only, so ours is made with the peer's mask.
func TestQREqualsPeer(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var texts []string
	for n := 1; n <= 504; n += 3 {
		texts = append(texts, randomText(rnd, byteSet, n))
	}
	for n := minNumeric; n <= 960; n += 11 {
		digits := randomText(rnd, "0123456789", n)
		texts = append(texts, digits, randomText(rnd, byteSet, 87)+digits)
	}
	versions, masks, larger := make(map[int]bool), make(map[int]bool), 0
	for _, text := range texts {
		q, err := peer.New(text, peer.Medium)
		if err != nil {
			t.Fatal(err)
		}
		q.DisableBorder = true
		want := q.Bitmap()
		got, err := QR(text)
		if err != nil {
			t.Fatal(err)
		}
		version := (got.Width - 17) / 4
		if version < q.VersionNumber {
			larger++ // the peer needs one version more for a few mixed texts
			continue
		}
		if version > q.VersionNumber || got.Height != got.Width {
			t.Fatalf("%d characters: version %d, peer %d", len(text), version, q.VersionNumber)
		}
		mask := maskOf(want)
		versions[version], masks[mask] = true, true
		same := unmasked(text, version).masked(mask).bitmap()
		for y := range want {
			for x := range want[y] {
				if same.Dark(x, y) != want[y][x] {
					t.Fatalf("%d characters, version %d, mask %d: module %d,%d differs", len(text), version, mask, x, y)
				}
			}
		}
	}
	if len(versions) != MaxQRVersion || len(masks) != 8 || larger > len(texts)/50 {
		t.Errorf("compared %d versions and %d masks; %d of %d had a larger version", len(versions), len(masks), larger, len(texts))
	}
}

// maskOf reads the mask's number from the format information: columns 2 to 4
// of row 8, under a mask of their own.
func maskOf(modules [][]bool) int {
	mask := 0
	for x := 2; x <= 4; x++ {
		mask <<= 1
		if modules[8][x] {
			mask |= 1
		}
	}
	return mask ^ 0b101
}

func unmasked(text string, version int) *qrSymbol {
	s := newQRSymbol(version)
	bytes, digits := qrSegments(text)
	s.place(qrCodewords(bytes, digits, version))
	return s
}

// TestQRPenalty works the rules out again, module by module.
func TestQRPenalty(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{1, 40, 180, 300, 500} {
		text := randomText(rnd, byteSet, n)
		b, err := QR(text)
		if err != nil {
			t.Fatal(err)
		}
		version := (b.Width - 17) / 4
		symbol := unmasked(text, version)
		least := 1 << 30
		for mask := range 8 {
			m := symbol.masked(mask)
			want := slowPenalty(m.bitmap())
			if got := m.penalty(); got != want {
				t.Errorf("version %d, mask %d: penalty %d, want %d", version, mask, got, want)
			}
			least = min(least, want)
		}
		if got := slowPenalty(b); got != least {
			t.Errorf("version %d: chosen mask has penalty %d, least is %d", version, got, least)
		}
	}
}

func slowPenalty(b Bitmap) int {
	total, dark := 0, 0
	for y := range b.Height {
		var row, column strings.Builder
		for x := range b.Width {
			row.WriteString(map[bool]string{true: "1", false: "0"}[b.Dark(x, y)])
			column.WriteString(map[bool]string{true: "1", false: "0"}[b.Dark(y, x)])
			if b.Dark(x, y) {
				dark++
			}
			if d := b.Dark(x, y); x+1 < b.Width && y+1 < b.Height && d == b.Dark(x+1, y) && d == b.Dark(x, y+1) && d == b.Dark(x+1, y+1) {
				total += 3
			}
		}
		for _, line := range []string{row.String(), column.String()} {
			for run := 0; run < len(line); {
				end := run + 1
				for end < len(line) && line[end] == line[run] {
					end++
				}
				if end-run >= 5 {
					total += end - run - 2
				}
				run = end
			}
			for i := range line {
				for _, finder := range []string{"00001011101", "10111010000"} {
					if strings.HasPrefix(line[i:], finder) {
						total += 40
					}
				}
			}
		}
	}
	percent := 100 * float64(dark) / float64(b.Width*b.Height)
	return total + 10*int(max(percent-50, 50-percent)/5)
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
		"too many bytes":         strings.Repeat("a", 505),
		"too many digits":        strings.Repeat("1", 1213),
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
		"empty":       "",
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
		bytes, digits := qrSegments(text)
		if data := qrData(bytes, digits, version); len(data) != qrVersionM(version).dataCodewords() {
			t.Fatalf("%d data codewords in version %d", len(data), version)
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

func BenchmarkQRPeer(b *testing.B) {
	link := benchmarkLink()
	b.ReportAllocs()
	for b.Loop() {
		q, err := peer.New(link, peer.Medium)
		if err != nil {
			b.Fatal(err)
		}
		q.DisableBorder = true
		if len(q.Bitmap()) == 0 {
			b.Fatal("empty")
		}
	}
}
