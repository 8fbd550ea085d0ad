package main

import (
	"fmt"
	"io"
	"time"

	"docsvc/internal/i18n"
	"docsvc/internal/signing"
	"docsvc/internal/verify"
	"docsvc/internal/web"
)

// words tells the verdict to a person: a sentence first, then each signature
// with the machine's codes beside it.
func (o verifyOptions) words(w io.Writer, report *signing.Report, status *verify.FileReport) {
	fmt.Fprintf(w, "%s\n", o.sentence(report))
	fmt.Fprintf(w, "%s %s\n", report.Indication, report.SubIndication)
	o.verdict(w, report.Verdict)
	for _, s := range report.Signatures {
		fmt.Fprintf(w, "\n%s: %s %s\n", s.Field, s.Indication, s.SubIndication)
		if s.SignerCommonName != "" {
			o.line(w, "report.signer", s.SignerCommonName)
		}
		if s.Level != "" {
			o.line(w, "signature.level", string(s.Level))
		}
		if !s.BestTime.IsZero() {
			o.line(w, "report.time", o.clock(s.BestTime))
		}
		if s.Certifies {
			o.line(w, "verify.certifies", o.text("report.yes", nil))
		}
		o.verdict(w, s.Verdict)
		for _, change := range s.ChangesAfter {
			o.line(w, "verify.changed", web.ChangeText(o.lang, change))
		}
	}
	for _, t := range report.DocumentTimestamps {
		fmt.Fprintf(w, "\n%s: %s %s\n", t.Field, t.Indication, t.SubIndication)
		if t.Authority != "" {
			o.line(w, "verify.timestamp", t.Authority)
			o.line(w, "report.time", o.clock(t.Time))
		}
		o.verdict(w, t.Verdict)
	}
	if !report.RenewBy.IsZero() && report.Indication == signing.TotalPassed {
		fmt.Fprintf(w, "\n%s\n", o.text("verify.until", map[string]string{"time": o.clock(report.RenewBy)}))
	}
	if status == nil {
		return
	}
	fmt.Fprintf(w, "archive: %s\n", status.Match)
	if status.Register != nil {
		fmt.Fprintf(w, "register: %s is %s\n", status.Register.Number, status.Register.Kind)
	}
}

// sentence is the whole verdict in a line.
func (o verifyOptions) sentence(report *signing.Report) string {
	switch {
	case report.Indication == signing.TotalPassed:
		return o.text("verify.passed", nil)
	case report.SubIndication == signing.NoSignatureFound:
		return o.text("report.none.title", nil)
	case report.Indication == signing.TotalFailed:
		return o.text("report.failed.title", nil)
	}
	return o.text("report.indeterminate.title", nil)
}

// verdict lists the causes, each with its details for specialists.
func (o verifyOptions) verdict(w io.Writer, v signing.Verdict) {
	for i, c := range v.Causes {
		fmt.Fprintf(w, "  %s\n", web.CauseText(o.lang, c, location()))
		if i < len(v.Reasons) {
			fmt.Fprintf(w, "    (%s)\n", v.Reasons[i])
		}
	}
}

func (o verifyOptions) line(w io.Writer, key, value string) {
	fmt.Fprintf(w, "  %s: %s\n", o.text(key, nil), value)
}

func (o verifyOptions) text(key string, args map[string]string) string {
	return i18n.Text(o.lang, key, args)
}

func (o verifyOptions) clock(t time.Time) string {
	return t.In(location()).Format("02.01.2006 15:04:05 -07:00")
}
