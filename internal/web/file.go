package web

import (
	"net/http"

	"docsvc/internal/i18n"
	"docsvc/internal/signing"
	"docsvc/internal/verify"
)

type filePage struct {
	frame
	Banner     banner
	SHA256     string
	Size       int
	Signatures []fileSignature
	Reasons    []string // for specialists, in English
	Register   *banner  // standing of the act that the file is
	Code       string   // of that act
	Evaluation bool     // of that act
}

type fileSignature struct {
	Signer, Time, Level, Result string
	Good, Covers                bool
}

// filePage words the report on a file.
func (s *site) filePage(r *http.Request, report verify.FileReport) filePage {
	p := filePage{frame: s.frame(r, "report.title"), SHA256: report.SHA256, Size: int(report.Size)}
	p.Path = "/v"
	p.Banner = s.fileBanner(p.Lang, report)
	if report.Register != nil {
		b := s.banner(p.Lang, *report.Register)
		p.Register, p.Code = &b, report.Register.Code
		p.Evaluation = report.Register.Act != nil && report.Register.Act.Evaluation
	}
	if report.Signatures == nil {
		return p
	}
	p.Reasons = append(p.Reasons, verdictLine("", report.Signatures.Verdict))
	for _, sig := range report.Signatures.Signatures {
		view := fileSignature{
			Signer: sig.SignerCommonName, Level: "PAdES " + string(sig.Level), Covers: sig.CoversWholeFile,
			Good: sig.Indication == signing.TotalPassed, Result: i18n.Text(p.Lang, resultText(sig.Indication), nil),
		}
		if sig.Level == "" || sig.Level == signing.LevelPKCS7 {
			view.Level = string(sig.Level)
		}
		if !sig.BestTime.IsZero() {
			view.Time = s.clock(sig.BestTime)
		}
		p.Signatures = append(p.Signatures, view)
		p.Reasons = append(p.Reasons, verdictLine(sig.Field, sig.Verdict))
	}
	for _, stamp := range report.Signatures.DocumentTimestamps {
		p.Reasons = append(p.Reasons, verdictLine(stamp.Field, stamp.Verdict))
	}
	return p
}

// fileBanner puts what the register knows before what the signatures say: a
// well-signed file that is not the archived one is still not the act.
func (s *site) fileBanner(lang string, report verify.FileReport) banner {
	text := func(key string) string { return i18n.Text(lang, key, map[string]string{"number": report.Number}) }
	b := banner{AsOf: i18n.Text(lang, "verdict.asof", map[string]string{"time": s.clock(report.CheckedAt)})}
	switch {
	case report.Match == verify.MatchSame && report.Register.Kind == verify.Altered:
		b = s.banner(lang, *report.Register)
	case report.Match == verify.MatchSame:
		b.Tone, b.Title, b.Lead = "good", text("report.same.title"), text("report.same.lead")
		if report.Register.Kind != verify.Valid {
			b.Tone = "ended"
		}
	case report.Match == verify.MatchOther:
		b.Tone, b.Title, b.Lead = "bad", text("report.other.title"), text("report.other.lead")
	case report.Signatures.Indication == signing.TotalPassed:
		b.Tone, b.Title, b.Lead = "ended", text("report.passed.title"), text("report.passed.lead")
	case report.Signatures.SubIndication == signing.NoSignatureFound:
		b.Tone, b.Title, b.Lead = "bad", text("report.none.title"), text("report.none.lead")
	case report.Signatures.Indication == signing.TotalFailed:
		b.Tone, b.Title, b.Lead = "bad", text("report.failed.title"), text("report.failed.lead")
	default:
		b.Tone, b.Title, b.Lead = "ended", text("report.indeterminate.title"), text("report.indeterminate.lead")
	}
	return b
}

func resultText(indication string) string {
	switch indication {
	case signing.TotalPassed:
		return "report.result.passed"
	case signing.TotalFailed:
		return "report.result.failed"
	}
	return "report.result.indeterminate"
}

func verdictLine(field string, v signing.Verdict) string {
	line := v.Indication
	if field != "" {
		line = field + ": " + line
	}
	if v.SubIndication != "" {
		line += " " + v.SubIndication
	}
	for _, reason := range v.Reasons {
		line += "; " + reason
	}
	return line
}
