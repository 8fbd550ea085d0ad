package web_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"

	"docsvc/internal/auth"
	"docsvc/internal/document"
	"docsvc/internal/signing/keyfile"
	"docsvc/internal/web"
)

// visitor is a browser without scripts: it keeps cookies and follows nothing.
type visitor struct {
	o       *office
	handler http.Handler // another process than the first, if set
	cookies map[string]*http.Cookie
	bearer  string // token, if it is a program
	seen    []*httptest.ResponseRecorder
}

func (o *office) visitor() *visitor { return &visitor{o: o, cookies: map[string]*http.Cookie{}} }

// program is a visitor with a token for an account.
func (o *office) program(login string, scopes ...document.Scope) *visitor {
	o.t.Helper()
	secret, _, err := o.Service.CreateToken(o.t.Context(), operator, login, "sınaq", scopes, 30)
	if err != nil {
		o.t.Fatal(err)
	}
	v := o.visitor()
	v.bearer = secret
	return v
}

// as is a visitor with a session of an account.
func (o *office) as(login string) *visitor {
	o.t.Helper()
	account, err := o.Service.Account(o.t.Context(), login)
	if err != nil {
		o.t.Fatal(err)
	}
	subject := account.Subject
	if o.options.Office.Local != nil {
		subject = account.Login
	}
	id, _, err := o.sessions.Begin(o.t.Context(), account, auth.Identity{Subject: subject}, "test")
	if err != nil {
		o.t.Fatal(err)
	}
	v := o.visitor()
	v.cookies["__Host-docsvc"] = &http.Cookie{Name: "__Host-docsvc", Value: id}
	return v
}

func (v *visitor) do(r *http.Request, headers ...string) *httptest.ResponseRecorder {
	u, err := url.Parse(v.o.options.Origin)
	if err != nil {
		v.o.t.Fatal(err)
	}
	r.Host = u.Host
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	for _, c := range v.cookies {
		r.AddCookie(c)
	}
	if v.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+v.bearer)
	}
	var asked []byte
	if r.Body != nil {
		if asked, err = io.ReadAll(r.Body); err != nil {
			v.o.t.Fatal(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(asked))
	}
	w, handler := httptest.NewRecorder(), v.handler
	if handler == nil {
		handler = v.o.handler
	}
	handler.ServeHTTP(w, r)
	conforms(v.o.t, r, asked, w)
	for _, c := range w.Result().Cookies() {
		if v.cookies[c.Name] = c; c.MaxAge < 0 {
			delete(v.cookies, c.Name)
		}
	}
	v.seen = append(v.seen, w)
	return w
}

func (v *visitor) get(path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept", "text/html,*/*;q=0.8")
	return v.do(r, headers...)
}

func (v *visitor) post(path string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "text/html,*/*;q=0.8")
	return v.do(r, headers...)
}

// postJSON asks the API.
func (v *visitor) postJSON(path string, body any, headers ...string) *httptest.ResponseRecorder {
	data, ok := body.(string)
	if !ok {
		raw, err := json.Marshal(body)
		if err != nil {
			v.o.t.Fatal(err)
		}
		data = string(raw)
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(data))
	r.Header.Set("Content-Type", "application/json")
	return v.do(r, headers...)
}

// another is the same visitor at another process of the service.
func (v *visitor) another() *visitor {
	v.o.t.Helper()
	handler, err := web.Handler(v.o.options)
	if err != nil {
		v.o.t.Fatal(err)
	}
	return &visitor{o: v.o, handler: handler, cookies: v.cookies, bearer: v.bearer}
}

// key is an officer's key that fails when told to.
type key struct {
	keyfile.Holder

	mu       sync.Mutex
	calls    int           // of the key, each for a whole batch
	digests  int           // signed in them
	locked   error         // instead of a key
	lost     error         // instead of the key's answer
	slow     chan struct{} // the call waits until it is closed
	unlocked int
}

func (k *key) unlock() (document.KeyHolder, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.unlocked++
	if k.locked != nil {
		return nil, k.locked
	}
	return k, nil
}

func (k *key) Sign(ctx context.Context, digests [][]byte, opts crypto.SignerOpts) ([][]byte, string, error) {
	k.mu.Lock()
	k.calls++
	k.digests += len(digests)
	slow, lost := k.slow, k.lost
	k.mu.Unlock()
	if slow != nil {
		<-slow
	}
	if lost != nil {
		return nil, "", lost
	}
	return k.Holder.Sign(ctx, digests, opts)
}

func (k *key) counts() (calls, digests int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.calls, k.digests
}

func (k *key) fail(how func(*key)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	how(k)
}
