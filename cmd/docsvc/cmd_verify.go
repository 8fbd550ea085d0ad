package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"docsvc/internal/signing"
	"docsvc/internal/verify"
)

// maxPDF is the largest file that verify reads.
const maxPDF = 128 << 20

// verifyJSON is the report with what the register knows of the act, if it was
// asked.
type verifyJSON struct {
	*signing.Report
	Status *verify.Verdict `json:"status,omitempty"`
	// Match says whether the file is byte for byte what the archive holds.
	Match verify.Match `json:"match,omitempty"`
}

// runVerify judges a file. With a data directory the trust anchors, the
// revocation lists and the register of that installation count; without one,
// only --trust and what the file brings.
func runVerify(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "verify")
	trust := f.String("trust", "", "`ROOT.pem` with the trust anchors")
	at := f.String("at", "", "judge as of this `TIME` (RFC 3339) instead of now")
	rest, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	when := time.Time{}
	if *at != "" {
		if when, err = time.Parse(time.RFC3339, *at); err != nil {
			return usageError{"--at: " + err.Error()}
		}
	}
	pdf, err := readInput(rest[0], maxPDF)
	if err != nil {
		return err
	}
	if *trust == "" && (f.config != "" || f.data != "") {
		return withApp(ctx, e, f, func(a *app) error {
			if !when.IsZero() { // the register speaks of now only
				report, err := a.Service.Verifier.Verify(ctx, pdf, when)
				if err != nil {
					return err
				}
				return printReport(e, f.json, report, nil)
			}
			result, err := a.Verify.CheckFile(ctx, pdf)
			if err != nil {
				return err
			}
			return printReport(e, f.json, result.Signatures, &result)
		})
	}
	roots := x509.NewCertPool()
	if *trust != "" {
		pem, err := readInput(*trust, maxInput)
		if err != nil {
			return err
		}
		if !roots.AppendCertsFromPEM(pem) {
			return fmt.Errorf("%s holds no certificate", *trust)
		}
	}
	// Alone, offline, there may be no revocation list at hand: the report says
	// so among its reasons.
	v := &signing.Verifier{Roots: roots, Now: time.Now, RevocationOptional: true}
	report, err := v.Verify(ctx, pdf, when)
	if err != nil {
		return err
	}
	return printReport(e, f.json, report, nil)
}

func printReport(e env, asJSON bool, report *signing.Report, status *verify.FileReport) error {
	if asJSON {
		j := verifyJSON{Report: report}
		if status != nil {
			j.Status, j.Match = status.Register, status.Match
		}
		if err := printJSON(e.stdout, j); err != nil {
			return err
		}
	} else {
		printWords(e, report, status)
	}
	if report.Indication != signing.TotalPassed || status != nil && !mayBeTheAct(*status) {
		return errNo
	}
	return nil
}

// mayBeTheAct says whether nothing that the register and the archive know
// speaks against the file.
func mayBeTheAct(r verify.FileReport) bool {
	return r.Match != verify.MatchOther && (r.Register == nil || r.Register.Kind != verify.Altered)
}

func printWords(e env, report *signing.Report, status *verify.FileReport) {
	fmt.Fprintf(e.stdout, "%s %s\n", report.Indication, report.SubIndication)
	for _, reason := range report.Reasons {
		fmt.Fprintf(e.stdout, "  %s\n", reason)
	}
	for _, s := range report.Signatures {
		fmt.Fprintf(e.stdout, "%s: %s %s\n", s.Field, s.Indication, s.SubIndication)
		if s.SignerCommonName != "" {
			fmt.Fprintf(e.stdout, "  %s, level %s, %s\n", s.SignerCommonName, s.Level, s.BestTime.Format(time.RFC3339))
		}
		for _, reason := range s.Reasons {
			fmt.Fprintf(e.stdout, "  %s\n", reason)
		}
		for _, change := range s.ChangesAfter {
			fmt.Fprintf(e.stdout, "  changed later: %s\n", change)
		}
	}
	if status != nil {
		fmt.Fprintf(e.stdout, "archive: %s\n", status.Match)
		if status.Register != nil {
			fmt.Fprintf(e.stdout, "register: %s is %s\n", status.Register.Number, status.Register.Kind)
		}
	}
}

// writeFile writes a file for the user, whole or not at all.
func writeFile(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".docsvc-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}
