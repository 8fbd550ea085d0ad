package document_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"docsvc/internal/document"
)

// TestFindWithin: nobody finds what they may not read, whatever they ask for.
func TestFindWithin(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	done, err := line(t.Context(), w, s)
	if err != nil {
		t.Fatal(err)
	}
	grant := func(role document.Role, office string) document.Actor {
		return document.Actor{Login: "x", Grants: []document.Grant{{Role: role, Office: office}}}
	}
	for name, c := range map[string]struct {
		actor document.Actor
		q     document.Find
		want  bool
	}{
		"reader of the office":        {grant(document.RoleAuditor, "110"), document.Find{}, true},
		"reader everywhere":           {grant(document.RoleArchivist, document.AnyOffice), document.Find{}, true},
		"one office of all":           {grant(document.RoleArchivist, document.AnyOffice), document.Find{Offices: []string{"110"}}, true},
		"another office of all":       {grant(document.RoleArchivist, document.AnyOffice), document.Find{Offices: []string{"111"}}, false},
		"reader of another office":    {grant(document.RoleAuditor, "111"), document.Find{}, false},
		"asks for another office":     {grant(document.RoleAuditor, "111"), document.Find{Offices: []string{"110"}}, false},
		"calls it everywhere":         {grant(document.RoleAuditor, "111"), document.Find{Everywhere: true}, false},
		"by the author's name":        {grant(document.RoleAuditor, "111"), document.Find{Officer: "nigar"}, false},
		"gives words past the reader": {grant(document.RoleAuditor, "110"), document.Find{Words: []string{"nothing"}}, true},
		"of its author":               {grant(document.RoleHead, "110"), document.Find{Officer: "nigar"}, true},
		"typed date":                  {grant(document.RoleHead, "110"), document.Find{Text: strings.Join(reversed(done.Date), ".")}, true},
		"date and number":             {grant(document.RoleHead, "110"), document.Find{Text: string(done.Date) + " " + done.Case}, true},
		"date outside the range":      {grant(document.RoleHead, "110"), document.Find{Text: string(done.Date), From: "2999-01-01"}, false},
		"marks are not words":         {grant(document.RoleHead, "110"), document.Find{Text: ":office:110"}, false},
		"signs only":                  {grant(document.RoleHead, "110"), document.Find{Text: "???"}, false},
	} {
		page, err := s.Acts(t.Context(), c.actor, c.q)
		if err != nil || (len(page.Items) > 0) != c.want {
			t.Errorf("%s: %d acts, %v", name, len(page.Items), err)
		}
		if c.q.Text == "" {
			cases, err := s.Cases(t.Context(), c.actor, c.q)
			if err != nil || (len(cases.Items) > 0) != c.want {
				t.Errorf("%s: %d cases, %v", name, len(cases.Items), err)
			}
		}
	}
	if _, err := s.Acts(t.Context(), grant(document.RoleOperator, "110"), document.Find{}); document.KindOf(err) != document.Forbidden {
		t.Errorf("an operator lists acts: %v", err)
	}
	for _, q := range []document.Find{{Text: strings.Repeat("a", 201)}, {Text: "\xff"}, {From: "yesterday"}} {
		if _, err := s.Acts(t.Context(), actor("nigar"), q); document.KindOf(err) != document.Invalid {
			t.Errorf("%.20q: %v", fmt.Sprint(q), err)
		}
	}
	counts, err := s.CountStates(t.Context(), actor("nigar"), false)
	if err != nil || counts[document.Archived] != 1 {
		t.Errorf("%v, %v", counts, err)
	}
	counts, err = s.CountStates(t.Context(), grant(document.RoleAuditor, "111"), true)
	if err != nil || counts[document.Archived] != 0 {
		t.Errorf("in another office: %v, %v", counts, err)
	}
}

func reversed(d document.Date) []string {
	parts := strings.Split(string(d), "-")
	slices.Reverse(parts)
	return parts
}

func TestNamed(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	a, err := line(t.Context(), w, s)
	if err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]document.Target{
		a.Number:                                {Act: a.Number},
		" " + strings.ToLower(a.Number):         {Act: a.Number},
		a.Case:                                  {Case: a.Case},
		a.Code:                                  {Act: a.Number},
		a.Code[:4] + "-" + a.Code[4:]:           {Act: a.Number},
		strings.TrimSuffix(a.Number, "1") + "9": {},
		"0000000000000000":                      {},
		"nümunəli":                              {},
		"":                                      {},
	} {
		if got, err := s.Named(t.Context(), typed); err != nil || got != want {
			t.Errorf("%q: %+v, %v", typed, got, err)
		}
	}
}
