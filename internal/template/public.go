package template

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
)

// Public is what the public page says of a kind of act to who holds the paper.
// No act prints it, so it may be worded better without a new version of the
// template, and is not in its digest.
type Public struct {
	Asks      Text  `json:"asks"` // what the act asks, and of whom
	Complaint Court `json:"complaint"`
}

// Court is where an act is complained of, besides the higher official.
type Court string

// The courts that the sources name (docs/domain.md §3, İH 87.1).
const (
	AdministrativeCourt Court = "administrative-court" // at the officer's place
	IssuingCourt        Court = "issuing-court"        // which issued the enforcement document
	NoComplaint         Court = "none"                 // the act prints no complaint: it is no decision
)

// ComplaintTerm is the parameter of the law that says how long an act may be
// complained of.
const ComplaintTerm = "complaint-term"

// loadPublic reads what the public page says; a template may have nothing.
func (t *Template) loadPublic(fsys fs.FS, dir string) error {
	var p Public
	err := readStrict(fsys, path.Join(dir, "public.json"), &p)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case p.Asks.Az == "" || p.Asks.En == "" || p.Asks.Ru == "":
		return errors.New("public.json: asks in three languages is needed")
	case p.Complaint != AdministrativeCourt && p.Complaint != IssuingCourt && p.Complaint != NoComplaint:
		return fmt.Errorf("public.json: unknown court %q", p.Complaint)
	}
	t.Public = &p
	return nil
}
