package render_test

import (
	"bytes"
	"testing"
	"time"

	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
	"docsvc/internal/typeset/conform"
)

// stage is a file of an act at one point of its life.
type stage struct {
	name    string
	file    []byte
	signers int // that have signed
	stamps  int // document time-stamps
}

// line takes an act with two signers through everything that the line does to
// its file, and two renewals.
type line struct {
	t      testing.TB
	pki    *signingtest.PKI
	clock  *signingtest.Clock
	stages []stage
}

func newLine(t testing.TB, file []byte) *line {
	clock := signingtest.NewClock(today)
	return &line{t: t, pki: signingtest.New(t, clock.Now), clock: clock, stages: []stage{{name: "typeset", file: file}}}
}

func (l *line) last() stage { return l.stages[len(l.stages)-1] }

func (l *line) add(name string, signers, stamps int, file []byte, err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatalf("%s: %v", name, err)
	}
	before := l.last()
	l.stages = append(l.stages, stage{name, file, before.signers + signers, before.stamps + stamps})
	l.passes(l.last())
}

// passes has a stage judged as of now: both signatures, and each time-stamp.
func (l *line) passes(s stage) {
	l.t.Helper()
	v := l.pki.Offline()
	if s.signers > 0 && s.stamps == 0 {
		v = l.pki.Verifier() // the last signature may have no validation data yet
	}
	report, err := v.Verify(l.t.Context(), s.file, time.Time{})
	if err != nil {
		l.t.Fatal(err)
	}
	if report.Indication != signing.TotalPassed || len(report.Signatures) != s.signers || len(report.DocumentTimestamps) != s.stamps {
		l.t.Fatalf("%s: %s %s %v, %d signatures, %d time-stamps", s.name, report.Indication, report.SubIndication,
			report.Reasons, len(report.Signatures), len(report.DocumentTimestamps))
	}
}

func (l *line) sign(name, field, person string, certify bool) {
	l.t.Helper()
	e := l.pki.Issue(l.t, l.pki.Issuing, signingtest.P256(l.t), signingtest.OfficerTemplate(person))
	file, err := signing.Sign(l.t.Context(), signing.Request{
		PDF: l.last().file, Field: field, Certificate: e.Cert, Chain: l.pki.Chain(), Level: signing.LevelBT,
		Time: l.clock.Now(), Name: person, Certify: certify,
	}, signing.SignerKey(e.Key), l.pki)
	l.add(name, 1, 0, file, err)
}

func (l *line) augment(name string, to signing.Level, stamps int) {
	l.t.Helper()
	file, err := l.pki.Augmenter().Augment(l.t.Context(), l.last().file, to)
	l.add(name, 0, stamps, file, err)
}

func (l *line) renew(name string) {
	l.t.Helper()
	l.clock.Years(2)
	l.passes(l.last()) // two years on, before it is renewed
	file, err := l.pki.Augmenter().Renew(l.t.Context(), l.last().file)
	l.add(name, 0, 1, file, err)
}

// wholeLife takes a file through all stages.
func wholeLife(t testing.TB, file []byte, certify bool) *line {
	t.Helper()
	l := newLine(t, file)
	l.sign("first signature", "signer-1", "Məmurzadə Nigar Sınaq qızı", certify)
	l.augment("its validation data", signing.LevelBLT, 0)
	l.clock.Advance(time.Hour)
	l.sign("second signature", "signer-2", "Rəhbərli Vüqar Misal oğlu", false)
	l.augment("validation data of both", signing.LevelBLT, 0)
	l.augment("document time-stamp", signing.LevelBLTA, 1)
	l.renew("renewal")
	l.renew("second renewal")
	return l
}

// TestStages: an act stays PDF/A-3a and PDF/UA-1 by structure whatever is added
// to it, nothing of what was typeset changes, and both signatures stay valid.
func TestStages(t *testing.T) {
	_, file := newOffice(t).termination(t)
	for name, certify := range map[string]bool{"approval": false, "certified": true} {
		t.Run(name, func(t *testing.T) {
			l := wholeLife(t, file, certify)
			for i, s := range l.stages {
				for _, fault := range conform.Faults(s.file) {
					t.Errorf("%s: %s", s.name, fault)
				}
				if i == 0 {
					continue
				}
				for _, fault := range conform.Kept(l.stages[0].file, s.file) {
					t.Errorf("typeset to %s: %s", s.name, fault)
				}
				for _, fault := range conform.Kept(l.stages[i-1].file, s.file) {
					t.Errorf("%s to %s: %s", l.stages[i-1].name, s.name, fault)
				}
			}
		})
	}
}

// TestConformSeesFaults damages a file in one place at a time: a check that
// cannot fail proves nothing.
func TestConformSeesFaults(t *testing.T) {
	_, file := newOffice(t).termination(t)
	file = wholeLife(t, file, true).last().file
	if faults := conform.Faults(file); len(faults) > 0 {
		t.Fatal(faults)
	}
	for name, edit := range map[string][2]string{
		"hidden widget":        {"/F 132", "/F 134"},
		"not printed":          {"/F 4", "/F 0"},
		"no description":       {"/TU", "/UT"},
		"other role":           {"/S/Form", "/S/Span"},
		"not in the tree":      {"/StructParent ", "/StructQarent "},
		"tab order":            {"/Tabs/S", "/Tabs/R"},
		"not marked":           {"/Marked true", "/Marqed true"},
		"title not displayed":  {"/DisplayDocTitle", "/DisplayDocTitel"},
		"other intent":         {"/GTS_PDFA1", "/GTS_PDFX1"},
		"no relationship":      {"/AFRelationship", "/AFRelationshap"},
		"font not embedded":    {"/FontFile2", "/FontFile9"},
		"no Unicode map":       {"/ToUnicode", "/ToUnocode"},
		"another permission":   {"/DocMDP ", "/UR3MDP "},
		"digest in reference":  {"/TransformMethod", "/DigestMethod   "},
		"entry of the catalog": {"/Lang", "/Legal"[:5]},
		"extra actions":        {"/TU", "/AA"},
		"interpolated":         {"/ViewerPreferences", "/OCProperties     "},
		"no language":          {"/Lang", "/Lamg"},
		"header":               {"%PDF-1.7", "%PDF-2.7"},
	} {
		damaged := bytes.ReplaceAll(file, []byte(edit[0]), []byte(edit[1]))
		if len(damaged) != len(file) || bytes.Equal(damaged, file) {
			t.Errorf("%s: nothing was damaged", name)
			continue
		}
		if faults := conform.Faults(damaged); len(faults) == 0 {
			t.Errorf("%s: not seen", name)
		}
	}
	if conform.Faults(append(bytes.Clone(file), "more"...)) == nil || conform.Faults(file[:len(file)/2]) == nil {
		t.Error("data after the end, or half a file, not seen")
	}
}
