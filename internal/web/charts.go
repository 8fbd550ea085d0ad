package web

import (
	"fmt"
	"strings"
	"time"

	"docsvc/internal/document"
)

// Charts are SVG in the page: shapes with attributes and classes, no style, no
// script. What they show stands beside them as a table; for who reads that, the
// picture is decoration.

const (
	chartWidth = 640
	dayHeight  = 160
)

// barChart is one bar for each name, in its table.
type barChart struct {
	Width int
	Bars  []bar
}

type bar struct {
	Name      string
	N, Length int
}

func newBars(counts []document.NamedCount, name func(string) string) barChart {
	c := barChart{Width: chartWidth}
	most := 1
	for _, x := range counts {
		most = max(most, x.N)
	}
	for _, x := range counts {
		c.Bars = append(c.Bars, bar{name(x.Name), x.N, max(2, chartWidth*x.N/most)})
	}
	return c
}

// dayChart is one column for each day, and two lines of durations.
type dayChart struct {
	Width, Height int
	Columns       []column
	Median, P95   string // points of the lines
	First, Last   string
	Most          int
	Longest       string
}

type column struct {
	Day                 string
	N                   int
	MedianText, P95Text string
	X, Y, W, H          int
}

func (s *site) newDays(lang string, days []document.DayFigures) dayChart {
	c := dayChart{Width: chartWidth, Height: dayHeight, Most: 1}
	longest := time.Duration(1)
	for _, d := range days {
		c.Most, longest = max(c.Most, d.N), max(longest, d.P95)
	}
	c.Longest = span(lang, longest)
	var median, p95 []string
	for i, d := range days {
		left, right := chartWidth*i/len(days), chartWidth*(i+1)/len(days)
		h := (dayHeight - 10) * d.N / c.Most
		day := d.Day.Time().Format("02.01.2006")
		c.Columns = append(c.Columns, column{
			Day: day, N: d.N, MedianText: span(lang, d.Median), P95Text: span(lang, d.P95),
			X: left, Y: dayHeight - h, W: max(1, right-left-1), H: h,
		})
		if d.N > 0 {
			at := func(v time.Duration) string {
				return fmt.Sprintf("%d,%d", (left+right)/2, dayHeight-int(float64(dayHeight-10)*float64(v)/float64(longest)))
			}
			median, p95 = append(median, at(d.Median)), append(p95, at(d.P95))
		}
	}
	if len(c.Columns) > 0 {
		c.First, c.Last = c.Columns[0].Day, c.Columns[len(c.Columns)-1].Day
	}
	if len(median) == 1 { // a line of one point is a dot
		median, p95 = append(median, median...), append(p95, p95...)
	}
	c.Median, c.P95 = strings.Join(median, " "), strings.Join(p95, " ")
	return c
}
