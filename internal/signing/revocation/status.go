package revocation

import (
	"cmp"
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

// ResponderStatus is how an OCSP responder stands for one CA.
type ResponderStatus struct {
	URL      string
	Issuer   string    // subject of the CA
	Answered time.Time // last; zero: never
	Failures int       // in a row
	Again    time.Time // when it may be asked again
	Err      error     // of the last attempt
}

// Responders tells how each responder that was asked stands, in the order of
// their names, and how many responses are held.
func (s *Source) Responders() (all []ResponderStatus, held int) {
	s.answers.mu.Lock()
	defer s.answers.mu.Unlock()
	for key, r := range s.answers.responders {
		all = append(all, ResponderStatus{key.url, r.issuer, r.answered, r.failures, r.due, r.err})
	}
	slices.SortFunc(all, func(a, b ResponderStatus) int {
		return cmp.Or(strings.Compare(a.URL, b.URL), strings.Compare(a.Issuer, b.Issuer))
	})
	return all, len(s.answers.held)
}

// waiting says whether somebody waits for an answer by a CA's responders.
func (s *Source) waiting() map[string]bool {
	s.answers.mu.Lock()
	defer s.answers.mu.Unlock()
	issuers := map[string]bool{}
	for _, q := range s.answers.open {
		if q.waiting {
			issuers[q.issuer.Subject.String()] = true
		}
	}
	return issuers
}

// Check is a probe: an error when an address has no list that counts now, or
// when somebody waits for a responder that does not answer. A failed attempt
// while the list still counts, or while a list does instead, is none.
func (s *Source) Check(context.Context) error {
	var faults []error
	responders, _ := s.Responders()
	waiting := s.waiting()
	for _, r := range responders {
		if r.Err != nil && waiting[r.Issuer] {
			faults = append(faults, fmt.Errorf("no response of OCSP responder %s for %s: %w", r.URL, r.Issuer, r.Err))
		}
	}
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
