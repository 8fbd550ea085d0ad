package document

import (
	"context"
	"errors"
	"strings"

	"docsvc/internal/codes"
	"docsvc/internal/numbering"
)

// Target is what a typed or scanned text leads to by itself; zero if nothing.
type Target struct{ Act, Case string } // a number

// Named finds the act or the case that a text names: by its number, mended as
// far as the check character allows, by its verification code, or by the address
// in its QR code. The act or case is in the register; whether it may be read is
// asked when it is.
func (s *Service) Named(ctx context.Context, text string) (Target, error) {
	var t Target
	err := s.Store.View(ctx, func(tx Tx) error {
		t = Target{}
		act, kase := s.numbersIn(text)
		if act != "" {
			a, err := tx.ActByNumber(ctx, act)
			t.Act = a.Number
			return err
		}
		if kase != "" {
			c, err := tx.CaseByNumber(ctx, kase)
			t.Case = c.Number
			return err
		}
		if code, ok := codeIn(text); ok {
			a, err := tx.ActByCode(ctx, code)
			t.Act = a.Number
			return err
		}
		return nil
	})
	if errors.Is(err, ErrNotFound) {
		return Target{}, nil
	}
	return t, err
}

func (s *Service) numbersIn(text string) (act, kase string) {
	if n, index, err := s.Rules.Scheme.ParseActTyped(text); err == nil {
		if act, err = numbering.FormatAct(n.Text, index); err == nil {
			return act, ""
		}
	}
	if n, err := s.Rules.Scheme.ParseTyped(text); err == nil {
		return "", n.Text
	}
	return "", ""
}

// codeIn reads a verification code, by itself or in an address …/v/CODE#SEAL.
func codeIn(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if link, err := codes.ParseURL(text); err == nil {
		return link.Code.String(), true
	}
	code, err := codes.ParseCode(text)
	return code.String(), err == nil
}
