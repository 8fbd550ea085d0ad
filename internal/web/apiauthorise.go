package web

import (
	"net/http"
	"time"

	"docsvc/internal/document"
)

// apiAuthorisationJSON is a batch that a person wants to sign, or has signed.
type apiAuthorisationJSON struct {
	ID      string                      `json:"id"`
	State   document.AuthorisationState `json:"state"`
	Begun   time.Time                   `json:"begun"`
	Expires time.Time                   `json:"expires"`
	Nonce   string                      `json:"nonce"`
	// LoginURL is where the person authenticates for it, with the same browser
	// session; empty when it is used or has expired.
	LoginURL string           `json:"login_url,omitempty"`
	Acts     []apiOutcomeJSON `json:"acts"`
	LeftOut  []apiResultJSON  `json:"left_out,omitempty"` // what cannot be signed now
}

// apiOutcomeJSON is what became of one act of the batch.
type apiOutcomeJSON struct {
	Number  string         `json:"number"`
	State   document.State `json:"state"`
	Outcome outcome        `json:"outcome"`
	Reason  *apiResultJSON `json:"reason,omitempty"`
}

// apiAuthorise records what is about to be signed.
func (s *site) apiAuthorise(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Acts []string `json:"acts"`
	}
	if !s.readJSON(w, r, &in) {
		return
	}
	a, left, err := s.Office.authorise(r.Context(), personOf(r.Context()).actor, in.Acts)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	lang, _ := language(r)
	j, err := s.apiShowAuthorisation(r, lang, a)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, result := range left {
		j.LeftOut = append(j.LeftOut, apiResult(lang, result.Act.Number, result.Err))
	}
	w.Header().Set("Location", apiPrefix+"/authorisations/"+a.ID)
	s.answer(w, http.StatusCreated, j)
}

func (s *site) apiAuthorisation(w http.ResponseWriter, r *http.Request) {
	a, err := s.Office.readAuthorisation(r.Context(), personOf(r.Context()).actor, pathValue(r, "id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	lang, _ := language(r)
	j, err := s.apiShowAuthorisation(r, lang, a)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, http.StatusOK, j)
}

func (s *site) apiShowAuthorisation(r *http.Request, lang string, a document.Authorisation) (apiAuthorisationJSON, error) {
	j := apiAuthorisationJSON{ID: a.ID, State: a.State, Begun: a.Begun, Expires: a.Expires, Nonce: a.Nonce, Acts: []apiOutcomeJSON{}}
	if a.State == document.AuthorisationOpen && !s.Now().After(a.Expires) {
		if j.LoginURL = s.Origin + "/login?authorisation=" + a.ID; s.Office.OpenKey != nil {
			j.LoginURL = s.Origin + authorisationPath(a.ID)
		}
	}
	list, err := s.outcomes(r.Context(), a, s.batches.of(a.ID))
	if err != nil {
		return j, err
	}
	for _, o := range list {
		view := apiOutcomeJSON{Number: o.act.Number, State: o.act.State, Outcome: o.outcome}
		if o.reason != nil {
			reason := apiResult(lang, o.act.Number, o.reason)
			view.Reason = &reason
		}
		j.Acts = append(j.Acts, view)
	}
	return j, nil
}
