package main

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"docsvc/internal/i18n"
	"docsvc/internal/signing"
	"docsvc/internal/signing/etsi"
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
	// Evidence is what --evidence shows, EvidenceProblem why it shows nothing.
	Evidence        *verify.Proven `json:"evidence,omitempty"`
	EvidenceProblem string         `json:"evidence_problem,omitempty"`
}

// verifyOptions are the options of verify beside where the installation is.
type verifyOptions struct {
	trust, lang, report string
	evidence, logKey    string
	at                  time.Time
	json                bool
}

// runVerify judges a file. With a data directory the trust anchors, the
// revocation lists and the register of that installation count; without one,
// only --trust and what the file brings. It never asks the network.
func runVerify(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "verify")
	o := verifyOptions{}
	f.StringVar(&o.trust, "trust", "", "`ROOT.pem` with the trust anchors")
	f.StringVar(&o.lang, "lang", i18n.Default, "`LANGUAGE` of the sentences: az, en or ru")
	f.StringVar(&o.report, "report", "", "write the validation report of ETSI TS 119 102-2, as JSON, to `FILE`")
	f.StringVar(&o.evidence, "evidence", "", "`FILE.json` of an export: check that it is of this file")
	f.StringVar(&o.logKey, "log-key", "", "`FILE` with the public keys of the log, for --evidence")
	algorithms := f.String("algorithms", "", "`FILE.json` that says until when algorithms count; - prints the table that counts without it")
	at := f.String("at", "", "judge as of this `TIME` (RFC 3339) instead of now")
	rest, err := f.parse(args, 0, 1)
	if err != nil {
		return err
	}
	if *algorithms == "-" {
		return printJSON(e.stdout, signing.DefaultSuitability())
	}
	if len(rest) == 0 {
		return usageError{"missing FILE.pdf"}
	}
	if *at != "" {
		if o.at, err = time.Parse(time.RFC3339, *at); err != nil {
			return usageError{"--at: " + err.Error()}
		}
	}
	if !i18n.Known(o.lang) {
		return usageError{fmt.Sprintf("--lang %q: want one of %v", o.lang, i18n.Languages())}
	}
	o.json = f.json
	pdf, err := readInput(rest[0], maxPDF)
	if err != nil {
		return err
	}
	if o.trust == "" && (f.config != "" || f.data != "") {
		return withApp(ctx, e, f, func(a *app) error {
			if !o.at.IsZero() { // the register speaks of now only
				report, err := a.Service.Verifier.Verify(ctx, pdf, o.at)
				if err != nil {
					return err
				}
				return o.print(e, pdf, report, nil)
			}
			result, err := a.Verify.CheckFile(ctx, pdf)
			if err != nil {
				return err
			}
			return o.print(e, pdf, result.Signatures, &result)
		})
	}
	v, err := o.alone(*algorithms)
	if err != nil {
		return err
	}
	report, err := v.Verify(ctx, pdf, o.at)
	if err != nil {
		return err
	}
	return o.print(e, pdf, report, nil)
}

// alone is a verifier without an installation. There may be no revocation list
// at hand: the report says so among its reasons.
func (o verifyOptions) alone(algorithms string) (*signing.Verifier, error) {
	v := &signing.Verifier{Roots: x509.NewCertPool(), Now: time.Now, RevocationOptional: true}
	if o.trust != "" {
		pem, err := readInput(o.trust, maxInput)
		if err != nil {
			return nil, err
		}
		if !v.Roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", o.trust)
		}
	}
	if algorithms != "" {
		var err error
		if v.Suitability, err = readAlgorithms(algorithms); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// print tells the verdict in the way that was asked for.
func (o verifyOptions) print(e env, pdf []byte, report *signing.Report, status *verify.FileReport) error {
	proven, problem, err := o.checkEvidence(pdf)
	if err != nil {
		return err
	}
	if o.report != "" {
		data, err := json.MarshalIndent(etsi.Build(report, sha256.Sum256(pdf), "docsvc "+version), "", "  ")
		if err != nil {
			return fmt.Errorf("validation report: %w", err)
		}
		if err := writeFile(o.report, append(data, '\n')); err != nil {
			return fmt.Errorf("validation report: %w", err)
		}
	}
	if o.json {
		j := verifyJSON{Report: report, Evidence: proven}
		if problem != nil {
			j.EvidenceProblem = problem.Error()
		}
		if status != nil {
			j.Status, j.Match = status.Register, status.Match
		}
		if err := printJSON(e.stdout, j); err != nil {
			return err
		}
	} else {
		o.words(e.stdout, report, status)
		if proven != nil || problem != nil {
			fmt.Fprintln(e.stdout, o.evidenceText(proven, problem))
		}
	}
	if problem != nil || report.Indication != signing.TotalPassed || status != nil && !mayBeTheAct(*status) {
		return errNo
	}
	return nil
}

// mayBeTheAct says whether nothing that the register and the archive know
// speaks against the file.
func mayBeTheAct(r verify.FileReport) bool {
	return r.Match != verify.MatchOther && (r.Register == nil || r.Register.Kind != verify.Altered)
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
