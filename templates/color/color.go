// Package color holds the ICC profile that every act names as its output
// intent: sRGB, version 2.3, generated with Little CMS (see README.md).
package color

import _ "embed"

//go:embed sRGB.icc
var srgb []byte

// SRGB returns the profile. Callers must not change it.
func SRGB() []byte { return srgb }
