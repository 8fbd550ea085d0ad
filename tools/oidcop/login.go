package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"html/template"
	"net/http"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// session is who has signed in with a browser.
type session struct {
	id   string
	user *user
	at   time.Time
}

const cookieName = "oidcop"

type sessionKey struct{}

// withSession hands the browser's session to the storage, which sees no request.
func (s *storage) withSession(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if cookie, err := r.Cookie(cookieName); err == nil {
			s.mu.Lock()
			found, ok := s.sessions[cookie.Value]
			s.mu.Unlock()
			if ok {
				r = r.WithContext(context.WithValue(r.Context(), sessionKey{}, found))
			}
		}
		next.ServeHTTP(w, r)
	})
}

// silent says whether a session answers a request without a new login (OpenID
// Connect Core 1.0, 3.1.2.1; the library has made max_age=0 of prompt=login).
func silent(now time.Time, in session, asked *oidc.AuthRequest, subject string) bool {
	if in.user == nil || slices.Contains(asked.Prompt, oidc.PromptSelectAccount) || slices.Contains(asked.Prompt, oidc.PromptLogin) {
		return false
	}
	if asked.MaxAge != nil && now.Sub(in.at) >= time.Duration(*asked.MaxAge)*time.Second {
		return false
	}
	return subject == "" || subject == in.user.Subject
}

var page = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sign in</title>
<main>
<h1>Sign in to {{.Client}}</h1>
{{with .Error}}<p role="alert">{{.}}</p>{{end}}
<form method="post" action="/login">
<input type="hidden" name="id" value="{{.ID}}">
<p><label for="login">Login</label> <input id="login" name="login" value="{{.Login}}" autocomplete="username" required autofocus>
<p><label for="password">Password</label> <input id="password" name="password" type="password" autocomplete="current-password" required>
<p><button>Sign in</button>
</form>
</main>
</html>
`))

type pageData struct{ Client, ID, Login, Error string }

// callback is where the protocol goes on after a login.
func callback(id string) string { return "/authorize/callback?id=" + id }

func (s *storage) showLogin(w http.ResponseWriter, r *http.Request) {
	request, err := s.request(r.FormValue("id"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if request.Done() {
		http.Redirect(w, r, callback(request.id), http.StatusFound)
		return
	}
	render(w, http.StatusOK, pageData{Client: request.asked.ClientID, ID: request.id, Login: request.asked.LoginHint})
}

func render(w http.ResponseWriter, status int, data pageData) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	// No form-action: it would hold for the redirect to the client, too.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_ = page.Execute(w, data) // fails if the browser has gone
}

func (s *storage) checkLogin(w http.ResponseWriter, r *http.Request) {
	request, err := s.request(r.PostFormValue("id"))
	if err != nil || request.Done() {
		http.Error(w, "this login has ended", http.StatusBadRequest)
		return
	}
	u := s.authenticate(r.PostFormValue("login"), r.PostFormValue("password"))
	if u == nil || request.subject != "" && request.subject != u.Subject {
		render(w, http.StatusUnauthorized, pageData{
			Client: request.asked.ClientID, ID: request.id, Login: r.PostFormValue("login"), Error: "Login or password is wrong.",
		})
		return
	}
	in := session{id: rand.Text(), user: u, at: time.Now()}
	if before, ok := r.Context().Value(sessionKey{}).(session); ok && before.user.Subject == u.Subject {
		in.id = before.id // who signs in again goes on with the session (sid)
	}
	cookie := s.enter(request.id, in)
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, callback(request.id), http.StatusFound)
}

func (s *storage) authenticate(login, password string) *user {
	for i, u := range s.config.Users {
		if u.Login == login && subtle.ConstantTimeCompare([]byte(u.Password), []byte(password)) == 1 {
			return &s.config.Users[i]
		}
	}
	return nil
}
