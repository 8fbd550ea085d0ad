package vault

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/hashicorp/vault/api"

	"docsvc/internal/document"
)

// What can be wrong, for errors.Is.
var (
	// ErrUnavailable: Vault is down, sealed, a standby without a leader, too
	// busy or too slow. Trying again later may help.
	ErrUnavailable = errors.New("vault is not available")
	// ErrDenied: Vault knows the identity and does not allow this, or does not
	// accept its proof.
	ErrDenied = errors.New("vault does not allow it")
	// ErrSetup: a key, role or policy is not as deploy/vault wants it. The
	// message says how to mend it.
	ErrSetup = errors.New("vault is not set up as it must be")
	// ErrAnswer: what came back is not an answer of Vault to the question.
	ErrAnswer = errors.New("vault answered something else")
	// ErrKeyID: not the name of an officer's key.
	ErrKeyID = errors.New("not an officer's key in vault")
)

// CallError is a call that failed. Its text holds no token and no secret.
type CallError struct {
	Op     string // what the call was for, as Config.Observe learns it
	Path   string
	Status int // of HTTP; 0 if there was no answer

	sent     bool     // something may have reached Vault
	messages []string // Vault's own
	cause    error
	secrets  []string // struck out of the text
}

// maxMessage bounds what is repeated of a server's words.
const maxMessage = 300

func (e *CallError) Error() string {
	text := fmt.Sprintf("vault: %s %s: ", e.Op, e.Path)
	switch {
	case e.Status == 0:
		text += clean(e.cause.Error(), e.secrets)
	case len(e.messages) > 0:
		text += fmt.Sprintf("%s (%d)", clean(strings.Join(e.messages, "; "), e.secrets), e.Status)
	default:
		text += fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	}
	return text
}

// Unwrap gives the sentinels that apply, and the cause.
func (e *CallError) Unwrap() []error {
	var errs []error
	if e.NotDone() {
		errs = append(errs, document.ErrKeyRefused)
	}
	switch {
	case e.Status == http.StatusForbidden:
		errs = append(errs, ErrDenied)
	case e.Status == 0 || e.Status >= 500 || e.Status == http.StatusTooManyRequests || e.Status == 472 || e.Status == 473:
		errs = append(errs, ErrUnavailable)
	}
	if e.cause != nil {
		errs = append(errs, e.cause)
	}
	return errs
}

// NotDone says that Vault certainly did not do what was asked: nothing was
// sent, or the answer is one that is given before anything is done. An answer
// 5xx is not: only a sealed Vault, and one without an active server, are known
// by their words to have done nothing, where a proxy's 502 may hide a signature.
func (e *CallError) NotDone() bool {
	switch {
	case e.Status == 0:
		redirect := (*redirectError)(nil)
		return !e.sent || errors.As(e.cause, &redirect)
	case e.Status == http.StatusServiceUnavailable:
		return e.says("Vault is sealed") || e.says("active cluster node not found")
	case e.Status == http.StatusRequestTimeout:
		return false // a proxy's, and it may have passed the request on
	}
	return e.Status >= 400 && e.Status < 500
}

func (e *CallError) says(words string) bool {
	for _, m := range e.messages {
		if strings.Contains(m, words) {
			return true
		}
	}
	return false
}

// newCallError makes a CallError of what the client library returned.
func newCallError(r request, sent bool, err error) *CallError {
	e := &CallError{Op: r.op, Path: r.path, sent: sent, cause: err, secrets: r.secrets()}
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		e.cause = wrapped.Err // its text would repeat the address
	}
	if answer := (*api.ResponseError)(nil); errors.As(err, &answer) {
		e.Status, e.messages = answer.StatusCode, answer.Errors
		e.cause = nil // its text would repeat the address and a whole raw answer
	}
	return e
}

// clean makes a server's words fit for a log: one line, not long, and without
// what must not be there.
func clean(text string, secrets []string) string {
	for _, s := range secrets {
		if len(s) >= 8 { // what is shorter is no secret of ours
			text = strings.ReplaceAll(text, s, "[secret]")
		}
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, text)
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + "…"
	}
	return strings.Join(strings.Fields(text), " ")
}
