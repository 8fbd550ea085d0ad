package revocation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Status is how an address stands, for metrics and operators.
type Status struct {
	URL                    string
	Issuer                 string // subject of the CA; empty when the address never gave a list
	ThisUpdate, NextUpdate time.Time
	Entries                int
	Checked                time.Time // when it last gave or confirmed the list
	Fresh                  bool      // the list counts now
	Err                    error     // of the last attempt
}

// Status tells how each address stands, in the order of their names.
func (s *Source) Status() []Status {
	s.mu.RLock()
	defer s.mu.RUnlock()
	now := s.c.Now()
	var all []Status
	for _, f := range s.feeds {
		st := Status{URL: f.url, Checked: f.checked, Err: f.err}
		if f.list != nil {
			l := s.lists[issuerKey(f.list.Issuer)+"\x00"+f.list.Scope()]
			st.Issuer, st.ThisUpdate, st.NextUpdate = l.Issuer.Subject.String(), l.ThisUpdate, l.NextUpdate
			st.Entries, st.Fresh = l.Len(), s.counts(l, now)
		}
		all = append(all, st)
	}
	slices.SortFunc(all, func(a, b Status) int { return strings.Compare(a.URL, b.URL) })
	return all
}

// Check is a probe: an error when an address has no list that counts now. A
// failed attempt while the list still counts is none.
func (s *Source) Check(context.Context) error {
	var faults []error
	for _, st := range s.Status() {
		switch {
		case st.Fresh:
		case st.Issuer == "":
			faults = append(faults, fmt.Errorf("no revocation list from %s: %w", st.URL, orElse(st.Err, errNotAsked)))
		default:
			faults = append(faults, fmt.Errorf("revocation list from %s is too old (next update %s): %w",
				st.URL, st.NextUpdate.Format(time.RFC3339), orElse(st.Err, errNotAsked)))
		}
	}
	return errors.Join(faults...)
}

var errNotAsked = errors.New("not asked for yet")

func orElse(err, fallback error) error {
	if err != nil {
		return err
	}
	return fallback
}

// troubles are the last errors of the addresses.
func (s *Source) troubles() []error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []error
	for _, f := range s.feeds {
		if f.err != nil && len(list) < 8 {
			list = append(list, fmt.Errorf("%s: %w", f.url, f.err))
		}
	}
	return list
}
