package codes

import "fmt"

// maxCode128 bounds a bar code's text. Forty-eight characters at a module of
// 0.33 mm are already wider than a page.
const maxCode128 = 48

// Symbol values of Code 128 (ISO/IEC 15417, table 1) besides the characters.
const (
	code128CodeC  = 99  // switch from set B to set C
	code128CodeB  = 100 // switch from set C to set B
	code128StartB = 104
	code128StartC = 105
	code128Stop   = 106
)

// code128Widths are the widths in modules of the bars and spaces of each
// symbol, bar first.
const code128Widths = "" +
	"212222222122222221121223121322131222122213122312132212221213" +
	"221312231212112232122132122231113222123122123221223211221132" +
	"221231213212223112312131311222321122321221312212322112322211" +
	"212123212321232121111323131123131321112313132113132311211313" +
	"231113231311112133112331132131113123113321133121313121211331" +
	"231131213113213311213131311123311321331121312113312311332111" +
	"314111221411431111111224111422121124121421141122141221112214" +
	"112412122114122411142112142211241211221114413111241112134111" +
	"111242121142121241114212124112124211411212421112421211212141" +
	"214121412121111143111341131141114113114311411113411311113141" +
	"114131311141411131211412211214211232"

// code128StopWidths ends with the extra bar of two modules.
const code128StopWidths = "2331112"

// Code128 encodes a text of printable ASCII as a Code 128 bar code one module
// high, changing between sets B and C so that it has the fewest symbols.
func Code128(text string) (Bitmap, error) {
	if text == "" || len(text) > maxCode128 {
		return Bitmap{}, fmt.Errorf("bar code of %d characters, want 1 to %d: %w", len(text), maxCode128, ErrContent)
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return Bitmap{}, fmt.Errorf("bar code of %q: byte %#02x: %w", text, text[i], ErrContent)
		}
	}
	symbols := code128Symbols(text)
	check := int(symbols[0])
	for i, s := range symbols[1:] {
		check += (i + 1) * int(s)
	}
	symbols = append(symbols, byte(check%103))

	b := newBitmap(len(symbols)*11+13, 1, 10)
	x := 0
	draw := func(widths string) {
		for i := range len(widths) {
			for range widths[i] - '0' {
				if i%2 == 0 {
					b.set(x, 0)
				}
				x++
			}
		}
	}
	for _, s := range symbols {
		draw(code128Widths[int(s)*6 : int(s)*6+6])
	}
	draw(code128StopWidths)
	return b, nil
}

// code128Symbols returns the start symbol and the data symbols. Working from
// the end, costB and costC are the numbers of symbols that the text from i on
// takes when set B or set C is in force there.
func code128Symbols(text string) []byte {
	const never = 1 << 20
	n := len(text)
	costB, costC := make([]int, n+1), make([]int, n+1)
	for i := n - 1; i >= 0; i-- {
		inB := 1 + costB[i+1]
		inC := never
		if digitPair(text, i) {
			inC = 1 + costC[i+2]
		}
		costB[i] = min(inB, 1+inC)
		costC[i] = min(inC, 1+inB)
	}
	setC := costC[0] < costB[0]
	symbols := []byte{code128StartB}
	if setC {
		symbols[0] = code128StartC
	}
	for i := 0; i < n; {
		stayC := digitPair(text, i) && costC[i] == 1+costC[i+2]
		switch {
		case setC && stayC:
			symbols = append(symbols, (text[i]-'0')*10+text[i+1]-'0')
			i += 2
		case setC:
			symbols, setC = append(symbols, code128CodeB), false
		case costB[i] == 1+costB[i+1]:
			symbols = append(symbols, text[i]-' ')
			i++
		default:
			symbols, setC = append(symbols, code128CodeC), true
		}
	}
	return symbols
}

func digitPair(text string, i int) bool {
	return i+1 < len(text) && isDigit(text[i]) && isDigit(text[i+1])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
