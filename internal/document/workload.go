package document

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Workload is how many acts of an officer there are.
type Workload struct {
	Login, Name string
	Waiting     int // for a signature
	Working     int // on their way otherwise
	Recent      int // dated within the last thirty days, whatever became of them
}

// workDays is how far back Recent looks.
const workDays = 30

// WorkTx counts acts for who heads an office.
type WorkTx interface {
	// CountOpen counts the acts of an office that are neither archived nor
	// voided, by author and state.
	CountOpen(ctx context.Context, office string) (map[string]map[State]int, error)
	// CountDated counts an author's acts with a date or a later one.
	CountDated(ctx context.Context, officer string, from Date) (int, error)
	// WaitingSince gives for each act that waits for login's signature, after
	// another one's, when that one was made.
	WaitingSince(ctx context.Context, login string) (map[string]time.Time, error)
}

// Heads says whether actor heads an office: as its head, as the chief above it,
// or in the place of one of them.
func (s *Service) Heads(ctx context.Context, actor Actor, office string) (bool, error) {
	for _, role := range []Role{RoleHead, RoleChief} {
		if ok, err := s.actsAs(ctx, actor, role, office); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// Workloads counts the acts of the officers of an office, by name. Only who
// heads it is told.
func (s *Service) Workloads(ctx context.Context, actor Actor, office string) ([]Workload, error) {
	heads, err := s.Heads(ctx, actor, office)
	if err == nil && !heads {
		err = newError(Forbidden, "error.forbidden", nil, "login", actor.Login, "action", string(ActRead), "office", office)
	}
	if err != nil {
		return nil, err
	}
	from := DateOf(s.Now().AddDate(0, 0, 1-workDays), s.Rules.Location)
	var list []Workload
	err = s.Store.View(ctx, func(tx Tx) error {
		accounts, err := tx.Accounts(ctx)
		if err != nil {
			return err
		}
		open, err := tx.CountOpen(ctx, office)
		if err != nil {
			return err
		}
		for _, a := range accounts {
			counts := open[a.Login]
			if counts == nil && (a.Disabled || a.Actor("").May(ActIssue, office) != nil) {
				continue
			}
			l := Workload{Login: a.Login, Name: a.Name}
			for state, n := range counts {
				if state == Prepared {
					l.Waiting += n
				} else {
					l.Working += n
				}
			}
			if l.Recent, err = tx.CountDated(ctx, a.Login, from); err != nil {
				return err
			}
			list = append(list, l)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("workload of office %s: %w", office, err)
	}
	slices.SortFunc(list, func(a, b Workload) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}
