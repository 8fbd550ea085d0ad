package document

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Kind says what sort of trouble an [Error] is; package web and the command
// line map it to a status or an exit code.
type Kind string

// The kinds of error. Everything that is not an *Error is Internal.
const (
	Invalid     Kind = "invalid"     // the input is at fault; nothing was changed
	NotFound    Kind = "not_found"   // no such case, act or account
	Forbidden   Kind = "forbidden"   // this actor may not do this here
	Conflict    Kind = "conflict"    // the thing exists, or is in another state
	Unavailable Kind = "unavailable" // cannot be done or known now; try again
	Internal    Kind = "internal"
)

// Error is the typed error of the core. Key names the message in the
// catalogues of package i18n, Args fill its placeholders; neither holds a
// secret. Err, if any, is for the log.
type Error struct {
	Kind Kind
	Key  string
	Args map[string]string
	Err  error
}

func (e *Error) Error() string {
	s := e.Key
	for _, k := range sortedKeys(e.Args) {
		s += fmt.Sprintf(" %s=%q", k, e.Args[k])
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of err, Internal for anything that is not an *Error.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// newError builds an Error with pairs of argument names and values.
func newError(kind Kind, key string, err error, args ...string) *Error {
	e := &Error{Kind: kind, Key: key, Err: err}
	for i := 0; i+1 < len(args); i += 2 {
		if e.Args == nil {
			e.Args = map[string]string{}
		}
		e.Args[args[i]] = args[i+1]
	}
	return e
}

// What the register answers when a row is not there, is there already, or was
// changed by somebody else since it was read.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("exists already")
	ErrStale    = errors.New("changed by another process")
)

// ErrKeyRefused is wrapped by a KeyHolder that knows that its key was not used.
var ErrKeyRefused = errors.New("key was not used")

// movedOn makes ErrStale a Conflict that names the act.
func movedOn(err error, number string) error {
	return staleAs(err, "error.act.moved", "number", number)
}

// existsAs makes ErrExists a Conflict with the given message.
func existsAs(err error, key string, args ...string) error {
	if errors.Is(err, ErrExists) {
		return newError(Conflict, key, err, args...)
	}
	return err
}

// staleAs makes ErrStale a Conflict with the given message.
func staleAs(err error, key string, args ...string) error {
	if errors.Is(err, ErrStale) {
		return newError(Conflict, key, err, args...)
	}
	return err
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
