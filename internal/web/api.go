package web

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

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

// apiRoute is a route of /api/v1: what is done, and the scope with which a
// program may ask for it.
type apiRoute struct {
	method, path string
	scope        document.Scope
	handler      http.HandlerFunc
}

// Scopes of routes beside those of tokens: for persons alone, and for any token.
const (
	personsOnly document.Scope = ""
	anyToken    document.Scope = "*"
)

// apiTable is /api/v1: what the pages of officers do, as JSON, under the same
// session or with a token.
func (s *site) apiTable() []apiRoute {
	return []apiRoute{
		{http.MethodGet, "/me", anyToken, s.apiMe},
		{http.MethodPost, "/cases", document.ScopeWriteCases, s.apiRegister},
		{http.MethodGet, "/cases/{number}", document.ScopeReadActs, s.apiCase},
		{http.MethodPost, "/acts", document.ScopeIssueActs, s.apiIssue},
		{http.MethodGet, "/acts", document.ScopeReadActs, s.apiWaiting},
		{http.MethodGet, "/acts/{number}", document.ScopeReadActs, s.apiAct},
		{http.MethodGet, "/acts/{number}/file", document.ScopeReadActs, s.actFile},
		{http.MethodPost, "/acts/{number}/void", document.ScopeChangeActs, s.apiVoid},
		{http.MethodPost, "/acts/{number}/standing", document.ScopeChangeActs, s.apiStanding},
		{http.MethodGet, "/jobs", document.ScopeReadActs, s.apiJobs},
		{http.MethodPost, "/jobs/retry", document.ScopeRetryJobs, s.apiRetry},
		{http.MethodPost, "/authorisations", personsOnly, s.apiAuthorise},
		{http.MethodGet, "/authorisations/{id}", personsOnly, s.apiAuthorisation},
		{http.MethodGet, "/accounts", personsOnly, s.apiAccounts},
		{http.MethodPost, "/accounts", personsOnly, s.apiSaveAccount},
		{http.MethodGet, "/audit/events", document.ScopeReadAudit, s.apiTrail},
		{http.MethodGet, "/statistics", document.ScopeReadStatistics, s.apiStatistics},
		{http.MethodGet, "/webhooks", personsOnly, s.apiWebhooks},
		{http.MethodGet, "/webhooks/{id}/deliveries", personsOnly, s.apiDeliveries},
		{http.MethodPost, "/webhooks/{id}/deliveries/{delivery}/retry", personsOnly, s.apiRetryDelivery},
	}
}

func (s *site) apiRoutes(r *mux.Router) {
	s.get(r, apiPrefix+"/openapi.yaml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(openAPI) // who has hung up is not told so
	})
	for _, route := range s.apiTable() {
		if route.method == http.MethodPost {
			s.post(r, apiPrefix+route.path, s.apiCaller(route.scope, s.onceOnly(route.handler)))
		} else {
			s.get(r, apiPrefix+route.path, s.apiCaller(route.scope, route.handler))
		}
	}
}

// apiCaller lets only those through to h who are logged in, or bring a token
// with the scope.
func (s *site) apiCaller(scope document.Scope, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, err := s.caller(r)
		switch {
		case isSessionOver(err), errorKey(err) == "error.token.invalid":
			if errorKey(err) == "error.token.invalid" && !s.allow(w, r, loginLimit, s.client(r)) {
				return
			}
			w.Header().Set("WWW-Authenticate", `Bearer realm="docsvc"`)
			w.Header().Add("WWW-Authenticate", `Cookie realm="docsvc", cookie-name="`+s.cookieName(sessionCookie)+`"`)
			s.problem(w, r, http.StatusUnauthorized, problem{text: errorKey(err), kind: document.Forbidden, err: err})
			return
		case err != nil:
			s.fail(w, r, err)
			return
		case p.token != nil && scope == personsOnly:
			s.fail(w, r, &document.Error{Kind: document.Forbidden, Key: "error.token.person"})
			return
		case scope != anyToken && scope != personsOnly:
			if err := p.actor.Within(scope); err != nil {
				s.fail(w, r, err)
				return
			}
		}
		r = r.WithContext(context.WithValue(r.Context(), personKey{}, p))
		if (r.Method == http.MethodPost || p.token != nil) && !s.allow(w, r, officeLimit, p.account.Login) {
			return
		}
		h(w, r)
	}
}

// caller is who asks: with a token, if there is one, or with a session.
func (s *site) caller(r *http.Request) (*person, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return s.person(r)
	}
	scheme, secret, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		secret = ""
	}
	token, account, err := s.Office.Service.Bearer(r.Context(), strings.TrimSpace(secret))
	if err != nil {
		return nil, err
	}
	return &person{account: account, actor: account.Program(token, requestID(r.Context())), token: &token}, nil
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
	w.Header().Add("Vary", "Accept-Language, Authorization, Cookie")
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
	data, ok := s.readBody(w, r)
	if !ok {
		return false
	}
	if err := decodeStrict(data, v); err != nil {
		s.fail(w, r, err)
		return false
	}
	return true
}

// readBody reads a body that is not too large, and answers what is wrong.
func (s *site) readBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAPIBody))
	if _, big := errors.AsType[*http.MaxBytesError](err); big {
		s.problem(w, r, http.StatusRequestEntityTooLarge, problem{
			text: "error.form.too_big", args: map[string]string{"max": "1024"}, kind: document.Invalid,
		})
		return nil, false
	}
	if err != nil {
		s.fail(w, r, unreadable(err))
		return nil, false
	}
	return data, true
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
