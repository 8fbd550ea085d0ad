package document

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"docsvc/internal/audit"
	"docsvc/internal/codes"
	"docsvc/internal/numbering"
)

// Issue checks a draft completely, gives the act its number and verification
// code in one short transaction, and returns it in state Issued (or further on,
// when the author's request key was used before). Nothing is numbered before
// the form, the author's rights and certificate and a dry run of the pages have
// passed. The caller goes on with Run and Sign; the worker does if it dies.
func (s *Service) Issue(ctx context.Context, actor Actor, d Draft) (Act, []Warning, error) {
	defer s.observe("issue", time.Now())
	if d.RequestKey != "" {
		a, err := s.byRequestKey(ctx, actor.Login, d)
		if !errors.Is(err, ErrNotFound) {
			return a, nil, err
		}
	}
	a, warnings, err := s.drafted(ctx, actor, &d)
	if err != nil {
		return Act{}, warnings, err
	}
	if err := s.signersReady(ctx, a.Signers); err != nil {
		return Act{}, warnings, err
	}
	pages, err := s.foresee(ctx, &a)
	if err != nil {
		return Act{}, warnings, err
	}
	foreseen := a.Code // another request with the same key may have been given the number
	if a, err = s.number(ctx, actor, a, d); err == nil && a.Code == foreseen {
		s.kept.keep(a, Staged{ActID: a.ID, PDF: pages, BaseSize: len(pages)})
	}
	return a, warnings, err
}

// drafted checks a draft against its case and what its author may do, and builds
// the act without number and code. d gets its date.
func (s *Service) drafted(ctx context.Context, actor Actor, d *Draft) (Act, []Warning, error) {
	c, err := s.Case(ctx, d.Case)
	if err != nil {
		return Act{}, nil, err
	}
	if err := actor.May(ActIssue, c.Office); err != nil {
		return Act{}, nil, err
	}
	author, err := s.Account(ctx, actor.Login)
	if err != nil {
		return Act{}, nil, err
	}
	if err := s.dateAct(d); err != nil {
		return Act{}, nil, err
	}
	facts, warnings, err := s.Drafter.CheckAct(ctx, *d, c, author)
	if err != nil {
		return Act{}, warnings, err
	}
	if err := s.mayBeCorrected(ctx, facts.Corrects, c); err != nil {
		return Act{}, warnings, err
	}
	if facts.Signers, err = s.namedSigners(ctx, facts.Signers, c.Office, *d, author.Login); err != nil {
		return Act{}, warnings, err
	}
	a, err := s.draftAct(*d, c, author.Login, facts)
	return a, warnings, err
}

// mayBeCorrected refuses to correct what is not an archived act of the case that
// is in force; an empty number is no act at all.
func (s *Service) mayBeCorrected(ctx context.Context, number string, c Case) error {
	if number == "" {
		return nil
	}
	a, err := s.Act(ctx, number)
	if err != nil {
		return err
	}
	if a.Case != c.Number || a.State != Archived || a.Standing != InForce {
		return newError(Conflict, "error.act.not_correctable", nil, "number", number, "case", c.Number)
	}
	return nil
}

// dateAct gives a draft today's date unless it names one. An act may be dated
// back only where it has no legal force.
func (s *Service) dateAct(d *Draft) error {
	today := DateOf(s.Now(), s.Rules.Location)
	if d.Date == "" {
		d.Date = today
	}
	if _, err := ParseDate(string(d.Date)); err != nil {
		return newError(Invalid, "error.act.date", err, "date", string(d.Date), "today", string(today))
	}
	if d.Date > today || d.Date < today && !s.Rules.Evaluation {
		return newError(Invalid, "error.act.date", nil, "date", string(d.Date), "today", string(today))
	}
	return nil
}

// byRequestKey returns the act that d asked for before. A key that was used for
// another case or template is a mistake: the act it names is not the one wanted.
func (s *Service) byRequestKey(ctx context.Context, login string, d Draft) (Act, error) {
	var a Act
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		a, err = tx.ActByRequestKey(ctx, login, d.RequestKey)
		return err
	})
	if err == nil && (a.Case != d.Case || a.Template != d.Template) {
		return Act{}, newError(Conflict, "error.act.key_used", nil, "key", d.RequestKey, "number", a.Number)
	}
	return a, err
}

// signersReady refuses an act whose first signer could not sign it now.
func (s *Service) signersReady(ctx context.Context, signers []Signer) error {
	if len(signers) == 0 {
		return errors.New("template names no signer")
	}
	first, err := s.Account(ctx, signers[0].Login)
	if err != nil {
		return err
	}
	_, err = s.usableCertificate(ctx, first)
	return err
}

// usableCertificate parses an account's chain, leaf first, and refuses a leaf
// that is expired or revoked now.
func (s *Service) usableCertificate(ctx context.Context, a Account) ([]*x509.Certificate, error) {
	if len(a.Certificate) == 0 {
		return nil, newError(Forbidden, "error.certificate.none", nil, "login", a.Login)
	}
	var chain []*x509.Certificate
	for _, der := range a.Certificate {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("certificate of %s: %w", a.Login, err)
		}
		chain = append(chain, c)
	}
	if err := s.Certificates.Usable(ctx, chain[0], s.Now()); KindOf(err) == Unavailable {
		return nil, err // not known now: no word about the certificate
	} else if err != nil {
		return nil, newError(Forbidden, "error.certificate.unusable", err, "login", a.Login, "reason", err.Error())
	}
	return chain, nil
}

// draftAct builds the act without its number and code.
func (s *Service) draftAct(d Draft, c Case, officer string, f Facts) (Act, error) {
	f.Summary.Signers = publicSigners(f.Signers)
	// Canonical, as the manifest has it: a rebuild then restores these bytes.
	summary, err := canonicalJSON(f.Summary)
	if err != nil {
		return Act{}, fmt.Errorf("summary: %w", err)
	}
	level := s.Rules.LevelOf(f.Template, f.RetentionClass)
	if err := s.levelReady(level); err != nil {
		return Act{}, err
	}
	years, ok := s.Rules.Retention[f.RetentionClass]
	if !ok {
		years = s.Rules.Retention[""]
	}
	now := s.Now().Truncate(time.Second)
	sum := sha256.Sum256(f.Data)
	return Act{
		ID: s.NewID(), CaseID: c.ID, Case: c.Number, Office: c.Office, Officer: officer, Date: d.Date,
		Template: f.Template, Version: f.Version, Data: f.Data, DataSHA256: sum[:],
		Summary: summary, SearchKey: f.SearchKey, Evaluation: s.Rules.Evaluation,
		Level: string(level), Certify: s.Rules.Certifies(f.Template, f.RetentionClass), Signers: f.Signers, RequestKey: d.RequestKey, Corrects: f.Corrects,
		IssuedAt: now, RetainUntil: now.AddDate(years, 0, 0), State: Issued,
	}, nil
}

// foresee gives the act the number that it will have unless another act of the
// case comes between, a code and a seal, and typesets it. Whatever could fail
// there fails before a number is used, and the pages need not be set again.
func (s *Service) foresee(ctx context.Context, a *Act) (pages []byte, err error) {
	var last Counter
	err = s.Store.View(ctx, func(tx Tx) (err error) {
		last, err = tx.Counter(ctx, numbering.ActSeries(a.Case))
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := a.give(int(last.Value) + 1); err != nil {
		return nil, err
	}
	if err := s.giveCode(a); err != nil {
		return nil, err
	}
	if a.Seal, err = s.sealAct(ctx, *a); err != nil {
		return nil, err
	}
	if pages, err = s.Drafter.Render(ctx, *a); err != nil {
		return nil, fmt.Errorf("typeset the act before it is numbered: %w", err)
	}
	return pages, nil
}

// give sets the act's index in its case, and with it its number.
func (a *Act) give(index int) (err error) {
	a.Index = index
	a.Number, err = numbering.FormatAct(a.Case, index)
	return err
}

// giveCode draws the verification code.
func (s *Service) giveCode(a *Act) error {
	code, err := codes.NewCode(s.Rand)
	if err != nil {
		return fmt.Errorf("verification code: %w", err)
	}
	a.Code = code.String()
	return nil
}

// number stores the act with the next index of its case. If that is not the
// one foreseen, the code and the seal made for it are dropped; they have not
// left this process.
func (s *Service) number(ctx context.Context, actor Actor, foreseen Act, d Draft) (Act, error) {
	other := foreseen
	other.Seal = nil
	if err := s.giveCode(&other); err != nil {
		return Act{}, err
	}
	var a Act
	series := numbering.ActSeries(foreseen.Case)
	err := s.withNumber(ctx, series, func() error {
		return s.Store.Update(ctx, func(tx Tx) error {
			n, err := next(ctx, tx, series)
			if err != nil {
				return err
			}
			a = foreseen
			if int(n) != foreseen.Index {
				a = other
				if err := a.give(int(n)); err != nil {
					return err
				}
			}
			if err := tx.InsertAct(ctx, a); err != nil {
				return err
			}
			if err := tx.InsertInput(ctx, a.ID, d.Input); err != nil {
				return err
			}
			if err := tx.InsertJob(ctx, s.lease(a.ID)); err != nil {
				return err
			}
			return s.record(ctx, tx, actor, audit.ActIssued, a.Number, map[string]string{
				"template": a.Template, "version": a.Version,
			})
		})
	})
	if errors.Is(err, ErrExists) && d.RequestKey != "" {
		return s.byRequestKey(ctx, actor.Login, d) // asked twice at once
	}
	if err != nil {
		return Act{}, fmt.Errorf("issue act of case %s: %w", foreseen.Case, err)
	}
	return a, nil
}

// lease is a new job of an act, held by this process.
func (s *Service) lease(actID string) Job {
	now := s.Now()
	return Job{ActID: actID, RunAfter: now, Owner: s.Owner, LeaseEnds: now.Add(s.Rules.Lease)}
}
