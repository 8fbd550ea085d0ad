// Package render joins the templates, the codes and the typesetter: it checks
// forms and turns the data of an act into the pages that are signed. It is the
// core's [document.Drafter].
package render

import (
	"context"
	"fmt"
	"time"

	"docsvc/internal/codes"
	"docsvc/internal/document"
	"docsvc/internal/template"
	"docsvc/internal/typeset"
)

// engineVersion names the typesetter in manifests and metadata. It is raised
// whenever the same act would be typeset to other bytes.
const engineVersion = "docsvc-typeset/1"

// maxPages is far above any act.
const maxPages = 200

// Renderer implements document.Drafter. It is safe for concurrent use.
type Renderer struct {
	Templates *template.Library
	Typeset   *typeset.Engine
	Offices   map[string]document.Office // by code
	Origin    string                     // of the verification page: https://HOST
	Host      string                     // the same, as printed in words
	Location  *time.Location
	Now       func() time.Time
}

// Engine names the typesetter and its version.
func (r *Renderer) Engine() string { return engineVersion }

// Render typesets a.Data. It reads nothing but a.
func (r *Renderer) Render(ctx context.Context, a document.Act) ([]byte, error) {
	code, err := codes.ParseCode(a.Code)
	if err != nil {
		return nil, fmt.Errorf("code of act %s: %w", a.Number, err)
	}
	url, err := codes.URL(r.Origin, code, a.Seal)
	if err != nil {
		return nil, fmt.Errorf("address of act %s: %w", a.Number, err)
	}
	qr, err := codes.QR(url)
	if err != nil {
		return nil, fmt.Errorf("QR code of act %s: %w", a.Number, err)
	}
	barcode, err := codes.Code128(a.Number)
	if err != nil {
		return nil, fmt.Errorf("barcode of act %s: %w", a.Number, err)
	}
	issue := template.Issue{Number: a.Number, Code: code.String(), Host: r.Host}
	return r.typeset(ctx, a, issue, map[string]typeset.Symbol{"barcode": symbol(barcode), "qr": symbol(qr)})
}

// Preview typesets a.Data as a draft.
func (r *Renderer) Preview(ctx context.Context, a document.Act) ([]byte, error) {
	return r.typeset(ctx, a, template.Issue{Draft: true}, nil)
}

// typeset sets the pages of an act with what it got when it was issued.
func (r *Renderer) typeset(ctx context.Context, a document.Act, issue template.Issue, symbols map[string]typeset.Symbol) ([]byte, error) {
	summary, err := a.PublicSummary()
	if err != nil {
		return nil, err
	}
	t, err := r.Templates.Get(a.Template, a.Version, a.Date.Time())
	if err != nil {
		return nil, fmt.Errorf("template %s %s: %w", a.Template, a.Version, err)
	}
	signers, err := r.signersOf(t.Meta, a)
	if err != nil {
		return nil, err
	}
	issue.CaseNumber, issue.Evaluation, issue.Signers = a.Case, a.Evaluation, signers
	html, err := t.HTML(a.Data, issue)
	if err != nil {
		return nil, err
	}
	title := t.Meta.Title.Az
	if a.Number != "" {
		title += " № " + a.Number
	}
	result, err := r.Typeset.Render(ctx, typeset.Document{
		HTML: html, Title: title, Lang: "az", Author: summary.OfficeName,
		Subject: a.Case, Created: a.IssuedAt.In(r.Location),
		Meta: typeset.Meta{
			TemplateID: a.Template, TemplateVersion: a.Version, EngineVersion: engineVersion,
			ActNumber: a.Number, Evaluation: a.Evaluation,
		},
		Symbols: symbols,
		Attachments: []typeset.Attachment{{
			Name: "act.json", MIME: "application/json", Relationship: "Data", Data: a.Data,
			Description: "Aktın maşınla oxunan məlumatı", Modified: a.IssuedAt.In(r.Location),
		}},
		MaxPages: maxPages,
	})
	if err != nil {
		return nil, fmt.Errorf("typeset act %s: %w", a.Number, err)
	}
	if len(result.Fields) != len(a.Signers) {
		return nil, fmt.Errorf("template %s reserves %d signature fields for %d signers", a.Template, len(result.Fields), len(a.Signers))
	}
	return result.PDF, nil
}

// signersOf are the signers of an act as its template prints them.
func (r *Renderer) signersOf(m template.Meta, a document.Act) ([]template.Signer, error) {
	list := make([]template.Signer, len(a.Signers))
	for i, s := range a.Signers {
		list[i] = template.Signer{Field: s.Field, Name: s.Name, Post: s.Post}
		if i > 0 && m.Approver != nil { // the author's block has no heading
			list[i].Role, list[i].Heading = m.Approver.Role, m.Approver.Heading
		}
		if s.InsteadOf != nil {
			wording, err := r.Templates.Law().At("substitution-wording", template.DateOf(a.Date.Time()))
			if err != nil {
				return nil, fmt.Errorf("signer %d of act %s: %w", i+1, a.Number, err)
			}
			list[i].InsteadOf, list[i].Wording = s.InsteadOf.Post, wording.Printed()
		}
	}
	return list, nil
}

func symbol(b codes.Bitmap) typeset.Symbol {
	return typeset.Symbol{Width: b.Width, Height: b.Height, Dark: b.Dark, Quiet: b.Quiet}
}
