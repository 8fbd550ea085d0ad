package web

import (
	"net/http"

	"github.com/xuri/excelize/v2"

	"docsvc/internal/i18n"
)

func (s *site) statisticsXLSX(w http.ResponseWriter, r *http.Request) {
	_, st, err := s.figures(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	lang, _ := language(r)
	days, kinds, offices := s.statisticsRows(lang, st)
	data, err := workbook([]sheet{
		{i18n.Text(lang, "statistics.days", nil), days},
		{i18n.Text(lang, "statistics.kinds", nil), kinds},
		{i18n.Text(lang, "statistics.offices", nil), offices},
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.sendFile(w, "statistics.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", data)
}

// sheet is a table of texts and numbers, its first row the headings.
type sheet struct {
	name string
	rows [][]any
}

// workbook writes sheets. A text is written as a text, whatever it begins with:
// there are no formulas.
func workbook(sheets []sheet) ([]byte, error) {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }() // it is in memory
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return nil, err
	}
	for i, s := range sheets {
		if i == 0 {
			err = f.SetSheetName(f.GetSheetName(0), s.name)
		} else {
			_, err = f.NewSheet(s.name)
		}
		for n := 0; err == nil && n < len(s.rows); n++ {
			var cell string
			if cell, err = excelize.CoordinatesToCellName(1, n+1); err == nil {
				err = f.SetSheetRow(s.name, cell, &s.rows[n])
			}
		}
		if err == nil {
			err = f.SetColWidth(s.name, "A", "D", 24)
		}
		if err == nil {
			err = f.SetRowStyle(s.name, 1, 1, bold)
		}
		if err != nil {
			return nil, err
		}
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
