package web

import (
	"errors"
	"net/url"
	"time"

	"docsvc/internal/audit"
	"docsvc/internal/document"
)

// maxFilter is the longest text that is looked for, in bytes.
const maxFilter = 256

// trailQuery reads what is looked for in the trail. Dates are civil dates, the
// last one included.
func (s *site) trailQuery(form url.Values) (document.TrailQuery, error) {
	q := document.TrailQuery{Actor: form.Get("actor"), Kind: audit.Kind(form.Get("kind")), Subject: form.Get("subject")}
	for _, text := range []string{q.Actor, string(q.Kind), q.Subject} {
		if len(text) > maxFilter {
			return q, badForm(errors.New("a filter is too long"))
		}
	}
	var err error
	if q.From, err = s.dayIn(form.Get("from")); err == nil {
		q.To, err = s.dayIn(form.Get("to"))
	}
	if !q.To.IsZero() {
		q.To = q.To.AddDate(0, 0, 1)
	}
	return q, err
}

// dayIn is the beginning of a civil date; the zero time for none.
func (s *site) dayIn(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, text, s.Location)
	if err != nil || t.Year() < 1900 {
		return time.Time{}, &document.Error{Kind: document.Invalid, Key: "error.range.date", Err: err, Args: map[string]string{"date": clipText(text, 20)}}
	}
	return t, nil
}

// statisticsDays is the range that is shown first.
const statisticsDays = 30

// statisticsQuery reads which range is asked for: without dates, the last days.
func (s *site) statisticsQuery(form url.Values) document.StatisticsQuery {
	today := s.Now()
	q := document.StatisticsQuery{From: document.Date(form.Get("from")), To: document.Date(form.Get("to")), Office: form.Get("office")}
	if q.To == "" {
		q.To = document.DateOf(today, s.Location)
	}
	if q.From == "" {
		q.From = document.DateOf(q.To.Time().AddDate(0, 0, 1-statisticsDays), time.UTC)
	}
	return q
}
