package document

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// SavedForm is a form that somebody is filling in: for an act of a case, or for
// the registration of an enforcement document. It is for that person alone, has
// no legal meaning, and is not archived. Its Input is as it was typed and was
// checked by nobody.
type SavedForm struct {
	ID    string // UUIDv7; also the request key of the act that it becomes
	Login string // whose it is
	// Case and Template are those of the act; both empty: a registration.
	Case     string
	Template string
	// Office is where a registration is asked for, Officer whom the case is to be
	// given to or, of an act, who is to approve it where several may.
	Office, Officer string
	Input           []byte // a JSON object
	// Version rises by one with each saving: who saves an older one is told.
	Version   int
	CreatedAt time.Time
	UpdatedAt time.Time
}

const (
	// MaxForms is how many forms a person may have unfinished.
	MaxForms = 200
	// MaxFormInput is the largest form in bytes.
	MaxFormInput = 1 << 20
)

// FormTx reads and writes the forms that are being filled in, and what was
// typed into those of issued acts.
type FormTx interface {
	InsertForm(ctx context.Context, f SavedForm) error
	FormByID(ctx context.Context, id string) (SavedForm, error)
	// FormsOf lists the forms of login, the one touched last first, without
	// their input.
	FormsOf(ctx context.Context, login string, limit int) ([]SavedForm, error)
	// UpdateForm writes office, officer, input and time where id and version
	// are still those of f, and raises the version; ErrStale when they are not.
	UpdateForm(ctx context.Context, f SavedForm) error
	DeleteForm(ctx context.Context, id string) error

	// InsertInput keeps the form of an act, so that another can be made from it.
	InsertInput(ctx context.Context, actID string, input []byte) error
	Input(ctx context.Context, actID string) ([]byte, error)
}

// BeginForm keeps a new form of actor. from, if it is not empty, is the number
// of an act of the same kind whose form is copied into it.
func (s *Service) BeginForm(ctx context.Context, actor Actor, f SavedForm, from string) (SavedForm, error) {
	if err := s.mayFill(ctx, actor, f); err != nil {
		return f, err
	}
	now := s.Now()
	f.ID, f.Login, f.Version, f.CreatedAt, f.UpdatedAt = s.NewID(), actor.Login, 1, now, now
	if f.Input == nil {
		f.Input = []byte("{}")
	}
	if from != "" {
		var err error
		if f.Input, err = s.inputOf(ctx, actor, from, f.Template); err != nil {
			return f, err
		}
	}
	if err := checkInput(f.Input); err != nil {
		return f, err
	}
	return f, s.Store.Update(ctx, func(tx Tx) error {
		mine, err := tx.FormsOf(ctx, actor.Login, MaxForms)
		if err != nil {
			return err
		}
		if len(mine) >= MaxForms {
			return newError(Conflict, "error.form.too_many", nil, "max", fmt.Sprint(MaxForms))
		}
		return tx.InsertForm(ctx, f)
	})
}

// mayFill says whether actor may ask for what the form is for.
func (s *Service) mayFill(ctx context.Context, actor Actor, f SavedForm) error {
	if f.Case == "" {
		return actor.May(ActRegisterCase, f.Office)
	}
	c, err := s.Case(ctx, f.Case)
	if err != nil {
		return err
	}
	return actor.May(ActIssue, c.Office)
}

// inputOf is what was typed into the form of an act that actor may read.
func (s *Service) inputOf(ctx context.Context, actor Actor, number, template string) ([]byte, error) {
	a, err := s.Act(ctx, number)
	if err != nil {
		return nil, err
	}
	if err := actor.May(ActRead, a.Office); err != nil {
		return nil, err
	}
	if a.Template != template {
		return nil, newError(Invalid, "error.form.other_kind", nil, "number", a.Number)
	}
	var input []byte
	err = s.Store.View(ctx, func(tx Tx) (err error) {
		input, err = tx.Input(ctx, a.ID)
		return err
	})
	return input, lookupError(err, "error.form.no_input", "number", a.Number)
}

func checkInput(input []byte) error {
	var object map[string]json.RawMessage
	switch {
	case len(input) > MaxFormInput:
		return newError(Invalid, "error.form.too_big", nil, "max", fmt.Sprint(MaxFormInput>>10))
	case json.Unmarshal(input, &object) != nil || object == nil:
		return newError(Invalid, "error.json", nil, "reason", "want an object")
	}
	return nil
}

// Form returns a form of actor. Another person's is not even known to exist.
func (s *Service) Form(ctx context.Context, actor Actor, id string) (SavedForm, error) {
	var f SavedForm
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		f, err = ownForm(ctx, tx, actor, id)
		return err
	})
	return f, err
}

func ownForm(ctx context.Context, tx Tx, actor Actor, id string) (SavedForm, error) {
	f, err := tx.FormByID(ctx, id)
	if err == nil && f.Login != actor.Login {
		err = ErrNotFound
	}
	if err != nil {
		return SavedForm{}, lookupError(err, "error.form.gone")
	}
	return f, nil
}

// ActOfForm returns the act that a form of actor has become.
func (s *Service) ActOfForm(ctx context.Context, actor Actor, id string) (Act, error) {
	var a Act
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		a, err = tx.ActByRequestKey(ctx, actor.Login, id)
		return err
	})
	return a, lookupError(err, "error.form.gone")
}

// Forms lists the unfinished forms of actor, the one touched last first,
// without their input.
func (s *Service) Forms(ctx context.Context, actor Actor) ([]SavedForm, error) {
	var list []SavedForm
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		list, err = tx.FormsOf(ctx, actor.Login, MaxForms)
		return err
	})
	return list, err
}

// SaveForm keeps what was typed since f.Version, and returns the form as it is
// kept. Where it was saved in the meantime from elsewhere, the answer is a
// Conflict and the form as it is kept there.
func (s *Service) SaveForm(ctx context.Context, actor Actor, f SavedForm) (SavedForm, error) {
	if err := checkInput(f.Input); err != nil {
		return f, err
	}
	var kept, saved SavedForm
	err := s.Store.Update(ctx, func(tx Tx) (err error) {
		if kept, err = ownForm(ctx, tx, actor, f.ID); err != nil {
			return err
		}
		saved = kept
		saved.Version, saved.Input, saved.Office, saved.Officer, saved.UpdatedAt = f.Version, f.Input, f.Office, f.Officer, s.Now()
		return tx.UpdateForm(ctx, saved)
	})
	switch {
	case errors.Is(err, ErrStale):
		return kept, newError(Conflict, "error.form.newer", ErrStale)
	case err != nil:
		return f, err
	}
	saved.Version++
	return saved, nil
}

// DropForm forgets a form of actor.
func (s *Service) DropForm(ctx context.Context, actor Actor, id string) error {
	return s.Store.Update(ctx, func(tx Tx) error {
		if _, err := ownForm(ctx, tx, actor, id); err != nil {
			return err
		}
		return tx.DeleteForm(ctx, id)
	})
}

// Preview typesets what a draft would become, marked as a draft, without number
// and codes. Nothing is kept. It asks for all that Issue asks for but the
// author's certificate.
func (s *Service) Preview(ctx context.Context, actor Actor, d Draft) ([]byte, []Warning, error) {
	a, warnings, err := s.drafted(ctx, actor, &d)
	if err != nil {
		return nil, warnings, err
	}
	pages, err := s.Drafter.Preview(ctx, a)
	if err != nil {
		return nil, warnings, fmt.Errorf("typeset a draft of case %s: %w", d.Case, err)
	}
	return pages, warnings, nil
}
