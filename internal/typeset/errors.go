package typeset

import (
	"fmt"
	"strings"
)

// Error says what in the HTML or its style sheet the typesetter does not
// accept, and where. Line and Col count from 1; Col counts bytes.
type Error struct {
	Line, Col int
	Message   string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return "typeset: " + e.Message
	}
	return fmt.Sprintf("typeset: line %d, column %d: %s", e.Line, e.Col, e.Message)
}

// MissingGlyphError names a character that no embedded font can show. Text is
// the word it stands in.
type MissingGlyphError struct {
	Rune      rune
	Line, Col int
	Text      string
}

func (e *MissingGlyphError) Error() string {
	return fmt.Sprintf("typeset: line %d, column %d: no font has the character U+%04X in %q", e.Line, e.Col, e.Rune, e.Text)
}

// posError is an *Error whose place is still a byte offset into the source;
// locate turns it into a line and a column once, at the end.
type posError struct {
	pos int
	msg string
}

func (e *posError) Error() string { return e.msg }

func errorAt(pos int, format string, args ...any) error {
	return &posError{pos, fmt.Sprintf(format, args...)}
}

// glyphError is a missing character with the offset of the text it is in.
type glyphError struct {
	pos  int
	r    rune
	text string
}

func (e *glyphError) Error() string { return "missing glyph" }

// lineCol turns a byte offset into a line and a column.
func lineCol(src string, pos int) (line, col int) {
	pos = max(0, min(pos, len(src)))
	before := src[:pos]
	return 1 + strings.Count(before, "\n"), pos - strings.LastIndexByte(before, '\n')
}

// locate gives err its line and column in src.
func locate(err error, src string) error {
	switch e := err.(type) { //nolint:errorlint // made by this package and never wrapped
	case *posError:
		line, col := lineCol(src, e.pos)
		return &Error{Line: line, Col: col, Message: e.msg}
	case *glyphError:
		pos := e.pos
		if i := strings.IndexRune(src[min(pos, len(src)):], e.r); i >= 0 {
			pos += i
		}
		line, col := lineCol(src, pos)
		return &MissingGlyphError{Rune: e.r, Line: line, Col: col, Text: e.text}
	}
	return err
}
