package template

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

var months = [...]string{"yanvar", "fevral", "mart", "aprel", "may", "iyun", "iyul", "avqust", "sentyabr", "oktyabr", "noyabr", "dekabr"}

// Date is a day of the civil calendar without a time or zone. Its JSON and
// text form is yyyy-mm-dd.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

var errDate = errors.New("not a day of the calendar")

// Baku is the zone of all acts: UTC+4, without summer time since 2016.
func Baku() *time.Location { return time.FixedZone("Asia/Baku", 4*60*60) }

// DateOf gives the day in Baku at a moment.
func DateOf(t time.Time) Date {
	y, m, d := t.In(Baku()).Date()
	return Date{y, m, d}
}

// ParseDate reads yyyy-mm-dd between 1900 and 2199.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1900 || t.Year() > 2199 {
		return Date{}, fmt.Errorf("%q: %w", s, errDate)
	}
	y, m, d := t.Date()
	return Date{y, m, d}, nil
}

// IsZero tells whether no date was given.
func (d Date) IsZero() bool { return d == Date{} }

// Time gives the start of the day in Baku.
func (d Date) Time() time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, Baku())
}

// Before tells whether d comes before e.
func (d Date) Before(e Date) bool { return d.Time().Before(e.Time()) }

// AddDays gives the day n calendar days later.
func (d Date) AddDays(n int) Date { return DateOf(d.Time().AddDate(0, 0, n)) }

// AddMonths gives the same day n months later, or the last day of that month
// where it has no such day.
func (d Date) AddMonths(n int) Date {
	first := time.Date(d.Year, d.Month+time.Month(n), 1, 0, 0, 0, 0, Baku())
	end := first.AddDate(0, 1, -1).Day()
	return Date{first.Year(), first.Month(), min(d.Day, end)}
}

// String gives yyyy-mm-dd.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Short gives dd.mm.yyyy.
func (d Date) Short() string { return fmt.Sprintf("%02d.%02d.%04d", d.Day, d.Month, d.Year) }

// Long gives "12 oktyabr 2021-ci il".
func (d Date) Long() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d %s %s il", d.Day, months[d.Month-1], OrdinalSuffix(strconv.Itoa(d.Year)))
}

// InText gives the order used inside a sentence: "2021-ci il 12 oktyabr".
func (d Date) InText() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s il %d %s", OrdinalSuffix(strconv.Itoa(d.Year)), d.Day, months[d.Month-1])
}

// MarshalText implements encoding.TextMarshaler.
func (d Date) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return nil, nil
	}
	return []byte(d.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	var err error
	*d, err = ParseDate(string(b))
	return err
}
