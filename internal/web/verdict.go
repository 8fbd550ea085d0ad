package web

import (
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"docsvc/internal/codes"
	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/verify"
)

// cannotCheckNow is the shape of the page when there is no verdict.
const cannotCheckNow verify.Kind = "unavailable"

// banner is the first thing on a page of a verdict: colour, sign and words say
// the same.
type banner struct {
	Tone    string // good, ended, bad, wait, ask: class and name of the sign
	Title   string
	Lead    string
	AsOf    string
	Details []string
}

type verdictPage struct {
	frame
	Kind       verify.Kind
	Banner     banner
	Code       string // as printed
	BareCode   string // what the seal's signature covers
	Number     string
	Act        *actView
	Explained  *explanation // what the act asks
	Signatures []signatureView
	Renewed    []string // when the proof was renewed
	Ledger     *ledgerView
	SealKeys   string // where the script finds the keys
	Offline    bool   // no: this page was made by who can ask the register
	CopyError  string // why the full act was not handed out
	Typed      string // a mistyped code, to be mended
	Error      string // none: the banner says what is wrong with it
}

type actView struct {
	Title      string // of the kind of act
	Issued     string // by whom and when
	Rows       []row
	Evaluation bool
	SHA256     string
	DataSHA256 string
}

// row is one fact. Fact and Value are for the script that compares the seal.
type row struct {
	Label, Text, Fact, Value string
}

// rowList gathers rows in a language.
type rowList struct {
	lang string
	rows []row
}

// add adds what is known; an empty text is left out.
func (l *rowList) add(label, text string) { l.addFact(label, text, "") }

func (l *rowList) addHash(label, sum string) { l.addFact(label, sum, "hash") }

func (l *rowList) addFact(label, text, fact string) {
	if text != "" {
		l.rows = append(l.rows, row{Label: i18n.Text(l.lang, label, nil), Text: text, Fact: fact})
	}
}

type signatureView struct {
	Signer, Time, Level, Issuer, Authority string
}

type ledgerView struct {
	Pending, Sequenced         bool
	Position, Size, Checkpoint string
	Leaf                       string
	Path                       []string
}

// verdictPage builds the page of a verdict. copyError stands beside the field
// for the full act.
func (s *site) verdictPage(r *http.Request, v verify.Verdict, copyError string) verdictPage {
	p := verdictPage{Kind: v.Kind, Code: v.Code, Number: v.Number, SealKeys: sealKeysPath, CopyError: copyError}
	p.frame = s.frame(r, "enter.title")
	p.Path = strings.TrimSuffix(p.Path, "/act")
	p.Banner = s.banner(p.Lang, v)
	p.Title = p.Banner.Title
	p.Evaluation = s.Evaluation && v.Act == nil // the act says it itself
	if code, err := codes.ParseCode(v.Code); err == nil {
		p.BareCode = strings.ReplaceAll(code.String(), "-", "")
	}
	if v.Kind == verify.Mistyped {
		p.Typed = pathValue(r, "code")
	}
	if v.Act == nil {
		return p
	}
	p.Act, p.Explained = s.actView(p.Lang, v), s.explain(p.Lang, v.Act)
	for _, sig := range v.Signatures {
		p.Signatures = append(p.Signatures, signatureView{
			Signer: sig.Signer, Time: s.clock(sig.Time), Level: i18n.Text(p.Lang, levelKey(sig.Level), nil),
			Issuer: sig.Issuer, Authority: commonName(sig.TimestampedBy),
		})
	}
	for _, rendition := range v.Renditions {
		if rendition.Sequence > 1 {
			p.Renewed = append(p.Renewed, s.day(rendition.At))
		}
	}
	p.Ledger = newLedgerView(v.Ledger)
	return p
}

// banner words a verdict.
func (s *site) banner(lang string, v verify.Verdict) banner {
	text := func(key string, pairs ...string) string {
		args := map[string]string{}
		for i := 0; i+1 < len(pairs); i += 2 {
			args[pairs[i]] = pairs[i+1]
		}
		return i18n.Text(lang, key, args)
	}
	change := []string{"number", v.Number}
	if v.Change != nil {
		change = append(change, "by", v.Change.By, "date", s.day(v.Change.At))
	}
	b := banner{AsOf: text("verdict.asof", "time", s.clock(v.CheckedAt))}
	switch v.Kind {
	case verify.Valid:
		b.Tone, b.Title, b.Lead = "good", text("verdict.valid.title"), text("verdict.valid.lead")
	case verify.Annulled:
		b.Tone, b.Title, b.Lead = "ended", text("verdict.annulled.title"), text("verdict.annulled.lead", change...)
	case verify.Superseded:
		b.Tone, b.Title, b.Lead = "ended", text("verdict.superseded.title"), text("verdict.superseded.lead", change...)
	case verify.Voided:
		b.Tone, b.Title, b.Lead = "bad", text("verdict.voided.title"), text("verdict.voided.lead", change...)
	case verify.BeingIssued:
		b.Tone, b.Title, b.Lead = "wait", text("verdict.being_issued.title"), text("verdict.being_issued.lead")
	case verify.Unknown:
		b.Tone, b.Title, b.Lead = "bad", text("verdict.unknown.title"), text("verdict.unknown.lead")
	case verify.Mistyped:
		b.Tone, b.Title, b.Lead, b.AsOf = "ask", text("verdict.mistyped.title"), text("verdict.mistyped.lead"), ""
		if len(v.Suspects) > 0 {
			b.Details = append(b.Details, text("verdict.mistyped.group", "groups", joinInts(v.Suspects)))
		}
		b.Details = append(b.Details, text("verdict.mistyped.alike"))
	case verify.Altered:
		b.Tone, b.Title, b.Lead = "bad", text("verdict.altered.title"), text("verdict.altered.lead", change...)
		b.Details = []string{text(faultText(v.Fault))}
	default:
		b.Tone, b.Title, b.Lead, b.AsOf = "wait", text("verdict.unavailable.title"), text("verdict.unavailable.lead"), ""
	}
	return b
}

func faultText(f verify.Fault) string {
	switch f {
	case verify.FaultMissing:
		return "verdict.altered.missing"
	case verify.FaultFile:
		return "verdict.altered.file"
	case verify.FaultSignature:
		return "verdict.altered.signature"
	case verify.FaultLedger:
		return "verdict.altered.ledger"
	}
	return "verdict.altered.register"
}

func (s *site) actView(lang string, v verify.Verdict) *actView {
	a := v.Act
	title := a.Titles[lang]
	if title == "" {
		title = a.Titles[i18n.Azerbaijani]
	}
	view := &actView{Title: title, Evaluation: a.Evaluation, SHA256: a.SHA256, DataSHA256: a.DataSHA256}
	view.Issued = i18n.Text(lang, "what.issued", map[string]string{"office": a.Office, "date": dotted(a.Date), "signer": a.SignerName + ", " + a.SignerPost})
	add := func(labelKey, text, fact, value string) {
		view.Rows = append(view.Rows, row{i18n.Text(lang, labelKey, nil), text, fact, value})
	}
	add("facts.number", v.Number, "act", v.Number)
	add("facts.kind", title, "kind", a.Titles[i18n.Azerbaijani])
	add("facts.date", dotted(a.Date), "date", string(a.Date))
	add("facts.case", a.Case, "case", a.Case)
	add("facts.office", a.Office, "office", a.Office)
	for i, signer := range a.Signers {
		label, fact, value := "facts.signer", "signer", a.SealedSigner
		if i > 0 { // one row carries what the seal says of all of them
			label, fact, value = "facts.approver", "", ""
		}
		add(label, signerText(lang, signer), fact, value)
	}
	for _, p := range a.Parties {
		add(roleText(p.Role), p.Name, "party", p.Role+" "+p.Name)
	}
	for _, c := range v.Corrections {
		add("facts.corrected", i18n.Text(lang, "facts.corrected.by", map[string]string{"number": c.By, "date": dotted(document.DateOf(c.At, s.Location))}), "", "")
	}
	if a.Amount != nil {
		sum := i18n.Text(lang, "facts.amount.value", map[string]string{"amount": manat(*a.Amount)})
		add("facts.amount", sum, "amount", strconv.FormatInt(*a.Amount, 10))
	}
	return view
}

// signerText names a signer with the post, and in whose place a deputy signs.
func signerText(lang string, s document.PublicSigner) string {
	text := s.Name + ", " + s.Post
	if s.InsteadOf != "" {
		text += " (" + i18n.Text(lang, "facts.instead", map[string]string{"post": s.InsteadOf}) + ")"
	}
	return text
}

func roleText(role string) string {
	switch role {
	case "creditor":
		return "facts.creditor"
	case "debtor":
		return "facts.debtor"
	}
	return "facts.other"
}

func newLedgerView(p *verify.Proof) *ledgerView {
	if p == nil {
		return nil
	}
	view := &ledgerView{Pending: p.Pending}
	if p.Position != nil {
		view.Sequenced, view.Position = true, strconv.FormatInt(*p.Position, 10)
	}
	if p.Proof == nil {
		return view
	}
	view.Size = strconv.FormatInt(p.Size, 10)
	view.Checkpoint, view.Leaf = p.Proof.Checkpoint, p.Proof.Leaf
	for _, h := range p.Proof.Path {
		view.Path = append(view.Path, h.String())
	}
	return view
}

// commonName takes the common name out of a distinguished name of RFC 4514.
func commonName(dn string) string {
	for _, part := range strings.Split(dn, ",") {
		if name, ok := strings.CutPrefix(part, "CN="); ok {
			return name
		}
	}
	return dn
}

// dotted shows a date as acts print it.
func dotted(d document.Date) string {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return string(d)
	}
	return t.Format("02.01.2006")
}

func joinInts(list []int) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ", ")
}

func (s *site) logUnavailable(r *http.Request, err error) {
	s.Log.LogAttrs(r.Context(), slog.LevelError, "an act cannot be checked now",
		slog.String("request_id", requestID(r.Context())), slog.Any("error", err))
}
