package document

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Find chooses among the acts, or the cases, of the register. Everything that
// is set must hold.
type Find struct {
	// Text is what somebody typed: words, identifiers and at most one date. A
	// word stands for all that begin with it.
	Text    string
	Officer string // login of the author, or of whom the case is given to
	// Offices are those to look in; all that may be read if there is none.
	Offices []string
	// From and To are the first and the last day: of acts the date printed on
	// them, of cases that of registration.
	From, To Date

	// These are of acts only.
	State    State
	Standing Standing
	Kind     string // id of the template

	// At continues a list behind an entry, towards older ones or, with Newer,
	// the other way.
	At    Place
	Newer bool
	Limit int

	// Words and Everywhere are set by [Service]: the words of Text, and that
	// Offices does not limit the answer.
	Words      []string
	Everywhere bool
}

// Place is where an entry stands in a list: by date, and by id within a day.
type Place struct {
	Date Date
	ID   string
}

// Page is a part of a list, the newest first.
type Page[T any] struct {
	Items []T
	// Newer and Older are where the list goes on; zero at its ends.
	Newer, Older Place
	// Cut says that the search ended at Older since it had looked at as many
	// entries as one page may, not since the page was full.
	Cut bool
	// Broad are the words with which too many others begin: they were searched
	// for as they stand.
	Broad []string
}

// MaxCount is how far entries are counted: more are MaxCount+1.
const MaxCount = 1000

// The limits of a search.
const (
	maxFound     = 100 // entries of a page
	maxFindText  = 200 // letters that are read
	maxFindWords = 8   // of them the longest
)

// FindTx finds acts and cases, and counts them.
type FindTx interface {
	// FindActs and FindCases answer q as [Service] has completed it. How long
	// that takes does not depend on how many there are.
	FindActs(ctx context.Context, q Find) (Page[Act], error)
	FindCases(ctx context.Context, q Find) (Page[Case], error)
	// CountStates counts the acts of q.Officer or, without one, of q.Offices by
	// state, each up to MaxCount+1.
	CountStates(ctx context.Context, q Find) (map[State]int, error)
}

// Acts lists the acts that actor may read, the newest first.
func (s *Service) Acts(ctx context.Context, actor Actor, q Find) (page Page[Act], err error) {
	q, none, err := s.completed(q, actor)
	if err != nil || none {
		return page, err
	}
	err = s.Store.View(ctx, func(tx Tx) (err error) {
		page, err = tx.FindActs(ctx, q)
		return err
	})
	if err != nil {
		return page, fmt.Errorf("find acts: %w", err)
	}
	return page, nil
}

// Cases lists the cases that actor may read, the newest first.
func (s *Service) Cases(ctx context.Context, actor Actor, q Find) (page Page[Case], err error) {
	q, none, err := s.completed(q, actor)
	if err != nil || none {
		return page, err
	}
	err = s.Store.View(ctx, func(tx Tx) (err error) {
		page, err = tx.FindCases(ctx, q)
		return err
	})
	if err != nil {
		return page, fmt.Errorf("find cases: %w", err)
	}
	return page, nil
}

// CountStates counts by state the acts that actor is the author of or, with
// all, may read.
func (s *Service) CountStates(ctx context.Context, actor Actor, all bool) (counts map[State]int, err error) {
	q := Find{Officer: actor.Login}
	if all {
		q.Officer = ""
	}
	q, none, err := s.completed(q, actor)
	if err != nil || none {
		return map[State]int{}, err
	}
	err = s.Store.View(ctx, func(tx Tx) (err error) {
		counts, err = tx.CountStates(ctx, q)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count acts by state: %w", err)
	}
	return counts, nil
}

// completed limits q to what actor may read and reads its text; none says that
// nothing can be found.
func (s *Service) completed(q Find, actor Actor) (_ Find, none bool, err error) {
	var readable []string
	q.Everywhere = false
	for _, g := range actor.Grants {
		switch {
		case !slices.Contains(permitted[ActRead], g.Role):
		case g.Office == AnyOffice:
			q.Everywhere = true
		case !slices.Contains(readable, g.Office):
			readable = append(readable, g.Office)
		}
	}
	if !q.Everywhere && len(readable) == 0 {
		return q, true, actor.May(ActRead, "")
	}
	switch {
	case len(q.Offices) == 0 && !q.Everywhere:
		q.Offices = readable
	case len(q.Offices) > 0 && !q.Everywhere:
		q.Offices = slices.DeleteFunc(slices.Clone(q.Offices), func(o string) bool { return !slices.Contains(readable, o) })
		none = len(q.Offices) == 0
	}
	q.Everywhere = q.Everywhere && len(q.Offices) == 0
	if q.Limit <= 0 || q.Limit > maxFound {
		q.Limit = maxFound
	}
	for _, d := range []Date{q.From, q.To} {
		if _, err := ParseDate(string(d)); d != "" && err != nil {
			return q, false, newError(Invalid, "error.date.typed", err, "date", string(d))
		}
	}
	return q.withText(none)
}

// withText reads a date and words out of the text.
func (q Find) withText(none bool) (Find, bool, error) {
	if utf8.RuneCountInString(q.Text) > maxFindText || !utf8.ValidString(q.Text) {
		return q, false, newError(Invalid, "error.find.long", nil, "max", fmt.Sprint(maxFindText))
	}
	q.Words = nil
	rest := strings.Fields(q.Text)
	for i, field := range rest {
		d, ok := TypedDate(field)
		if !ok {
			continue
		}
		if q.From > d || q.To != "" && q.To < d {
			none = true
		}
		q.From, q.To = d, d
		rest[i] = ""
		break
	}
	q.Words = Words(strings.Join(rest, " "))
	if len(q.Words) > maxFindWords {
		slices.SortStableFunc(q.Words, func(a, b string) int { return utf8.RuneCountInString(b) - utf8.RuneCountInString(a) })
		q.Words = q.Words[:maxFindWords]
	}
	// Something was typed that no word is made of.
	none = none || len(q.Words) == 0 && strings.TrimSpace(strings.Join(rest, "")) != ""
	return q, none, nil
}

// TypedDate reads a date as people and machines write it: 15.06.2026, or
// 2026-06-15.
func TypedDate(s string) (Date, bool) {
	for _, form := range []string{"2.1.2006", time.DateOnly} {
		if t, err := time.Parse(form, s); err == nil && t.Year() >= 1000 {
			return Date(t.Format(time.DateOnly)), true
		}
	}
	return "", false
}
