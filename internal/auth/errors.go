package auth

import (
	"docsvc/internal/document"
)

// newError builds a document.Error with pairs of argument names and values.
// Neither they nor err may hold a token, a code or a subject: errors are logged.
func newError(kind document.Kind, key string, err error, args ...string) *document.Error {
	e := &document.Error{Kind: kind, Key: key, Err: err}
	for i := 0; i+1 < len(args); i += 2 {
		if e.Args == nil {
			e.Args = map[string]string{}
		}
		e.Args[args[i]] = args[i+1]
	}
	return e
}

// unreachable says that the provider could not be asked.
func unreachable(err error) error {
	return newError(document.Unavailable, "error.login.unreachable", brief{err})
}

// notAccepted says that a token is not one that the provider made for us.
func notAccepted(err error) error {
	return newError(document.Forbidden, "error.login.token", brief{err})
}

// maxErrorText bounds what is logged of an error that quotes an answer.
const maxErrorText = 300

// brief cuts the text of an error of the OpenID libraries, which quote whole
// answers.
type brief struct{ error }

func (b brief) Error() string { return trim(b.error.Error(), maxErrorText) }
func (b brief) Unwrap() error { return b.error }
