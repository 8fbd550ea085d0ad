package web

import (
	"encoding/csv"
	"net/http"
	"strings"
)

// sendCSV gives rows as a file for spreadsheets: UTF-8 with a byte order mark
// and semicolons, as Excel reads it where the comma is in numbers (Azerbaijan,
// Russia). A text that a spreadsheet would take for a formula gets an apostrophe.
func (s *site) sendCSV(w http.ResponseWriter, name string, rows [][]string) {
	var b strings.Builder
	b.WriteString("\ufeff")
	out := csv.NewWriter(&b)
	out.Comma, out.UseCRLF = ';', true
	for _, row := range rows {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = plainCell(cell)
		}
		_ = out.Write(safe) // a strings.Builder takes everything
	}
	out.Flush()
	s.sendFile(w, name, "text/csv; charset=utf-8", []byte(b.String()))
}

// plainCell keeps a text from being a formula (OWASP, CSV injection).
func plainCell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(text)[0]) {
		return "'" + text
	}
	return text
}

func (s *site) sendFile(w http.ResponseWriter, name, contentType string, data []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("X-Robots-Tag", "noindex")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(data) // who has hung up is not told so
}
