package web

import (
	"net/http"
	"strings"
	"time"
)

// The names of the cookies, docs/decisions/0023. With the prefix __Host- a
// browser keeps them to this host: no other server of the same domain can set
// or see them.
const (
	sessionCookie = "docsvc"
	loginCookie   = "docsvc-login"
	hostPrefix    = "__Host-"
)

// loginCookieLife is as long as an attempt lives.
const loginCookieLife = 10 * time.Minute

// secure says whether browsers reach the site by https.
func (s *site) secure() bool { return strings.HasPrefix(s.Origin, "https://") }

func (s *site) cookieName(name string) string {
	if s.secure() {
		return hostPrefix + name
	}
	return name // for evaluation on this machine
}

// cookie reads one of our cookies, "" if the browser brings none.
func (s *site) cookie(r *http.Request, name string) string {
	c, err := r.Cookie(s.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie for as long as the browser runs, or for life.
func (s *site) setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: s.cookieName(name), Value: value, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode,
	})
}

func (s *site) dropCookie(w http.ResponseWriter, name string) { s.setCookie(w, name, "", -time.Second) }
