package verify

import (
	"context"
	"errors"

	"docsvc/internal/codes"
	"docsvc/internal/document"
)

// Copy is the full act, for who holds its paper.
type Copy struct {
	Number string
	PDF    []byte
}

// Copy returns the full act to a visitor who has its code and types a fact
// printed on it. The answer to a wrong fact, an unknown code and an act that is
// not archived is one and the same. Limiting how often one may try is left to
// the caller.
func (v *Verifier) Copy(ctx context.Context, typed, fact string) (Copy, error) {
	refused := &document.Error{Kind: document.Forbidden, Key: "error.copy.refused"}
	code, err := codes.ParseCode(typed)
	if err != nil {
		return Copy{}, refused
	}
	a, err := v.actByCode(ctx, code)
	if errors.Is(err, document.ErrNotFound) {
		return Copy{}, refused
	}
	if err != nil {
		return Copy{}, err
	}
	summary, err := a.PublicSummary()
	if err != nil {
		return Copy{}, err
	}
	if a.State != document.Archived || !summary.Holds(fact) {
		return Copy{}, refused
	}
	_, rec, err := v.judge(ctx, a)
	if err != nil {
		return Copy{}, err
	}
	if rec == nil {
		return Copy{}, &document.Error{Kind: document.Conflict, Key: "error.copy.altered"}
	}
	return Copy{Number: a.Number, PDF: rec.file}, nil
}
