// Package fonts embeds the typefaces of the acts: Noto Serif and Noto Sans,
// under the SIL Open Font License 1.1 (OFL.txt). Both carry the letters of
// Azerbaijani in Latin script, Russian, and the manat sign U+20BC.
package fonts

import (
	"embed"
	"fmt"
)

//go:embed *.ttf
var files embed.FS

// Face is one font file with what a style sheet calls it.
type Face struct {
	Family string
	Bold   bool
	Italic bool
	TTF    []byte
}

// All returns the faces, the default family first.
func All() ([]Face, error) {
	faces := []struct {
		file, family string
		bold, italic bool
	}{
		{"NotoSerif-Regular.ttf", "Noto Serif", false, false},
		{"NotoSerif-Bold.ttf", "Noto Serif", true, false},
		{"NotoSerif-Italic.ttf", "Noto Serif", false, true},
		{"NotoSerif-BoldItalic.ttf", "Noto Serif", true, true},
		{"NotoSans-Regular.ttf", "Noto Sans", false, false},
		{"NotoSans-Bold.ttf", "Noto Sans", true, false},
	}
	out := make([]Face, 0, len(faces))
	for _, f := range faces {
		ttf, err := files.ReadFile(f.file)
		if err != nil {
			return nil, fmt.Errorf("reading embedded font %s: %w", f.file, err)
		}
		out = append(out, Face{Family: f.family, Bold: f.bold, Italic: f.italic, TTF: ttf})
	}
	return out, nil
}
