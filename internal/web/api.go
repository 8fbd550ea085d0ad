package web

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/gorilla/mux"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
)

const (
	apiPrefix = "/api/v1"
	// maxAPIBody is the largest body in bytes: a form, and what is around it.
	maxAPIBody = 1 << 20
)

// openAPI describes the routes below; a test holds them to it.
//
//go:embed openapi.yaml
var openAPI []byte

// apiRoutes is /api/v1: what the pages of officers do, as JSON, under the same
// session.
func (s *site) apiRoutes(r *mux.Router) {
	s.get(r, apiPrefix+"/openapi.yaml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(openAPI) // who has hung up is not told so
	})
	get := func(route string, h http.HandlerFunc) { s.get(r, apiPrefix+route, s.apiOfficer(h)) }
	post := func(route string, h http.HandlerFunc) { s.post(r, apiPrefix+route, s.apiOfficer(h)) }
	get("/me", s.apiMe)
	post("/cases", s.apiRegister)
	get("/cases/{number}", s.apiCase)
	post("/acts", s.apiIssue)
	get("/acts", s.apiWaiting)
	get("/acts/{number}", s.apiAct)
	get("/acts/{number}/file", s.actFile)
	post("/acts/{number}/void", s.apiVoid)
	post("/acts/{number}/standing", s.apiStanding)
	get("/jobs", s.apiJobs)
	post("/jobs/retry", s.apiRetry)
	post("/authorisations", s.apiAuthorise)
	get("/authorisations/{id}", s.apiAuthorisation)
	get("/accounts", s.apiAccounts)
	post("/accounts", s.apiSaveAccount)
}

// apiOfficer lets only those through to h who are logged in.
func (s *site) apiOfficer(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, err := s.person(r)
		if isSessionOver(err) {
			w.Header().Set("WWW-Authenticate", `Cookie realm="docsvc", cookie-name="`+s.cookieName(sessionCookie)+`"`)
			s.problem(w, r, http.StatusUnauthorized, problem{text: errorKey(err), kind: document.Forbidden, err: err})
			return
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), personKey{}, p))
		if r.Method == http.MethodPost && !s.allow(w, r, officeLimit, p.account.Login) {
			return
		}
		h(w, r)
	}
}

func errorKey(err error) string {
	if e, ok := errors.AsType[*document.Error](err); ok {
		return e.Key
	}
	return "error.page.internal.text"
}

// apiProblemJSON is an error (RFC 9457). Key is stable, Detail is for people.
type apiProblemJSON struct {
	Type      string        `json:"type"`
	Title     string        `json:"title"`
	Status    int           `json:"status"`
	Detail    string        `json:"detail"`
	Key       string        `json:"key"`
	Kind      document.Kind `json:"kind"`
	RequestID string        `json:"request_id"`
	Faults    []fault       `json:"faults,omitempty"` // of the form
}

func (s *site) apiProblem(w http.ResponseWriter, r *http.Request, status int, p problem) {
	lang, _ := language(r)
	s.writeAPI(w, status, "application/problem+json", apiProblemJSON{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: p.sentence(lang), Key: p.text, Kind: p.kind,
		RequestID: requestID(r.Context()), Faults: faultsOf(lang, p.err),
	})
}

func (s *site) writeAPI(w http.ResponseWriter, status int, contentType string, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "{}", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Add("Vary", "Accept-Language, Cookie")
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n')) // who has hung up is not told so
}

func (s *site) answer(w http.ResponseWriter, status int, v any) {
	s.writeAPI(w, status, "application/json", v)
}

// readJSON reads a body of JSON into v, and answers what is wrong with it.
func (s *site) readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		s.problem(w, r, http.StatusUnsupportedMediaType, problem{text: "error.json.type", kind: document.Invalid})
		return false
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAPIBody))
	if _, big := errors.AsType[*http.MaxBytesError](err); big {
		s.problem(w, r, http.StatusRequestEntityTooLarge, problem{
			text: "error.form.too_big", args: map[string]string{"max": "1024"}, kind: document.Invalid,
		})
		return false
	}
	if err != nil {
		s.fail(w, r, unreadable(err))
		return false
	}
	if err := decodeStrict(data, v); err != nil {
		s.fail(w, r, err)
		return false
	}
	return true
}

// apiResultJSON is why an act was left out of a batch, or not signed.
type apiResultJSON struct {
	Number string        `json:"number"`
	Key    string        `json:"key"`
	Kind   document.Kind `json:"kind"`
	Detail string        `json:"detail"`
}

func apiResult(lang, number string, err error) apiResultJSON {
	key := errorKey(err)
	if !i18n.Has(key) {
		key = "error.page.internal.text"
	}
	return apiResultJSON{Number: number, Key: key, Kind: document.KindOf(err), Detail: sentence(lang, err)}
}
