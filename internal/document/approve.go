package document

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Holds says whether the actor has a role in an office.
func (a Actor) Holds(role Role, office string) bool { return holds(a.Grants, role, office) }

func holds(grants []Grant, role Role, office string) bool {
	return slices.ContainsFunc(grants, func(g Grant) bool {
		return g.Role == role && (g.Office == office || g.Office == AnyOffice)
	})
}

// Holders lists the accounts that have a role in an office and may work.
func (s *Service) Holders(ctx context.Context, role Role, office string) ([]Account, error) {
	var accounts []Account
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		accounts, err = tx.Accounts(ctx)
		return err
	})
	return slices.DeleteFunc(accounts, func(a Account) bool { return a.Disabled || !holds(a.Grants, role, office) }), err
}

// namedSigners finds the approvers whom a drafter names by their role only:
// the one account that has the role in the office and is not the author, or
// the one that the draft names; while that one is absent, the deputy. Two persons sign an act with two signatures:
// nobody approves what they wrote, or signs twice.
func (s *Service) namedSigners(ctx context.Context, signers []Signer, office string, d Draft, author string) ([]Signer, error) {
	var accounts []Account
	var deputies []Substitution // of today
	if slices.ContainsFunc(signers, func(s Signer) bool { return s.Login == "" }) {
		err := s.Store.View(ctx, func(tx Tx) (err error) {
			today := s.Today()
			if accounts, err = tx.Accounts(ctx); err == nil {
				deputies, err = tx.Substitutions(ctx, today)
			}
			deputies = slices.DeleteFunc(deputies, func(x Substitution) bool { return !x.HoldsOn(today) })
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("signers of an act of office %s: %w", office, err)
		}
	}
	signers = slices.Clone(signers)
	for i := range signers {
		signer := &signers[i]
		if signer.Login == "" {
			found, err := approver(candidates(accounts, deputies, signer.Role, office), signer.Role, office, d.Approver, author)
			if err != nil {
				return nil, err
			}
			found.Field, found.Role = signer.Field, signer.Role
			*signer = found
		}
		if err := twoPersons(signers[:i+1], author); err != nil {
			return nil, err
		}
	}
	return signers, nil
}

// candidates are the accounts that hold a role in an office, each of those who
// are absent replaced by the deputy.
func candidates(accounts []Account, deputies []Substitution, role Role, office string) []Signer {
	var list []Signer
	for _, a := range accounts {
		if a.Disabled || !holds(a.Grants, role, office) {
			continue
		}
		c := Signer{Login: a.Login, Name: a.Name, Post: a.Post}
		x := slices.IndexFunc(deputies, func(x Substitution) bool {
			return x.Absent == a.Login && x.Role == role && x.Office == office
		})
		if x >= 0 {
			d := slices.IndexFunc(accounts, func(d Account) bool { return d.Login == deputies[x].Deputy && !d.Disabled })
			if d < 0 { // nobody is there to sign
				continue
			}
			c = Signer{
				Login: accounts[d].Login, Name: accounts[d].Name, Post: accounts[d].Post,
				InsteadOf: &Absent{Login: a.Login, Name: a.Name, Post: a.Post, Substitution: deputies[x].ID},
			}
		}
		list = append(list, c)
	}
	return list
}

// is says whether the signer is of this login, or replaces who is.
func (s Signer) is(login string) bool {
	return s.Login == login || s.InsteadOf != nil && s.InsteadOf.Login == login
}

// approver chooses among the candidates for a role. Nobody approves their own
// act, nor does the deputy of its author.
func approver(candidates []Signer, role Role, office, wanted, author string) (Signer, error) {
	var found []Signer
	var logins []string
	self := false
	for _, c := range candidates {
		switch {
		case wanted != "" && !c.is(wanted):
		case c.is(author):
			self = true
		case slices.Contains(logins, c.Login): // a head who replaces another one
			if c.InsteadOf == nil {
				found[slices.Index(logins, c.Login)] = c
			}
		default:
			found, logins = append(found, c), append(logins, c.Login)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return Signer{}, newError(Conflict, "error.signer.several", nil, "office", office, "logins", strings.Join(logins, ", "))
	case self:
		return Signer{}, newError(Forbidden, "error.signer.self", nil, "login", author)
	}
	return Signer{}, newError(Conflict, "error.signer.none", nil, "office", office, "role", string(role))
}

// twoPersons refuses the last of some signers if that is a person who signs
// before, or the author of an act that somebody else begins to sign.
func twoPersons(signers []Signer, author string) error {
	last := len(signers) - 1
	login := signers[last].Login
	earlier := slices.ContainsFunc(signers[:last], func(s Signer) bool { return s.Login == login })
	if last > 0 && (earlier || login == author) {
		return newError(Forbidden, "error.signer.self", nil, "login", login)
	}
	return nil
}
