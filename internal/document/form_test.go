package document_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"docsvc/internal/document"
)

func key(err error) string {
	e, ok := errors.AsType[*document.Error](err)
	if !ok {
		return ""
	}
	return e.Key
}

// TestForm: a form is its owner's, is saved as often as they like, tells who
// saves an older one, and becomes one act however often it is sent.
func TestForm(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	c := w.mustRegister(s, 1)
	ctx, nigar := t.Context(), actor("nigar")
	f, err := s.BeginForm(ctx, nigar, document.SavedForm{Case: c.Number, Template: "decision"}, "")
	if err != nil || string(f.Input) != "{}" || f.Version != 1 {
		t.Fatalf("begin: %+v, %v", f, err)
	}
	older := f
	f.Input = []byte(`{"to":"bank"}`)
	if f, err = s.SaveForm(ctx, nigar, f); err != nil || f.Version != 2 {
		t.Fatalf("save: %+v, %v", f, err)
	}
	older.Input = []byte(`{"to":"nobody"}`)
	kept, err := s.SaveForm(ctx, nigar, older)
	if key(err) != "error.form.newer" || string(kept.Input) != `{"to":"bank"}` || kept.Version != 2 {
		t.Errorf("an older form: %+v, %v", kept, err)
	}
	if got, err := s.Form(ctx, nigar, f.ID); err != nil || string(got.Input) != `{"to":"bank"}` {
		t.Errorf("read again: %s, %v", got.Input, err)
	}
	vuqar := actor("vuqar")
	for name, do := range map[string]func() error{
		"read":    func() error { _, err := s.Form(ctx, vuqar, f.ID); return err },
		"saved":   func() error { _, err := s.SaveForm(ctx, vuqar, f); return err },
		"dropped": func() error { return s.DropForm(ctx, vuqar, f.ID) },
	} {
		if err := do(); key(err) != "error.form.gone" || document.KindOf(err) != document.NotFound {
			t.Errorf("another person's form is %s: %v", name, err)
		}
	}
	draft := document.Draft{Case: f.Case, Template: f.Template, Input: f.Input, RequestKey: f.ID}
	a, _, err := s.Issue(ctx, nigar, draft)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := s.Issue(ctx, nigar, draft)
	if err != nil || again.Number != a.Number {
		t.Errorf("sent again: %s, %v", again.Number, err)
	}
	if err := s.DropForm(ctx, nigar, f.ID); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Forms(ctx, nigar); err != nil || len(list) != 0 {
		t.Errorf("forms left: %v, %v", list, err)
	}
	if got, err := s.ActOfForm(ctx, nigar, f.ID); err != nil || got.Number != a.Number {
		t.Errorf("the act of the form: %s, %v", got.Number, err)
	}
	// Another act is made from it.
	copied, err := s.BeginForm(ctx, nigar, document.SavedForm{Case: c.Number, Template: "decision"}, a.Number)
	if err != nil || string(copied.Input) != `{"to":"bank"}` {
		t.Errorf("copied: %s, %v", copied.Input, err)
	}
	if _, err := s.BeginForm(ctx, nigar, document.SavedForm{Case: c.Number, Template: "query"}, a.Number); key(err) != "error.form.other_kind" {
		t.Errorf("copied into another kind: %v", err)
	}
}

func TestFormRefusals(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	c := w.mustRegister(s, 1)
	ctx, nigar := t.Context(), actor("nigar")
	nobody := document.Actor{Login: "nigar"}
	elsewhere := document.Actor{Login: "nigar", Grants: []document.Grant{grant(document.RoleOfficer, "111")}}
	act := document.SavedForm{Case: c.Number, Template: "decision"}
	with := func(input string) document.SavedForm {
		f := act
		f.Input = []byte(input)
		return f
	}
	big := `{"a":"` + strings.Repeat("x", document.MaxFormInput) + `"}`
	for name, tc := range map[string]struct {
		actor document.Actor
		form  document.SavedForm
		from  string
		want  string
	}{
		"no role":          {nobody, act, "", "error.forbidden"},
		"another office":   {elsewhere, act, "", "error.forbidden"},
		"registers there":  {elsewhere, document.SavedForm{Office: "110"}, "", "error.forbidden"},
		"no such case":     {nigar, document.SavedForm{Case: "EI2611000000009X"}, "", "error.case.unknown"},
		"no such act":      {nigar, act, c.Number + "-077", "error.act.unknown"},
		"not JSON":         {nigar, with("{"), "", "error.json"},
		"no object":        {nigar, with("[]"), "", "error.json"},
		"null":             {nigar, with("null"), "", "error.json"},
		"two values":       {nigar, with("{} {}"), "", "error.json"},
		"more than a form": {nigar, with(big), "", "error.form.too_big"},
	} {
		if _, err := s.BeginForm(ctx, tc.actor, tc.form, tc.from); key(err) != tc.want {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
	for range document.MaxForms {
		if _, err := s.BeginForm(ctx, nigar, act, ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.BeginForm(ctx, nigar, act, ""); key(err) != "error.form.too_many" {
		t.Errorf("one form too many: %v", err)
	}
}

// TestPreview: a draft is typeset and nothing is kept.
func TestPreview(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	c := w.mustRegister(s, 1)
	pages, _, err := s.Preview(t.Context(), actor("nigar"), draftOf(c.Number, ""))
	if err != nil || !bytes.HasPrefix(pages, []byte("%PDF")) {
		t.Errorf("preview: %d bytes, %v", len(pages), err)
	}
	if acts := w.dump("act"); strings.Contains(acts, c.Number+"-") {
		t.Errorf("an act was kept: %s", acts)
	}
	if _, _, err := s.Preview(t.Context(), document.Actor{Login: "nigar"}, draftOf(c.Number, "")); key(err) != "error.forbidden" {
		t.Errorf("without a role: %v", err)
	}
}
