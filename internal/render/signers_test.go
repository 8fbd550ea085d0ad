package render_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"docsvc/internal/document"
	"docsvc/internal/typeset/conform"
)

const (
	liability = `{"facts":"a","materials":["b"]}`
	extension = `{"ends":"2026-11-30","until":"2026-12-30","facts":"a"}`
	ending    = `{"ground":"a","facts":"b"}`
	lifting   = `{"restriction":"a","court":"b","ruling":"c","ruling_date":"2026-11-01","body":"d","facts":"e"}`
	query     = `{"addressee":"a","items":["11.3.1"]}`
)

// TestSigners: who signs what in which order, and who may write it at all.
func TestSigners(t *testing.T) {
	o := newOffice(t)
	person := func(login, field string, role document.Role) document.Signer {
		a := o.account(t, login)
		return document.Signer{Login: login, Name: a.Name, Post: a.Post, Field: field, Role: role}
	}
	approver := func(role document.Role) document.Signer { return document.Signer{Field: "signer-2", Role: role} }
	nigar, kamran, vuqar := person("nigar", "signer-1", ""), person("kamran", "signer-1", ""), person("vuqar", "signer-1", document.RoleHead)
	for _, c := range []struct {
		template, input, kase, author string
		want                          []document.Signer
		refused                       string
	}{
		{"query", query, "case-1", "nigar", []document.Signer{nigar}, ""},
		{"termination-decision", ending, "case-1", "nigar", []document.Signer{nigar, approver(document.RoleHead)}, ""},
		{"termination-decision", ending, "case-6", "kamran", []document.Signer{kamran}, ""},
		{"lifting-decision", lifting, "case-1", "nigar", []document.Signer{nigar, approver(document.RoleHead)}, ""},
		{"lifting-decision", lifting, "case-6", "kamran", []document.Signer{kamran}, ""},
		{"liability-submission", liability, "case-1", "vuqar", []document.Signer{vuqar, approver(document.RoleChief)}, ""},
		{"extension-submission", extension, "case-1", "vuqar", []document.Signer{vuqar, approver(document.RoleChief)}, ""},
		{"liability-submission", liability, "case-1", "nigar", nil, "error.template.author"},
		{"extension-submission", extension, "case-1", "nigar", nil, "error.template.author"},
		{"extension-submission", extension, "case-6", "kamran", nil, "error.template.author"},
	} {
		f, err := o.check(t, c.kase, c.author, document.Draft{Template: c.template, Date: "2026-11-20", Input: json.RawMessage(c.input)})
		if key := keyOf(err); key != c.refused || c.refused != "" && document.KindOf(err) != document.Forbidden {
			t.Errorf("%s by %s: %v, want %q", c.template, c.author, err, c.refused)
		}
		if diff := cmp.Diff(c.want, f.Signers); diff != "" {
			t.Errorf("%s by %s (-want +got):\n%s", c.template, c.author, diff)
		}
		if c.refused != "" {
			continue
		}
		file, err := o.renderer.Render(t.Context(), o.act(t, f, "2026-11-20"))
		if err != nil {
			t.Errorf("%s by %s: %v", c.template, c.author, err)
		}
		for _, fault := range conform.Faults(file) {
			t.Errorf("%s by %s: %s", c.template, c.author, fault)
		}
	}
}

func keyOf(err error) string {
	if e, ok := errors.AsType[*document.Error](err); ok {
		return e.Key
	}
	return ""
}

// TestHeadElsewhere: a head of another office is nobody here.
func TestHeadElsewhere(t *testing.T) {
	o := newOffice(t)
	for i := range o.Officers {
		if o.Officers[i].Login == "vuqar" {
			o.Officers[i].Grants = []document.Grant{{Role: document.RoleHead, Office: "111"}}
		}
	}
	_, err := o.check(t, "case-1", "vuqar", document.Draft{Template: "extension-submission", Date: "2026-11-20", Input: json.RawMessage(extension)})
	if keyOf(err) != "error.template.author" {
		t.Errorf("%v", err)
	}
}

// TestFieldsForSigners: an act whose signers are not those of its template is
// not typeset to other fields than it has signers.
func TestFieldsForSigners(t *testing.T) {
	o := newOffice(t)
	a, _ := o.termination(t)
	a.Signers = append(a.Signers, document.Signer{Login: "x", Field: "signer-2"})
	if _, err := o.renderer.Render(t.Context(), a); err == nil {
		t.Error("two signers with one field")
	}
}

// TestDeputy: the line of a deputy says in whose place they sign, that this
// wording is to be confirmed, and what they are themselves.
func TestDeputy(t *testing.T) {
	o := newOffice(t)
	a, _ := o.termination(t)
	nigar, vuqar := o.account(t, "nigar"), o.account(t, "vuqar")
	a.Signers[1].Login, a.Signers[1].Name, a.Signers[1].Post = "deputy", "Müavinli Sevda Sınaq qızı", nigar.Post
	a.Signers[1].InsteadOf = &document.Absent{Login: "vuqar", Name: vuqar.Name, Post: vuqar.Post}
	file, err := o.renderer.Render(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range conform.Faults(file) {
		t.Error(fault)
	}
	text := textOf(t, file)
	want := "Nümunə Rayon İcra Şöbəsinin rəhbərini əvəz edən (dəqiqləşdirilməlidir), Nümunə Rayon İcra Şöbəsinin dövlət icra məmuru"
	if !strings.Contains(text, want) || !strings.Contains(text, "Müavinli Sevda Sınaq qızı") {
		t.Errorf("it lacks %q: %s", want, text)
	}
}
