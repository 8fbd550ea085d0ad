package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
)

// statisticsPage shows figures about archived acts as charts, each with its
// table.
type statisticsPage struct {
	frame
	From, To    string
	Offices     []choice
	Error       string
	Acts        string
	Median, P95 string
	Kinds       barChart
	ByOffice    barChart
	Days        dayChart
	CSV, XLSX   string
}

// figures reads and counts what is asked for.
func (s *site) figures(r *http.Request) (document.StatisticsQuery, document.Statistics, error) {
	q := s.statisticsQuery(r.URL.Query())
	st, err := s.Office.Service.Statistics(r.Context(), personOf(r.Context()).actor, q)
	return q, st, err
}

func (s *site) statistics(w http.ResponseWriter, r *http.Request) {
	q, st, err := s.figures(r)
	p := statisticsPage{frame: s.frame(r, "statistics.title"), From: string(q.From), To: string(q.To)}
	status := http.StatusOK
	if document.KindOf(err) == document.Invalid {
		status, p.Error = http.StatusUnprocessableEntity, sentence(p.Lang, err)
	} else if err != nil {
		s.fail(w, r, err)
		return
	}
	p.Offices = s.officesFor(personOf(r.Context()).actor, document.ActStatistics, q.Office)
	p.Acts = i18n.Plural(p.Lang, "statistics.acts", st.Acts)
	p.Median, p.P95 = span(p.Lang, st.Median), span(p.Lang, st.P95)
	p.Kinds = newBars(st.Kinds, func(id string) string { return s.kindName(p.Lang, id) })
	p.ByOffice = newBars(st.Offices, s.officeName)
	p.Days = s.newDays(p.Lang, st.Days)
	filter := url.Values{"from": {p.From}, "to": {p.To}}
	if q.Office != "" {
		filter.Set("office", q.Office)
	}
	p.CSV, p.XLSX = p.Link("/office/statistics.csv?"+filter.Encode()), p.Link("/office/statistics.xlsx?"+filter.Encode())
	s.render(w, r, status, "statistics", p)
}

// kindName is the title of a kind of act.
func (s *site) kindName(lang, id string) string {
	t, err := s.templateToday(id)
	if err != nil {
		return id // of another version of docsvc
	}
	return t.Meta.Title.In(lang)
}

// span words a duration to its two greatest units.
func span(lang string, d time.Duration) string {
	unit := func(key string, n int) string { return i18n.Text(lang, key, map[string]string{"n": strconv.Itoa(n)}) }
	seconds := int(d.Round(time.Second).Seconds())
	switch {
	case d == 0:
		return "–"
	case seconds < 1:
		return unit("span.less", 1)
	case seconds < 60:
		return unit("span.seconds", seconds)
	case seconds < 3600:
		return unit("span.minutes", seconds/60) + " " + unit("span.seconds", seconds%60)
	case seconds < 86400:
		return unit("span.hours", seconds/3600) + " " + unit("span.minutes", seconds%3600/60)
	}
	return unit("span.days", seconds/86400) + " " + unit("span.hours", seconds%86400/3600)
}

// statisticsRows are the figures of each day, and below them those of kinds and
// offices, as tables of texts and numbers.
func (s *site) statisticsRows(lang string, st document.Statistics) (days, kinds, offices [][]any) {
	t := func(key string) string { return i18n.Text(lang, key, nil) }
	days = append(days, []any{t("statistics.day"), t("statistics.count"), t("statistics.median.seconds"), t("statistics.p95.seconds")})
	for _, d := range st.Days {
		days = append(days, []any{string(d.Day), d.N, d.Median.Seconds(), d.P95.Seconds()})
	}
	kinds = append(kinds, []any{t("facts.kind"), t("statistics.count")})
	for _, k := range st.Kinds {
		kinds = append(kinds, []any{s.kindName(lang, k.Name), k.N})
	}
	offices = append(offices, []any{t("case.office"), t("statistics.count")})
	for _, o := range st.Offices {
		offices = append(offices, []any{s.officeName(o.Name), o.N})
	}
	return days, kinds, offices
}

func (s *site) statisticsCSV(w http.ResponseWriter, r *http.Request) {
	_, st, err := s.figures(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	lang, _ := language(r)
	days, kinds, offices := s.statisticsRows(lang, st)
	var rows [][]string
	for _, table := range [][][]any{days, kinds, offices} {
		if rows != nil {
			rows = append(rows, nil)
		}
		for _, row := range table {
			cells := make([]string, len(row))
			for i, v := range row {
				if cells[i] = fmt.Sprint(v); i > 1 {
					if n, ok := v.(float64); ok {
						cells[i] = decimal(n)
					}
				}
			}
			rows = append(rows, cells)
		}
	}
	s.sendCSV(w, "statistics.csv", rows)
}

// decimal writes a number with a comma, as the spreadsheets do for which the
// file's semicolons are.
func decimal(n float64) string {
	tenths := int64(n*10 + 0.5)
	return strconv.FormatInt(tenths/10, 10) + "," + strconv.FormatInt(tenths%10, 10)
}
