package web

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"

	"docsvc/internal/document"
)

// maxSecretForm is the largest form with a secret in it, in bytes.
const maxSecretForm = 16 << 10

// secretForm is a form in which something is secret. Texts of Go cannot be wiped,
// so it is read into one array of bytes, which can: only what is asked for by
// text gets out of it.
type secretForm struct {
	body   []byte
	fields map[string][]byte // within body
}

// secretForm reads the form of a request, and answers what is wrong with it. Who
// gets one wipes it.
func (s *site) secretForm(w http.ResponseWriter, r *http.Request) (*secretForm, bool) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		s.fail(w, r, unreadable(errors.New("not a form")))
		return nil, false
	}
	body := make([]byte, maxSecretForm+1)
	n, err := io.ReadFull(r.Body, body)
	f := &secretForm{body: body[:n]}
	if err == nil {
		err = errors.New("longer than such a form can be")
	} else if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = f.parse()
	}
	if err != nil {
		f.wipe()
		s.fail(w, r, unreadable(err))
		return nil, false
	}
	return f, true
}

// parse finds the fields and decodes them in place, where they only get shorter.
// Of a name that stands twice the first counts.
func (f *secretForm) parse() error {
	f.fields = map[string][]byte{}
	for rest := f.body; len(rest) > 0; {
		var pair []byte
		pair, rest, _ = bytes.Cut(rest, []byte("&"))
		name, value, _ := bytes.Cut(pair, []byte("="))
		name, ok := unescape(name)
		value, ok2 := unescape(value)
		if !ok || !ok2 {
			return errors.New("not a form as browsers send it")
		}
		if _, twice := f.fields[string(name)]; !twice {
			f.fields[string(name)] = value
		}
	}
	return nil
}

// unescape decodes in place what a form has encoded.
func unescape(b []byte) ([]byte, bool) {
	n := 0
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			if i+2 >= len(b) {
				return nil, false
			}
			high, ok := unhex(b[i+1])
			low, ok2 := unhex(b[i+2])
			if !ok || !ok2 {
				return nil, false
			}
			c, i = high<<4|low, i+2
		}
		b[n] = c
		n++
	}
	return b[:n], true
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// secret is a field that wipe wipes.
func (f *secretForm) secret(name string) []byte { return f.fields[name] }

// text is a field that is no secret.
func (f *secretForm) text(name string) string { return string(f.fields[name]) }

func (f *secretForm) wipe() { clear(f.body) }

// isWrongCredential says that what was typed was wrong, or came too soon after
// others that were: the form is shown again.
func isWrongCredential(err error) bool {
	switch errorKey(err) {
	case "error.credential.wrong", "error.credential.wait", "error.login.wrong", "error.password.wrong", "error.code.wrong":
		return document.KindOf(err) == document.Forbidden
	}
	return false
}
