package render

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"docsvc/internal/codes"
	"docsvc/internal/document"
	"docsvc/internal/template"
)

// CheckCase checks a registration form.
func (r *Renderer) CheckCase(_ context.Context, input json.RawMessage) (document.CaseFacts, []document.Warning, error) {
	c, warnings, err := r.Templates.CheckCase(input, template.DateOf(r.Now().In(r.Location)))
	if err != nil {
		return document.CaseFacts{}, asWarnings(warnings), invalid(err)
	}
	d := c.Case.Document
	return document.CaseFacts{
		Data: c.Canonical, SearchKey: c.SearchKey,
		Document: document.EnforcementDocument{Kind: d.Kind, Number: d.Number, Date: document.Date(d.Date.String()), Issuer: d.Issuer},
	}, asWarnings(warnings), nil
}

// CheckAct checks the form of an act against its template and its case.
func (r *Renderer) CheckAct(_ context.Context, d document.Draft, c document.Case, author document.Account) (document.Facts, []document.Warning, error) {
	t, err := r.Templates.Get(d.Template, "", d.Date.Time())
	if err != nil {
		return document.Facts{}, nil, unknownTemplate(d, err)
	}
	kase, err := template.ParseCase(c.Number, c.Data)
	if err != nil {
		return document.Facts{}, nil, fmt.Errorf("case %s: %w", c.Number, err)
	}
	if err := mayWrite(t.Meta, c.Office, author); err != nil {
		return document.Facts{}, nil, err
	}
	office, ok := r.Offices[c.Office]
	if !ok {
		return document.Facts{}, nil, fmt.Errorf("office %s is not configured", c.Office)
	}
	checked, warnings, err := t.Check(d.Input, template.Context{
		Date: d.Date.Time().In(time.UTC), Profile: template.Profile(author.Profile), Case: kase,
		Office: template.Office{
			Code: office.Code, Name: office.Name, ParentName: office.Parent, Place: office.Place,
			Address: office.Address, Phone: office.Phone, Email: office.Email, Deposit: office.Deposit,
		},
		Officer: template.Officer{Login: author.Login, Name: author.Name, Post: author.Post, VOEN: author.TaxID},
	})
	if err != nil {
		return document.Facts{}, asWarnings(warnings), invalid(err)
	}
	return document.Facts{
		Template: t.Meta.ID, Version: t.Meta.Version, Data: checked.Data,
		Summary:   summary(checked.Summary, kase, office, author),
		SearchKey: checked.Summary.SearchKey, RetentionClass: checked.Summary.RetentionClass,
		Corrects: checked.Summary.Corrects,
		Signers:  signers(t.Meta, checked.Summary.Approver, author),
	}, asWarnings(warnings), nil
}

// mayWrite refuses an author who lacks the role that alone writes acts of a
// kind: a submission to the chief is the head's.
func mayWrite(m template.Meta, office string, author document.Account) error {
	role := document.Role(m.Author)
	if role == "" || author.Actor("").Holds(role, office) {
		return nil
	}
	return &document.Error{Kind: document.Forbidden, Key: "error.template.author",
		Args: map[string]string{"login": author.Login, "role": m.Author, "office": office}}
}

// signers are the author and, where the kind of act asks for it, who approves:
// a role, for which the core finds the person.
func signers(m template.Meta, approver *template.Approver, author document.Account) []document.Signer {
	list := []document.Signer{{
		Login: author.Login, Name: author.Name, Post: author.Post, Field: "signer-1", Role: document.Role(m.Author),
	}}
	if approver != nil {
		list = append(list, document.Signer{Field: "signer-2", Role: document.Role(approver.Role)})
	}
	return list
}

// summary is what the public page and the seal say of an act.
func summary(s template.Summary, c template.Case, office document.Office, author document.Account) document.Summary {
	out := document.Summary{
		Titles: s.Title.Map(), OfficeName: office.Name, SignerName: author.Name, SignerPost: author.Post,
	}
	if s.Amount > 0 {
		amount := int64(s.Amount)
		out.Amount = &amount
	}
	add := func(role string, parties []template.Party) {
		for _, p := range parties {
			out.Parties = append(out.Parties, document.Party{Role: role, Name: codes.Mask(p.ShortName())})
		}
	}
	add("creditor", c.Creditors)
	add("debtor", c.Debtors)
	for _, fact := range s.Proofs {
		out.Secrets = append(out.Secrets, document.NormaliseFact(fact))
	}
	return out
}

// invalid makes the faults of a form the core's error.
func invalid(err error) error {
	if faults, ok := errors.AsType[template.Faults](err); ok {
		return &document.Error{Kind: document.Invalid, Key: "error.form.invalid", Err: faults}
	}
	return err
}

func unknownTemplate(d document.Draft, err error) error {
	if errors.Is(err, template.ErrUnknown) {
		return &document.Error{Kind: document.NotFound, Key: "error.template.unknown", Err: err,
			Args: map[string]string{"template": d.Template, "date": string(d.Date)}}
	}
	return err
}

func asWarnings(list []template.Warning) []document.Warning {
	out := make([]document.Warning, len(list))
	for i, w := range list {
		out[i] = document.Warning{Path: w.Path, Key: w.Key, Args: w.Args}
	}
	return out
}
