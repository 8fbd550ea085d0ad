package main

import (
	"bytes"
	"errors"
	"testing"

	"docsvc/internal/signing"
	"docsvc/internal/verify"
)

// TestVerifyExit: a file whose signature passes is still refused when it is not
// what the archive holds, or when register and archive disagree about it.
func TestVerifyExit(t *testing.T) {
	passed := &signing.Report{Verdict: signing.Verdict{Indication: signing.TotalPassed}}
	for name, c := range map[string]struct {
		status *verify.FileReport
		want   error
	}{
		"alone":       {nil, nil},
		"the act":     {&verify.FileReport{Match: verify.MatchSame, Register: &verify.Verdict{Kind: verify.Valid}}, nil},
		"not known":   {&verify.FileReport{Match: verify.MatchNone}, nil},
		"another":     {&verify.FileReport{Match: verify.MatchOther}, errNo},
		"row altered": {&verify.FileReport{Match: verify.MatchSame, Register: &verify.Verdict{Kind: verify.Altered}}, errNo},
	} {
		var out bytes.Buffer
		if err := (verifyOptions{}).print(env{stdout: &out}, nil, passed, c.status); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
