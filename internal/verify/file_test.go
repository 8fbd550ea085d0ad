package verify_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"

	"docsvc/internal/document"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
	"docsvc/internal/verify"
	"docsvc/internal/verify/verifytest"
)

func TestCheckFile(t *testing.T) {
	w := verifytest.New(t)
	act := w.Issue("case-1", 0)
	file := w.File(act)
	waiting := w.Draft("case-1", 1)
	number := []byte("<act:ActNumber>" + act.Number + "</act:ActNumber>")
	for name, c := range map[string]struct {
		file       []byte
		match      verify.Match
		indication string
		number     string
	}{
		"the act":         {file, verify.MatchSame, signing.TotalPassed, act.Number},
		"a byte changed":  {flip(file), verify.MatchOther, signing.TotalFailed, act.Number},
		"appended":        {append(bytes.Clone(file), "\n% more"...), verify.MatchOther, signing.TotalFailed, act.Number},
		"cut off":         {file[:len(file)-1000], verify.MatchOther, signing.TotalFailed, act.Number},
		"number taken":    {bytes.Replace(file, number, bytes.Repeat([]byte(" "), len(number)), 1), verify.MatchNone, signing.TotalFailed, ""},
		"unsigned":        {signingtest.PDF(100, "signer-1"), verify.MatchNone, signing.Indeterminate, ""},
		"only the number": {number, verify.MatchOther, signing.TotalFailed, act.Number},
		"being issued":    {[]byte("<act:ActNumber>" + waiting.Number + "</act:ActNumber>"), verify.MatchNone, signing.TotalFailed, ""},
		"empty":           {nil, verify.MatchNone, signing.TotalFailed, ""},
		"text":            {[]byte("hello"), verify.MatchNone, signing.TotalFailed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := w.Verifier.CheckFile(t.Context(), c.file)
			if err != nil {
				t.Fatal(err)
			}
			if r.Match != c.match || r.Number != c.number || r.Signatures.Indication != c.indication {
				t.Errorf("%s %q, %s %s; want %s %q, %s", r.Match, r.Number, r.Signatures.Indication, r.Signatures.SubIndication,
					c.match, c.number, c.indication)
			}
			if sum := fmt.Sprintf("%x", sha256.Sum256(c.file)); r.SHA256 != sum || r.Size != int64(len(c.file)) {
				t.Errorf("hash %s of %d bytes", r.SHA256, r.Size)
			}
			if (r.Register != nil) != (c.match == verify.MatchSame) {
				t.Errorf("what the register tells: %+v", r.Register)
			}
		})
	}
	if r, err := w.Verifier.CheckFile(t.Context(), file); err != nil || r.Register.Kind != verify.Valid || r.Register.Code != act.Code {
		t.Errorf("%+v, %v", r.Register, err)
	}
}

// TestWellSignedForgery: an officer's genuine signature on another file that
// calls itself the act does not make it the act.
func TestWellSignedForgery(t *testing.T) {
	w := verifytest.New(t)
	act := w.Issue("case-1", 0)
	other := w.Issue("case-1", 0) // the same form, another number and code
	forged := bytes.ReplaceAll(w.File(act), []byte(act.Number), []byte(other.Number))
	r, err := w.Verifier.CheckFile(t.Context(), forged)
	if err != nil || r.Match != verify.MatchOther || r.Number != other.Number {
		t.Errorf("%s of %s, %v", r.Match, r.Number, err)
	}
	// Two numbers in one file: the genuine one does not lend its name.
	both := append(bytes.Clone(w.File(act)), "<act:ActNumber>"+other.Number+"</act:ActNumber>"...)
	if r, err := w.Verifier.CheckFile(t.Context(), both); err != nil || r.Match != verify.MatchOther {
		t.Errorf("%s, %v", r.Match, err)
	}
}

// TestNumbersPushedOut: numbers that are appended do not hide the signed one.
func TestNumbersPushedOut(t *testing.T) {
	w := verifytest.New(t)
	act := w.Issue("case-1", 0)
	file := bytes.Clone(w.File(act))
	for i := range 20 {
		file = fmt.Appendf(file, "<act:ActNumber>X-%d</act:ActNumber>", i)
	}
	if r, err := w.Verifier.CheckFile(t.Context(), file); err != nil || r.Match != verify.MatchOther || r.Number != act.Number {
		t.Errorf("%s of %s, %v", r.Match, r.Number, err)
	}
}

func TestFileOfAnnulledAct(t *testing.T) {
	w := verifytest.New(t)
	act := w.Issue("case-1", 0)
	w.Change(act, document.Annulled, w.Issue("case-1", 1))
	r, err := w.Verifier.CheckFile(t.Context(), w.File(act))
	if err != nil || r.Match != verify.MatchSame || r.Register.Kind != verify.Annulled || r.Signatures.Indication != signing.TotalPassed {
		t.Errorf("%+v, %v", r, err)
	}
}

// FuzzCheckFile: any bytes get a verdict, and only the archived ones are the
// act.
func FuzzCheckFile(f *testing.F) {
	w := verifytest.New(f)
	act := w.Issue("case-1", 0)
	file := w.File(act)
	// The file itself would be too long to be changed often enough; package
	// signing has its own targets.
	f.Add(bytes.Replace(signingtest.PDF(0, "signer-1"), []byte("/Type"), []byte("<act:ActNumber>"+act.Number+"</act:ActNumber>/Type"), 1))
	f.Add([]byte("%PDF-1.7\n<act:ActNumber>" + act.Number + "</act:ActNumber>\n%%EOF"))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := w.Verifier.CheckFile(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		if same := bytes.Equal(data, file); same != (r.Match == verify.MatchSame) || !same && r.Signatures.Indication == signing.TotalPassed {
			t.Errorf("%s, %s", r.Match, r.Signatures.Indication)
		}
	})
}
