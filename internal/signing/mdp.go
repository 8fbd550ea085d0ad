package signing

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"docsvc/internal/pdf"
)

// rules are what a signature says of later changes (ISO 32000-1 § 12.8.2). The
// verifier permits signatures and validation data at most, so that what is left
// to judge is whether another signature may follow. Validation data and
// document time-stamps always may (ISO 32000-2 § 12.8.2.2.2).
type rules struct {
	p      int      // DocMDP: 1 no changes, 2 filling in and signing, 3 annotations too; 0: no DocMDP
	action pdf.Name // FieldMDP: All, Include, Exclude; empty: no FieldMDP
	fields []string
}

const maxReferences = 16

func (v *validation) modificationRules(signature *pdf.Dict) (rules, error) {
	var r rules
	refs, err := v.doc.Array(signature.Get("Reference"))
	if err != nil {
		return r, fmt.Errorf("reading the signature's references: %w", err)
	}
	if len(refs) > maxReferences {
		return r, fmt.Errorf("%w: references of a signature", pdf.ErrLimit)
	}
	for _, o := range refs {
		ref, err := v.doc.Dict(o)
		if err != nil {
			return r, fmt.Errorf("reading the signature's references: %w", err)
		}
		if err := v.addRule(&r, ref); err != nil {
			return r, err
		}
	}
	return r, nil
}

// addRule reads one signature reference dictionary.
func (v *validation) addRule(r *rules, ref *pdf.Dict) error {
	params := &pdf.Dict{}
	if o := ref.Get("TransformParams"); o != nil {
		var err error
		if params, err = v.doc.Dict(o); err != nil {
			return fmt.Errorf("reading TransformParams: %w", err)
		}
	}
	switch method, _ := ref.Get("TransformMethod").(pdf.Name); method {
	case "DocMDP":
		p, ok := params.Get("P").(int64)
		if params.Get("P") == nil {
			p, ok = 2, true // the default, table 254
		}
		if !ok || p < 1 || p > 3 || r.p != 0 {
			return errors.New("the certification's permissions are not understood")
		}
		r.p = int(p)
	case "FieldMDP":
		names, err := v.doc.Array(params.Get("Fields"))
		if err != nil {
			return fmt.Errorf("reading FieldMDP: %w", err)
		}
		r.action, _ = params.Get("Action").(pdf.Name)
		if !slices.Contains([]pdf.Name{"All", "Include", "Exclude"}, r.action) {
			return errors.New("the signature's lock of fields is not understood")
		}
		for _, n := range names {
			if s, ok := n.(pdf.String); ok {
				r.fields = append(r.fields, pdf.DecodeText(s))
			}
		}
	default:
		return fmt.Errorf("the signature's transform method %.40q is not understood", string(method))
	}
	return nil
}

// maySign says whether another signature in the field may follow.
func (r rules) maySign(field string) bool {
	switch {
	case r.p == 1, r.action == "All":
		return false
	case r.action == "Include":
		return !slices.ContainsFunc(r.fields, func(locked string) bool { // a field, or all below it
			return field == locked || strings.HasPrefix(field, locked+".")
		})
	case r.action == "Exclude":
		return slices.Contains(r.fields, field)
	}
	return true
}

// certification checks that the catalog's permissions and the signatures agree:
// one signature at most certifies, it is the first, and Perms names it (ISO
// 32000-1 § 12.8.4).
func (v *validation) certification(list []candidate) *failure {
	catalog, err := v.doc.Catalog()
	if err != nil {
		return fileFailure(err)
	}
	var named pdf.Object
	if o := catalog.Get("Perms"); o != nil {
		perms, err := v.doc.Dict(o)
		if err != nil {
			return fileFailure(err)
		}
		named = perms.Get("DocMDP")
	}
	found := false
	for _, c := range list {
		if c.located == nil || c.located.permits == 0 {
			continue
		}
		if found || c.field.value != named {
			return failed(FormatFailure, CauseLayout, "a signature certifies the document that its permissions do not name")
		}
		found = true
		for _, other := range list {
			if other.located != nil && other.located.revisionEnd() < c.located.revisionEnd() {
				return failed(FormatFailure, CauseLayout, "the certifying signature is not the first one")
			}
		}
	}
	if named != nil && !found && !slices.ContainsFunc(list, func(c candidate) bool { return c.fail != nil }) {
		return failed(FormatFailure, CauseLayout, "the document's permissions name no signature that certifies it")
	}
	return nil
}
