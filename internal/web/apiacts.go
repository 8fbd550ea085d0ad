package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"docsvc/internal/codes"
	"docsvc/internal/document"
)

// apiCaseJSON is a case with its acts.
type apiCaseJSON struct {
	Number       string          `json:"number"`
	Office       string          `json:"office"`
	Officer      string          `json:"officer"`
	Document     apiDocumentJSON `json:"document"`
	Form         json.RawMessage `json:"form"`
	RegisteredAt time.Time       `json:"registered_at"`
	RegisteredBy string          `json:"registered_by"`
	Acts         []apiActJSON    `json:"acts"`
	Warnings     []fault         `json:"warnings,omitempty"` // of the registration that was just made
}

type apiDocumentJSON struct {
	Kind   string        `json:"kind"`
	Number string        `json:"number"`
	Date   document.Date `json:"date"`
	Issuer string        `json:"issuer"`
}

// apiActJSON is an act.
type apiActJSON struct {
	Number          string            `json:"number"`
	Case            string            `json:"case"`
	Office          string            `json:"office"`
	Officer         string            `json:"officer"`
	Date            document.Date     `json:"date"`
	Template        string            `json:"template"`
	TemplateVersion string            `json:"template_version"`
	Titles          map[string]string `json:"titles"`
	Code            string            `json:"code"`
	URL             string            `json:"url"`
	State           document.State    `json:"state"`
	Standing        document.Standing `json:"standing,omitempty"`
	Level           string            `json:"level"`
	Evaluation      bool              `json:"evaluation"`
	WaitsFor        string            `json:"waits_for,omitempty"` // login of the signer
	Attempts        int               `json:"attempts,omitempty"`  // that failed
	LastError       string            `json:"last_error,omitempty"`
	SHA256          string            `json:"sha256,omitempty"`
	IssuedAt        time.Time         `json:"issued_at"`
	SignedAt        time.Time         `json:"signed_at,omitzero"`
	ArchivedAt      time.Time         `json:"archived_at,omitzero"`
	ChangedAt       time.Time         `json:"changed_at,omitzero"`
	ChangedBy       string            `json:"changed_by,omitempty"` // number of the act that did it
	Reason          string            `json:"reason,omitempty"`     // of the void or the change
	Warnings        []fault           `json:"warnings,omitempty"`   // of the form that was just sent

	Queued     document.Reason    `json:"queued,omitempty"`  // the part that it waits for
	RenewBy    time.Time          `json:"renew_by,omitzero"` // until when the file proves itself
	Renditions []apiRenditionJSON `json:"renditions,omitempty"`
	Signers    []apiSignerJSON    `json:"signers"`
}

// apiRenditionJSON is a file of the archived record.
type apiRenditionJSON struct {
	Sequence  int       `json:"sequence"`
	SHA256    string    `json:"sha256"`
	Level     string    `json:"level"`
	CreatedAt time.Time `json:"created_at"`
	RenewBy   time.Time `json:"renew_by,omitzero"`
}

// apiSignerJSON is a person who must sign, in order.
type apiSignerJSON struct {
	Login  string `json:"login"`
	Name   string `json:"name"`
	Post   string `json:"post"`
	Signed bool   `json:"signed"`
}

type apiActsJSON struct {
	Acts []apiActJSON `json:"acts"`
	More bool         `json:"more"` // than are listed
}

func (s *site) apiShow(a actRecord) apiActJSON {
	j := apiActJSON{
		Number: a.Number, Case: a.Case, Office: a.Office, Officer: a.Officer, Date: a.Date,
		Template: a.Template, TemplateVersion: a.Version, Code: a.Code, State: a.State, Standing: a.Standing, Level: a.Level,
		Evaluation: a.Evaluation, WaitsFor: a.waitsFor(), Attempts: a.job.Attempts, LastError: a.job.LastError,
		IssuedAt: a.IssuedAt, SignedAt: a.SignedAt, ArchivedAt: a.ArchivedAt, ChangedAt: a.ChangedAt, ChangedBy: a.ChangedBy,
		Reason: a.Reason, Queued: a.job.Reason, Signers: []apiSignerJSON{},
	}
	if a.State == document.Archived {
		j.RenewBy = a.RenewBy.UTC()
	}
	for i, signer := range a.Signers {
		j.Signers = append(j.Signers, apiSignerJSON{signer.Login, signer.Name, signer.Post, a.HasSigned(i)})
	}
	for _, r := range a.renditions {
		j.Renditions = append(j.Renditions, apiRenditionJSON{
			r.Sequence, fmt.Sprintf("%x", r.SHA256), r.Level, r.CreatedAt.UTC(), r.RenewBy.UTC(),
		})
	}
	if a.State == document.Voided {
		j.Reason = a.VoidReason
	}
	if a.SHA256 != nil {
		j.SHA256 = fmt.Sprintf("%x", a.SHA256)
	}
	if summary, err := a.PublicSummary(); err == nil {
		j.Titles = summary.Titles
	}
	if code, err := codes.ParseCode(a.Code); err == nil {
		if j.URL, err = codes.URL(s.Origin, code, a.Seal); err != nil {
			j.URL = ""
		}
	}
	return j
}

func (s *site) apiRegister(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Office  string          `json:"office"`
		Officer string          `json:"officer"` // oneself if empty
		Form    json.RawMessage `json:"form"`
	}
	if !s.readJSON(w, r, &in) {
		return
	}
	me := personOf(r.Context())
	if in.Officer == "" {
		in.Officer = me.account.Login
	}
	c, warnings, err := s.Office.registerCase(r.Context(), me.actor, in.Office, in.Officer, in.Form)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	lang, _ := language(r)
	j := apiShowCase(c)
	j.Warnings = warningsOf(lang, warnings)
	w.Header().Set("Location", apiPrefix+"/cases/"+url.PathEscape(c.Number))
	s.answer(w, http.StatusCreated, j)
}

func apiShowCase(c document.Case) apiCaseJSON {
	return apiCaseJSON{
		Number: c.Number, Office: c.Office, Officer: c.Officer, Document: apiDocumentJSON(c.Document), Form: c.Data,
		RegisteredAt: c.RegisteredAt, RegisteredBy: c.RegisteredBy, Acts: []apiActJSON{},
	}
}

func (s *site) apiCase(w http.ResponseWriter, r *http.Request) {
	c, acts, err := s.Office.readCase(r.Context(), personOf(r.Context()).actor, pathValue(r, "number"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	j := apiShowCase(c)
	for _, a := range acts {
		j.Acts = append(j.Acts, s.apiShow(actRecord{Act: a}))
	}
	s.answer(w, http.StatusOK, j)
}

func (s *site) apiIssue(w http.ResponseWriter, r *http.Request) {
	var f issueForm
	if !s.readJSON(w, r, &f) {
		return
	}
	f.Key = cmp.Or(f.Key, onceKeyOf(r.Context()))
	act, warnings, err := s.Office.issueAct(r.Context(), personOf(r.Context()).actor, f)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	lang, _ := language(r)
	j := s.apiShow(actRecord{Act: act})
	j.Warnings = warningsOf(lang, warnings)
	w.Header().Set("Location", apiPrefix+"/acts/"+url.PathEscape(act.Number))
	s.answer(w, http.StatusCreated, j)
}

// apiWaiting lists what waits for who asks, the only list there is.
func (s *site) apiWaiting(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("waiting") != "me" {
		s.fail(w, r, &document.Error{Kind: document.Invalid, Key: "error.json", Args: map[string]string{"reason": "want ?waiting=me"}})
		return
	}
	acts, more, err := s.Office.waiting(r.Context(), personOf(r.Context()).actor)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	j := apiActsJSON{Acts: []apiActJSON{}, More: more}
	for _, a := range acts {
		j.Acts = append(j.Acts, s.apiShow(actRecord{Act: a}))
	}
	s.answer(w, http.StatusOK, j)
}

func (s *site) apiAct(w http.ResponseWriter, r *http.Request) {
	s.answerAct(w, r, pathValue(r, "number"))
}

// answerAct answers with an act as it is now.
func (s *site) answerAct(w http.ResponseWriter, r *http.Request, number string) {
	a, err := s.Office.readAct(r.Context(), personOf(r.Context()).actor, number)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, http.StatusOK, s.apiShow(a))
}

func (s *site) apiVoid(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Reason string `json:"reason"`
	}
	if !s.readJSON(w, r, &in) {
		return
	}
	number := pathValue(r, "number")
	if _, err := s.Office.Service.Void(r.Context(), personOf(r.Context()).actor, number, in.Reason); err != nil {
		s.fail(w, r, err)
		return
	}
	s.answerAct(w, r, number)
}

func (s *site) apiStanding(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Standing string `json:"standing"`
		By       string `json:"by"`
		Reason   string `json:"reason"`
	}
	if !s.readJSON(w, r, &in) {
		return
	}
	number := pathValue(r, "number")
	to, err := parseStanding(in.Standing)
	if err == nil {
		_, err = s.Office.Service.ChangeStanding(r.Context(), personOf(r.Context()).actor, number, to, in.By, in.Reason)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answerAct(w, r, number)
}
