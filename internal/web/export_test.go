package web

import (
	"slices"
	"strings"

	"github.com/gorilla/mux"
)

// APIRoutes lists the routes of /api/v1 as "METHOD /path", without HEAD, and the
// scope with which a program may ask for each.
func APIRoutes() (routes []string, scopes map[string]string, err error) {
	s := &site{Options: Options{Office: &Office{}}}
	r := mux.NewRouter()
	s.apiRoutes(r)
	err = r.Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		path, err := route.GetPathTemplate()
		if err != nil {
			return err
		}
		methods, err := route.GetMethods()
		for _, m := range methods {
			if m != "HEAD" {
				routes = append(routes, m+" "+strings.TrimPrefix(path, apiPrefix))
			}
		}
		return err
	})
	scopes = map[string]string{}
	for _, route := range s.apiTable() {
		scopes[route.method+" "+route.path] = string(route.scope)
	}
	slices.Sort(routes)
	return routes, scopes, err
}

// What a file or a body is read by, for the fuzz test.
var (
	IssueFormOf  = issueFormOf
	DecodeStrict = decodeStrict
)

// AccountJSON is what an account is written by.
type AccountJSON = apiAccountJSON

// ParseSecretForm reads a form with a secret in it.
func ParseSecretForm(body []byte) (map[string][]byte, error) {
	f := &secretForm{body: body}
	err := f.parse()
	return f.fields, err
}
