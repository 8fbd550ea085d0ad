package sqldb

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// timeLayout is the one text form of a time: RFC 3339 in UTC with microseconds,
// of fixed width, so that comparing texts compares times.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// Time carries a time to and from either engine: text in timeLayout in SQLite,
// timestamptz in PostgreSQL. What is finer than a microsecond is cut off. The
// zero time is NULL. A plain time.Time must never be given to a query: one
// driver drops its zone, the other stores its monotonic clock.
type Time time.Time

// String returns the fixed text form, and "" for the zero time.
func (t Time) String() string {
	if time.Time(t).IsZero() {
		return ""
	}
	return time.Time(t).UTC().Format(timeLayout)
}

// Value implements [driver.Valuer]. Both engines take the text form.
func (t Time) Value() (driver.Value, error) {
	if time.Time(t).IsZero() {
		return nil, nil
	}
	s := t.String()
	if len(s) != len(timeLayout) {
		return nil, fmt.Errorf("time %s: the year must have four digits", s)
	}
	return s, nil
}

// Scan implements [database/sql.Scanner].
func (t *Time) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*t = Time{}
		return nil
	case time.Time:
		*t = Time(v.UTC().Truncate(time.Microsecond))
		return nil
	case []byte:
		return t.parse(string(v))
	case string:
		return t.parse(v)
	default:
		return fmt.Errorf("time: cannot scan %T", src)
	}
}

func (t *Time) parse(s string) error {
	if len(s) != len(timeLayout) {
		return fmt.Errorf("time %q: want the form %s", s, timeLayout)
	}
	u, err := time.Parse(timeLayout, s)
	if err != nil {
		return fmt.Errorf("time %q: %w", s, err)
	}
	*t = Time(u)
	return nil
}
