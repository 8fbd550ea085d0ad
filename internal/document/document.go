// Package document is the core of docsvc: the case, the act, the life of an
// act and the rules of who may do what to it.
//
// An enforcement document that is registered becomes a [Case] with a unified
// number. A filled form becomes an [Act] of that case, and the act goes one
// way:
//
//	issued → prepared → signing → signed → archived
//
// once for each signer between issued and signed. Side exits are voided
// (before the act is signed) and, after it is archived, superseded or annulled,
// which change its [Standing] and never the archived object.
//
// [Service] runs that line. Every step reads what is stored, works without an
// open transaction, and stores its result by compare-and-set on (state, epoch),
// so that the ordinary [Worker] is also the recovery after a crash and several
// processes may run it over one register. The core declares the small
// interfaces it needs; the register, the templates and the keys implement them.
package document

import (
	"fmt"
	"time"
)

// Date is a calendar date in the form 2006-01-02, without a time zone: the date
// that stands on an act is a civil one.
type Date string

// DateOf returns the civil date of t in loc.
func DateOf(t time.Time, loc *time.Location) Date {
	return Date(t.In(loc).Format(time.DateOnly))
}

// ParseDate checks that s is a date of the calendar.
func ParseDate(s string) (Date, error) {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", fmt.Errorf("date %q: want YYYY-MM-DD", s)
	}
	return Date(s), nil
}

// Time returns midnight UTC of the date.
func (d Date) Time() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return t
}

// Year returns the year of the date.
func (d Date) Year() int { return d.Time().Year() }
