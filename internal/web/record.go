package web

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"docsvc/internal/audit"
	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/verify"
)

// recordRoutes are the pages of archivists.
func (s *site) recordRoutes(r *mux.Router) {
	s.get(r, "/office/acts/{number}/record", s.officer(s.recordPage))
	s.get(r, "/office/acts/{number}/copy", s.officer(s.copySheet))
	s.post(r, "/office/export", s.officer(s.exportActs))
}

// recordPage tells an act's whole story on one page.
type recordPage struct {
	frame
	Number     string
	Exports    bool
	Banner     banner
	Rows       []row
	Renditions []renditionLine
	Uses       []keyUse
	Ledger     *ledgerView
	Looks      []trailLine // and copies
	Events     []trailLine
	More       bool // events than are shown
}

// renditionLine is a file of the record.
type renditionLine struct{ Sequence, Time, Level, SHA256, Path string }

// keyUse is a recorded use of a signer's key.
type keyUse struct {
	Time, Login, Outcome, Key, Certificate, CertificateSHA256, Digest, Authorisation string
}

// trailLine is an event of the audit trail.
type trailLine struct{ Time, Actor, Text, Detail, RequestID string }

func (s *site) recordPage(w http.ResponseWriter, r *http.Request) {
	me, number := personOf(r.Context()), pathValue(r, "number")
	if err := s.showRecord(w, r, me.actor, number); err != nil {
		s.fail(w, r, err)
	}
}

func (s *site) showRecord(w http.ResponseWriter, r *http.Request, actor document.Actor, number string) error {
	ctx := r.Context()
	act, err := s.Office.Service.Act(ctx, number)
	if err != nil {
		return err
	}
	if err := actor.May(document.ActTrail, act.Office); err != nil {
		return err
	}
	a, err := s.Office.readAct(ctx, actor, number)
	if err != nil {
		return err
	}
	p := recordPage{frame: s.frame(r, "record.title"), Number: a.Number}
	p.Path, p.Title = actPath(a.Number)+"/record", p.Title+" "+a.Number
	verdict, err := s.Verifier.ByNumber(ctx, a.Number)
	switch {
	case document.KindOf(err) == document.Unavailable: // the rest of the story is there
		verdict = verify.Verdict{Kind: cannotCheckNow, CheckedAt: s.Now()}
	case err != nil:
		return err
	}
	p.Banner, p.Ledger = s.banner(p.Lang, verdict), newLedgerView(verdict.Ledger)
	p.Banner.Lead, p.Banner.Title = p.Banner.Title+". "+p.Banner.Lead, p.Title
	p.Rows = s.recordRows(p.Lang, a)
	p.Exports = a.State == document.Archived && actor.May(document.ActExport, a.Office) == nil
	for _, file := range a.renditions {
		p.Renditions = append(p.Renditions, renditionLine{
			fmt.Sprint(file.Sequence), s.clock(file.CreatedAt), file.Level, fmt.Sprintf("%x", file.SHA256), file.Path,
		})
	}
	for _, intent := range a.intents {
		p.Uses = append(p.Uses, s.keyUse(p.Lang, intent))
	}
	events, more, err := s.Office.Service.TrailOf(ctx, actor, a.Act)
	if err != nil {
		return err
	}
	p.More = more
	for _, e := range events {
		line := s.trailLine(p.Lang, e)
		if e.Kind == audit.ActRead || e.Kind == audit.ActCopied {
			p.Looks = append(p.Looks, line)
		} else {
			p.Events = append(p.Events, line)
		}
	}
	s.render(w, r, http.StatusOK, "record", p)
	return nil
}

func (s *site) recordRows(lang string, a actRecord) []row {
	l := rowList{lang, s.actRows(lang, a)}
	l.add("list.author", a.Officer)
	l.add("record.template", a.Template+" "+a.Version)
	l.add("record.retain", s.day(a.RetainUntil))
	l.addHash("record.data", fmt.Sprintf("%x", a.DataSHA256))
	return l.rows
}

func (s *site) keyUse(lang string, i document.SignIntent) keyUse {
	sum := sha256.Sum256(i.Certificate)
	use := keyUse{
		Time: s.clock(i.At), Login: i.Login, Key: i.KeyID, CertificateSHA256: fmt.Sprintf("%x", sum),
		Digest: fmt.Sprintf("%x", i.DocumentDigest), Authorisation: i.Authorisation,
		Outcome: i18n.Text(lang, outcomeKeys[i.Outcome], nil),
	}
	if c, err := x509.ParseCertificate(i.Certificate); err == nil {
		use.Certificate = i18n.Text(lang, "record.certificate.text", map[string]string{
			"subject": c.Subject.CommonName, "issuer": c.Issuer.CommonName, "serial": fmt.Sprintf("%x", c.SerialNumber), "until": s.day(c.NotAfter),
		})
	}
	return use
}

// trailKeys are the sentences of the events about an act.
var trailKeys = map[audit.Kind]string{
	audit.ActIssued:       "audit.act.issued",
	audit.ActPrepared:     "audit.act.prepared",
	audit.ActPartlySigned: "audit.act.partly_signed",
	audit.ActSigned:       "audit.act.signed",
	audit.ActArchived:     "audit.act.archived",
	audit.ActVoided:       "audit.act.voided",
	audit.StandingChanged: "audit.act.standing_changed",
	audit.ActRenewed:      "audit.act.renewed",
	audit.ActRead:         "audit.act.read",
	audit.ActCopied:       "audit.act.copied",
	audit.JobRetried:      "audit.job.retried",
	audit.SignIntended:    "audit.sign.intended",
	audit.SignDone:        "audit.sign.done",
	audit.SignFailed:      "audit.sign.failed",
}

// outcomeKeys are what became of a use of a key.
var outcomeKeys = map[document.Outcome]string{
	document.OutcomeOpen: "record.outcome.open", document.OutcomeSigned: "record.outcome.signed",
	document.OutcomeUnknown: "record.outcome.unknown", document.OutcomeRefused: "record.outcome.refused",
}

// trailLine words an event. Its details stand as they were recorded, in the
// words of the trail, which are those of the documentation.
func (s *site) trailLine(lang string, e audit.Event) trailLine {
	if e.Kind == "" {
		return trailLine{Text: i18n.Text(lang, "record.damaged", nil), Detail: e.ID}
	}
	line := trailLine{Time: s.clock(e.At), Actor: e.Actor, RequestID: e.RequestID, Text: string(e.Kind)}
	if key := trailKeys[e.Kind]; key != "" {
		line.Text = i18n.Text(lang, key, map[string]string{"copy": e.Field("copy")})
	}
	var details []string
	for _, name := range []audit.Field{"outcome", "reason", "standing", "by", "key", "token_id", "sha256", "manifest_sha256"} {
		if text := e.Field(name); text != "" {
			details = append(details, string(name)+" "+text)
		}
	}
	line.Detail = strings.Join(details, " · ")
	return line
}

// copyPage is a sheet to lay before a printed copy. The file itself is never
// marked: it is signed.
type copyPage struct {
	frame
	Number string
	Rows   []row
}

func (s *site) copySheet(w http.ResponseWriter, r *http.Request) {
	me := personOf(r.Context())
	a, err := s.Office.readAct(r.Context(), me.actor, pathValue(r, "number"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	e, err := s.Office.Service.LastCopyOf(r.Context(), me.actor, a.Act)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := copyPage{frame: s.frame(r, "copy.title"), Number: a.Number}
	p.Path, p.Title = actPath(a.Number)+"/copy", p.Title+" "+e.Field("copy")
	l := rowList{lang: p.Lang}
	l.add("facts.number", a.Number)
	l.add("facts.kind", s.actLine(p.Lang, a.Act).Kind)
	l.add("copy.by", me.account.Name+" ("+e.Actor+")")
	l.add("copy.at", s.clock(e.At))
	l.add("act.code", a.Code)
	l.addHash("hash.file", e.Field("sha256"))
	p.Rows = l.rows
	s.render(w, r, http.StatusOK, "copy", p)
}
