package web

import (
	"net/http"
	"strings"

	"docsvc/internal/i18n"
	"docsvc/internal/signing"
	"docsvc/internal/verify"
)

type filePage struct {
	frame
	Banner     banner
	SHA256     string
	Size       int
	Causes     []string // of the verdict on the whole file
	Signatures []fileSignature
	Stamps     []fileStamp
	Until      string   // until when the file proves itself
	Codes      []string // for specialists, in English
	Register   *banner  // standing of the act that the file is
	Code       string   // of that act
	Evaluation bool     // of that act
}

type fileSignature struct {
	Signer, Time, Level, Result, Later string
	Causes                             []string
	Good                               bool
}

// fileStamp is a time-stamp over the file.
type fileStamp struct {
	Authority, Time, Result string
	Causes                  []string
	Good                    bool
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
	p.Causes = s.causes(p.Lang, report.Signatures.Verdict)
	p.Codes = append(p.Codes, verdictLine("", report.Signatures.Verdict))
	for _, sig := range report.Signatures.Signatures {
		p.Signatures = append(p.Signatures, s.fileSignature(p.Lang, sig))
		p.Codes = append(p.Codes, verdictLine(sig.Field, sig.Verdict))
	}
	for _, stamp := range report.Signatures.DocumentTimestamps {
		view := fileStamp{
			Authority: commonName(stamp.Authority), Good: stamp.Indication == signing.TotalPassed,
			Result: i18n.Text(p.Lang, resultText(stamp.Indication), nil), Causes: s.causes(p.Lang, stamp.Verdict),
		}
		if !stamp.Time.IsZero() {
			view.Time = s.clock(stamp.Time)
		}
		p.Stamps = append(p.Stamps, view)
		p.Codes = append(p.Codes, verdictLine(stamp.Field, stamp.Verdict))
	}
	if by := report.Signatures.RenewBy; !by.IsZero() && report.Signatures.Indication == signing.TotalPassed {
		p.Until = s.day(by)
	}
	return p
}

func (s *site) fileSignature(lang string, sig signing.Signature) fileSignature {
	view := fileSignature{
		Signer: sig.SignerCommonName, Good: sig.Indication == signing.TotalPassed,
		Result: i18n.Text(lang, resultText(sig.Indication), nil), Causes: s.causes(lang, sig.Verdict),
		Later: i18n.Text(lang, "report.later.none", nil),
	}
	switch sig.Level {
	case "":
	case signing.LevelPKCS7:
		view.Level = string(sig.Level)
	default:
		view.Level = i18n.Text(lang, levelKey(sig.Level), nil)
	}
	if !sig.BestTime.IsZero() {
		view.Time = s.clock(sig.BestTime)
	}
	if len(sig.ChangesAfter) > 0 {
		var changes []string
		for _, change := range sig.ChangesAfter {
			changes = append(changes, ChangeText(lang, change))
		}
		view.Later = i18n.Text(lang, "report.later.allowed", map[string]string{"changes": strings.Join(changes, ", ")})
	}
	return view
}

// causes words what a verdict rests on.
func (s *site) causes(lang string, v signing.Verdict) []string {
	var list []string
	for _, c := range v.Causes {
		list = append(list, CauseText(lang, c, s.Location))
	}
	return list
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
