package document

import (
	"context"
	"fmt"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/audit"
)

// Substitution is a deputy who acts in the place of an absent head or chief
// between two dates, both included (000 § 15.22, 16.14).
type Substitution struct {
	ID          string    `json:"id"` // UUIDv7
	Absent      string    `json:"absent"`
	Deputy      string    `json:"deputy"`
	Role        Role      `json:"role"` // in which the deputy acts
	Office      string    `json:"office"`
	From        Date      `json:"from"`
	Until       Date      `json:"until"`
	Reason      string    `json:"reason"` // such as the number of the order
	AppointedBy string    `json:"appointed_by"`
	AppointedAt time.Time `json:"appointed_at"`

	// The rest is set when it is ended early.
	EndedBy string    `json:"ended_by,omitempty"`
	EndedAt time.Time `json:"ended_at,omitzero"`
}

// HoldsOn says whether the deputy acts on a date.
func (x Substitution) HoldsOn(d Date) bool {
	return x.EndedAt.IsZero() && x.From <= d && d <= x.Until
}

// SubstitutionTx keeps substitutions. Nothing removes one.
type SubstitutionTx interface {
	InsertSubstitution(ctx context.Context, x Substitution) error
	// EndSubstitution writes EndedBy and EndedAt; ErrStale when it has ended.
	EndSubstitution(ctx context.Context, x Substitution) error
	// Substitutions lists those that last to a date or longer, ended ones too,
	// by Until and ID.
	Substitutions(ctx context.Context, from Date) ([]Substitution, error)
}

// maxSubstitution is the longest substitution in days. Who is absent for longer
// is replaced by another account.
const maxSubstitution = 366

// Today is the civil date now.
func (s *Service) Today() Date { return DateOf(s.Now(), s.Rules.Location) }

// Substitute appoints a deputy: a head or a chief for themselves, an owner for
// anybody in the office. x has Absent, Deputy, Role, Office, From, Until and
// Reason.
func (s *Service) Substitute(ctx context.Context, actor Actor, x Substitution) (Substitution, error) {
	if err := actor.MaySubstitute(x.Absent, x.Office); err != nil {
		return x, err
	}
	var err error
	if x.Reason, err = checkReason(x.Reason); err != nil {
		return x, err
	}
	if err := s.checkDates(x); err != nil {
		return x, err
	}
	if err := s.checkDeputy(ctx, x); err != nil {
		return x, err
	}
	x.ID, x.AppointedBy, x.AppointedAt = s.NewID(), actor.Login, s.Now().Truncate(time.Microsecond)
	x.EndedBy, x.EndedAt = "", time.Time{}
	item, err := s.eventAs(x.ID, archive.KindSubstitution, x.Absent, x)
	if err != nil {
		return x, err
	}
	err = s.Store.Update(ctx, func(tx Tx) error {
		others, err := tx.Substitutions(ctx, x.From)
		if err != nil {
			return err
		}
		for _, o := range others {
			if o.EndedAt.IsZero() && o.Absent == x.Absent && o.Role == x.Role && o.Office == x.Office && o.From <= x.Until {
				return newError(Conflict, "error.substitution.overlaps", nil, "deputy", o.Deputy,
					"from", string(o.From), "until", string(o.Until))
			}
		}
		if err := tx.InsertSubstitution(ctx, x); err != nil {
			return err
		}
		if err := s.decided(ctx, tx, item, ""); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, audit.Substituted, x.Absent, x.describe())
	})
	if err != nil {
		return x, fmt.Errorf("substitute %s: %w", x.Absent, err)
	}
	return x, s.deliver(ctx, item)
}

// EndSubstitution ends one early, from now on.
func (s *Service) EndSubstitution(ctx context.Context, actor Actor, id string) (Substitution, error) {
	var x Substitution
	err := s.Store.View(ctx, func(tx Tx) error {
		list, err := tx.Substitutions(ctx, s.Today())
		for _, o := range list {
			if o.ID == id {
				x = o
			}
		}
		if err == nil && x.ID == "" {
			err = ErrNotFound
		}
		return lookupError(err, "error.substitution.unknown")
	})
	if err != nil {
		return x, err
	}
	if err := actor.MaySubstitute(x.Absent, x.Office); err != nil {
		return x, err
	}
	x.EndedBy, x.EndedAt = actor.Login, s.Now().Truncate(time.Microsecond)
	item, err := s.event(archive.KindSubstitution, x.Absent, x)
	if err != nil {
		return x, err
	}
	err = s.Store.Update(ctx, func(tx Tx) error {
		if err := tx.EndSubstitution(ctx, x); err != nil {
			return err
		}
		if err := s.decided(ctx, tx, item, ""); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, audit.SubstitutionEnded, x.Absent, x.describe())
	})
	if err != nil {
		return x, fmt.Errorf("end substitution of %s: %w", x.Absent, staleAs(err, "error.substitution.unknown"))
	}
	return x, s.deliver(ctx, item)
}

// SubstitutionsOf lists the substitutions that actor may end or see: those of
// the offices where actor may read, since a date.
func (s *Service) SubstitutionsOf(ctx context.Context, actor Actor, since Date) ([]Substitution, error) {
	var seen []Substitution
	err := s.Store.View(ctx, func(tx Tx) error {
		list, err := tx.Substitutions(ctx, since)
		for _, x := range list {
			if actor.May(ActRead, x.Office) == nil || actor.May(ActSubstitute, x.Office) == nil {
				seen = append(seen, x)
			}
		}
		return err
	})
	return seen, err
}

// MaySubstitute says whether actor may appoint or dismiss a deputy of absent.
func (a Actor) MaySubstitute(absent, office string) error {
	if err := a.May(ActSubstitute, office); err != nil {
		return err
	}
	if absent != a.Login && !a.Holds(RoleOwner, office) {
		return newError(Forbidden, "error.substitution.other", nil, "login", absent)
	}
	return nil
}

func (s *Service) checkDates(x Substitution) error {
	today := s.Today()
	for _, d := range []Date{x.From, x.Until} {
		if _, err := ParseDate(string(d)); err != nil {
			return newError(Invalid, "error.substitution.dates", err, "today", string(today), "days", fmt.Sprint(maxSubstitution))
		}
	}
	longest := DateOf(x.From.Time().AddDate(0, 0, maxSubstitution-1), time.UTC)
	if x.From < today || x.Until < x.From || x.Until > longest {
		return newError(Invalid, "error.substitution.dates", nil, "today", string(today), "days", fmt.Sprint(maxSubstitution))
	}
	return nil
}

// checkDeputy wants somebody absent who holds the role, and a deputy who signs
// in the office.
func (s *Service) checkDeputy(ctx context.Context, x Substitution) error {
	absent, err := s.Account(ctx, x.Absent)
	if err != nil {
		return err
	}
	if x.Role != RoleHead && x.Role != RoleChief || !holds(absent.Grants, x.Role, x.Office) {
		return newError(Invalid, "error.substitution.role", nil, "login", x.Absent, "role", string(x.Role), "office", x.Office)
	}
	deputy, err := s.Account(ctx, x.Deputy)
	if err != nil {
		return err
	}
	if x.Deputy == x.Absent || deputy.Actor("").May(ActSign, x.Office) != nil {
		return newError(Invalid, "error.substitution.deputy", nil, "login", x.Deputy, "office", x.Office)
	}
	return nil
}

func (x Substitution) describe() map[string]string {
	return map[string]string{
		"officer": x.Deputy, "role": string(x.Role), "office": x.Office,
		"from": string(x.From), "until": string(x.Until), "reason": x.Reason,
	}
}

// actsAs says whether actor holds a role in an office today, in their own right
// or in the place of somebody absent.
func (s *Service) actsAs(ctx context.Context, actor Actor, role Role, office string) (bool, error) {
	if actor.Holds(role, office) {
		return true, nil
	}
	return s.substitutes(ctx, func(x Substitution) bool {
		return x.Deputy == actor.Login && x.Role == role && x.Office == office
	})
}

// substitutes says whether a substitution that is like this holds today.
func (s *Service) substitutes(ctx context.Context, like func(Substitution) bool) (bool, error) {
	found, today := false, s.Today()
	err := s.Store.View(ctx, func(tx Tx) error {
		list, err := tx.Substitutions(ctx, today)
		for _, x := range list {
			found = found || x.HoldsOn(today) && like(x)
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("substitutions: %w", err)
	}
	return found, nil
}
