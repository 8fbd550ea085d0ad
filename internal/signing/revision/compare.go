// Package revision decides whether what was appended to a PDF after a
// signature leaves the signed content as it was (the question of ISO 32000-2
// § 12.8.2.2 and of the shadow attacks).
//
// The rule is an allow-list over objects, not over what is shown. Every object
// that differs between the signed revision and the file, or is new, must be
// explained by exactly one of:
//
//   - a reserved, empty signature field received its value   (fields.go)
//   - an invisible signature field was added with its value  (fields.go, pages.go)
//   - validation data was added to the DSS                   (dss.go)
//   - an object was written again with the same content
//   - it carries cross-reference data and nothing else
//
// Whatever is left over forbids the file. Around that stand the rules of the
// file itself (layout.go): appended sections and objects lie after the signed
// bytes, nothing is freed, Root and Info stay, a dangling reference of the
// signed revision is not given an object, and a changed array or dictionary
// has one owner only, so that it cannot play two parts.
package revision

import (
	"errors"
	"fmt"
	"slices"

	"docsvc/internal/pdf"
)

// ErrForbidden marks a change that is not on the list.
var ErrForbidden = errors.New("forbidden change after the signature")

// Kind is a permitted change.
type Kind string

const (
	Signature         Kind = "signature"
	DocumentTimestamp Kind = "document-timestamp"
	ValidationData    Kind = "validation-data"
)

// Change is one permitted change.
type Change struct {
	Kind  Kind
	Field string // of a signature or time-stamp: whole name of the field
}

func (c Change) String() string {
	if c.Field == "" {
		return string(c.Kind)
	}
	return string(c.Kind) + " " + c.Field
}

// Compare lists the changes that current makes to the signed revision, which
// must be a prefix of it. A forbidden change is ErrForbidden; an unreadable
// file one of package pdf's errors.
func Compare(signed, current *pdf.Document) ([]Change, error) {
	if len(signed.Bytes()) == len(current.Bytes()) {
		return nil, nil
	}
	c := &comparison{
		old: signed, new: current, oldEnd: len(signed.Bytes()),
		touched: map[int]touch{}, explained: map[int]bool{}, widgets: map[pdf.Ref]bool{},
	}
	for _, step := range []func() error{
		c.checkSections, c.collect, c.explainRewritten, c.checkTrailer,
		c.explainCatalog, c.explainPages, c.explainInfrastructure, c.checkReferences, c.checkLeftOver,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return c.changes, nil
}

type touch uint8

const (
	added   touch = iota + 1 // did not exist in the signed revision
	changed                  // stands elsewhere than in the signed revision
)

type comparison struct {
	old, new  *pdf.Document
	oldEnd    int
	touched   map[int]touch
	explained map[int]bool
	single    []int            // changed objects that must have one owner in old
	widgets   map[pdf.Ref]bool // signature fields that were added
	changes   []Change
}

func forbidden(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrForbidden, fmt.Sprintf(format, args...))
}

// explainRewritten accepts objects whose new version equals the old one.
func (c *comparison) explainRewritten() error {
	for num, t := range c.touched {
		if t != changed {
			continue
		}
		a, b, err := c.versions(num)
		if err != nil {
			return err
		}
		if equal(a, b) {
			c.explained[num] = true
		}
	}
	return nil
}

// versions returns the object before and after.
func (c *comparison) versions(num int) (before, after pdf.Object, err error) {
	if before, err = c.old.Object(num); err != nil {
		return nil, nil, err
	}
	after, err = c.new.Object(num)
	return before, after, err
}

func (c *comparison) isChanged(o pdf.Object) (pdf.Ref, bool) {
	r, ok := o.(pdf.Ref)
	return r, ok && c.touched[r.Num] == changed && !c.explained[r.Num]
}

func (c *comparison) isAdded(o pdf.Object) (pdf.Ref, bool) {
	r, ok := o.(pdf.Ref)
	return r, ok && c.touched[r.Num] == added
}

// own explains a changed container that is reached by a permitted path; it must
// then have no other owner.
func (c *comparison) own(r pdf.Ref) {
	c.explained[r.Num] = true
	c.single = append(c.single, r.Num)
}

// claim explains every added object below o. Objects of the signed revision
// are not followed.
func (c *comparison) claim(o pdf.Object) error {
	w := referenceWalk{doc: c.new, count: map[int]int{}, skip: func(num int) bool { return c.touched[num] != added }}
	if err := w.visit(o); err != nil {
		return err
	}
	for num := range w.count {
		c.explained[num] = true
	}
	return nil
}

// checkLeftOver is the heart of the allow-list.
func (c *comparison) checkLeftOver() error {
	var left []int
	for num := range c.touched {
		if !c.explained[num] {
			left = append(left, num)
		}
	}
	if len(left) == 0 {
		return nil
	}
	num := slices.Min(left)
	if c.touched[num] == added {
		return forbidden("object %d%s was added and belongs to no signature or validation data", num, where(c.new, num))
	}
	return forbidden("object %d%s was changed", num, where(c.old, num))
}
