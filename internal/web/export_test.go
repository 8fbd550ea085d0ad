package web

import (
	"slices"
	"strings"

	"github.com/gorilla/mux"
)

// APIRoutes lists the routes of /api/v1 as "METHOD /path", without HEAD.
func APIRoutes() ([]string, error) {
	s := &site{Options: Options{Office: &Office{}}}
	r := mux.NewRouter()
	s.apiRoutes(r)
	var list []string
	err := r.Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		path, err := route.GetPathTemplate()
		if err != nil {
			return err
		}
		methods, err := route.GetMethods()
		for _, m := range methods {
			if m != "HEAD" {
				list = append(list, m+" "+strings.TrimPrefix(path, apiPrefix))
			}
		}
		return err
	})
	slices.Sort(list)
	return list, err
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
