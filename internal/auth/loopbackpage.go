package auth

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"os/exec"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
)

// loopbackPage says in three languages how a login from the command line
// ended. It has no script, no style and no address of anything else.
const loopbackPage = `<!DOCTYPE html>
<html lang="az">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>docsvc</title></head>
<body><main>{{range .}}
<section lang="{{.Lang}}"><h1>{{.Title}}</h1><p>{{.Text}}</p></section>{{end}}
</main></body>
</html>
`

// pagePart is the page in one language.
type pagePart struct{ Lang, Title, Text string }

// writePage answers with how the login ended; err is nil for well.
func writePage(w http.ResponseWriter, status int, err error) {
	title, text, args := "login.done.title", "login.done.text", map[string]string(nil)
	if err != nil {
		title, text = "login.failed.title", "login.failed.text"
		if e, ok := errors.AsType[*document.Error](err); ok && i18n.Has(e.Key) {
			text, args = e.Key, e.Args
		}
	}
	var parts []pagePart
	for _, lang := range i18n.Languages() {
		parts = append(parts, pagePart{lang, i18n.Text(lang, title, nil), i18n.Text(lang, text, args)})
	}
	var page bytes.Buffer
	if err := template.Must(template.New("page").Parse(loopbackPage)).Execute(&page, parts); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer") // the address holds the code
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Connection", "close")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes()) // who has closed the tab does not want it
}

// Browser returns a Loopback.Open that prints the address to out and, when
// there is a command, runs it with the address as its last argument. That other
// users of the machine may see the arguments gives nothing away: the address
// holds no secret.
func Browser(out io.Writer, command ...string) func(url string) error {
	return func(url string) error {
		if _, err := fmt.Fprintln(out, url); err != nil {
			return err
		}
		if len(command) == 0 {
			return nil
		}
		cmd := exec.Command(command[0], append(command[1:len(command):len(command)], url)...)
		if err := cmd.Start(); err != nil {
			// The address is printed, so the person can go there.
			_, err = fmt.Fprintf(out, "%s: %v\n", command[0], err)
			return err
		}
		go func() { _ = cmd.Wait() }() // its end says nothing about the login
		return nil
	}
}
