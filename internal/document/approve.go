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
// the one that the draft names. Two persons sign an act with two signatures:
// nobody approves what they wrote, or signs twice.
func (s *Service) namedSigners(ctx context.Context, signers []Signer, office string, d Draft, author string) ([]Signer, error) {
	var accounts []Account
	if slices.ContainsFunc(signers, func(s Signer) bool { return s.Login == "" }) {
		err := s.Store.View(ctx, func(tx Tx) (err error) {
			accounts, err = tx.Accounts(ctx)
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
			account, err := approver(accounts, signer.Role, office, d.Approver, author)
			if err != nil {
				return nil, err
			}
			signer.Login, signer.Name, signer.Post = account.Login, account.Name, account.Post
		}
		if err := twoPersons(signers[:i+1], author); err != nil {
			return nil, err
		}
	}
	return signers, nil
}

// approver chooses among the accounts with a role in an office.
func approver(accounts []Account, role Role, office, wanted, author string) (Account, error) {
	var found []Account
	var logins []string
	self := false
	for _, a := range accounts {
		switch {
		case a.Disabled || !holds(a.Grants, role, office) || wanted != "" && a.Login != wanted:
		case a.Login == author:
			self = true
		default:
			found, logins = append(found, a), append(logins, a.Login)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return Account{}, newError(Conflict, "error.signer.several", nil, "office", office, "logins", strings.Join(logins, ", "))
	case self:
		return Account{}, newError(Forbidden, "error.signer.self", nil, "login", author)
	}
	return Account{}, newError(Conflict, "error.signer.none", nil, "office", office, "role", string(role))
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
