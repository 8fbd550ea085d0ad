package document_test

import (
	"encoding/json"
	"testing"

	"docsvc/internal/document"
	"docsvc/internal/signing"
)

// TestLevelByClass: the template's own entry counts before that of its
// retention class, and both before the default.
func TestLevelByClass(t *testing.T) {
	r := document.Rules{
		Level:   signing.LevelBLTA,
		Levels:  map[string]signing.Level{"letter": signing.LevelBT, "short": signing.LevelBLT},
		Certify: map[string]bool{"letter": false, "long": true},
	}
	for _, tc := range []struct {
		template, class string
		level           signing.Level
		certify         bool
	}{
		{"decision", "", signing.LevelBLTA, false},
		{"decision", "short", signing.LevelBLT, false},
		{"decision", "long", signing.LevelBLTA, true},
		{"letter", "short", signing.LevelBT, false},
		{"letter", "long", signing.LevelBT, false},
	} {
		if got := r.LevelOf(tc.template, tc.class); got != tc.level {
			t.Errorf("%s of %q: %s", tc.template, tc.class, got)
		}
		if got := r.Certifies(tc.template, tc.class); got != tc.certify {
			t.Errorf("%s of %q: certified %v", tc.template, tc.class, got)
		}
	}
}

// TestLevelNotReady: a level that the service lacks the parts for is refused
// at the start, and before an act is numbered.
func TestLevelNotReady(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	if err := s.CheckLevels(); err != nil {
		t.Fatal(err)
	}
	kase := w.mustRegister(s, 1).Number
	for name, change := range map[string]func(*document.Service){
		"no augmenter": func(s *document.Service) {
			s.Augmenter, s.Rules.Levels = nil, map[string]signing.Level{"decision": signing.LevelBLT}
		},
		"no time-stamps": func(s *document.Service) { s.Timestamps = nil },
		"no such level":  func(s *document.Service) { s.Rules.Level = "B-X" },
	} {
		s := w.process()
		change(s)
		if err := s.CheckLevels(); err == nil {
			t.Errorf("%s: it starts", name)
		}
		if a, _, err := s.Issue(t.Context(), actor("nigar"), draftOf(kase, name)); err == nil {
			t.Errorf("%s: issued %s", name, a.Number)
		}
	}
	if a := w.mustIssue(s, kase, "after"); a.Index != 1 {
		t.Errorf("a number was used for nothing: the next act is %s", a.Number)
	}
}

// TestOlderAct: an act that was archived before there were certifications and
// approvers decodes as it was, and encodes to the same bytes.
func TestOlderAct(t *testing.T) {
	const older = `{"case":"EI1","case_id":"c","code":"X","data":"e30=","data_sha256":"","date":"2026-06-15","evaluation":true,` +
		`"id":"a","index":1,"issued_at":"2026-06-15T10:00:00Z","level":"B-T","number":"EI1-001","office":"110","officer":"nigar",` +
		`"retain_until":"2036-06-15T10:00:00Z","seal":"","search_key":"","signers":[{"field":"s1","login":"nigar","name":"N","post":"P"}],` +
		`"summary":{},"template":"decision","template_version":"1"}`
	var a document.Act
	if err := json.Unmarshal([]byte(older), &a); err != nil {
		t.Fatal(err)
	}
	if a.Certify || a.Signers[0].Role != "" || a.Level != "B-T" {
		t.Errorf("%+v", a)
	}
	again, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var want, got map[string]any
	if err := json.Unmarshal([]byte(older), &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(again, &got); err != nil {
		t.Fatal(err)
	}
	if len(want) != len(got) {
		t.Errorf("fields: %v, want %v", got, want)
	}
}
