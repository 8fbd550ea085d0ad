package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"
)

// routes is the map of the site. Only officeRoutes and apiRoutes know sessions.
func (s *site) routes() (http.Handler, error) {
	r := mux.NewRouter()
	r.NotFoundHandler = s.wrap("none", s.notFound)
	r.MethodNotAllowedHandler = s.wrap("none", s.methodNotAllowed)

	s.get(r, "/", s.home)
	s.get(r, "/v", s.enter)
	s.post(r, "/v", s.limited(lookupLimit, s.enterCode))
	s.get(r, "/v/file", s.backToEnter)
	s.post(r, "/v/file", s.limited(uploadLimit, s.checkFile))
	s.get(r, "/v/file/report", s.backToEnter)
	s.post(r, "/v/file/report", s.limited(uploadLimit, s.fileReport))
	s.get(r, sealKeysPath, s.keys)
	if err := s.offlineRoutes(r); err != nil {
		return nil, err
	}
	s.get(r, "/v/{code}", s.limited(lookupLimit, s.verdict))
	s.get(r, "/v/{code}/act", s.backToVerdict)
	s.post(r, "/v/{code}/act", s.limited(lookupLimit, s.actCopy))

	s.get(r, "/log/checkpoint", s.limited(logLimit, s.checkpoint))
	s.get(r, "/log/{tile:tile/.*}", s.limited(logLimit, s.tile))
	if s.Authority != nil {
		authority := http.StripPrefix("/pki", s.Authority)
		r.PathPrefix("/pki/").Handler(s.wrap("/pki/", s.limited(logLimit, authority.ServeHTTP)))
	}

	if s.Office != nil {
		s.officeRoutes(r)
		s.apiRoutes(r)
	}

	s.get(r, "/static/{name:.+}", s.assets.serve)
	s.get(r, "/robots.txt", robots)
	s.get(r, "/healthz", s.healthz)
	s.get(r, "/readyz", s.readyz)
	s.get(r, "/metrics", s.serveMetrics)

	guard := http.NewCrossOriginProtection()
	if err := guard.AddTrustedOrigin(s.Origin); err != nil {
		return nil, err
	}
	guard.SetDenyHandler(s.wrap("none", s.crossOrigin))
	return guard.Handler(r), nil
}

func (s *site) get(r *mux.Router, route string, h http.HandlerFunc) {
	r.Handle(route, s.wrap(routeName(route), h)).Methods(http.MethodGet, http.MethodHead)
}

func (s *site) post(r *mux.Router, route string, h http.HandlerFunc) {
	r.Handle(route, s.wrap(routeName(route), h)).Methods(http.MethodPost)
}

// routeName is how a route is called in logs and metrics.
func routeName(route string) string {
	name, _, _ := strings.Cut(route, ":")
	if len(name) < len(route) {
		name += "}"
	}
	return name
}

// pathValue is a variable of the route that was matched.
func pathValue(r *http.Request, name string) string { return mux.Vars(r)[name] }

// The limits a client address has. The one on looking up is far above what a
// person does and far below what guessing 75 bits takes.
var (
	lookupLimit = limit{"lookup", 120, time.Minute}
	uploadLimit = limit{"upload", 12, time.Minute}
	logLimit    = limit{"log", 6000, time.Minute}
	factLimit   = limit{"fact", 5, 10 * time.Minute} // for one act
	actLimit    = limit{"act", 100, 24 * time.Hour}  // for one act, all addresses together
)
