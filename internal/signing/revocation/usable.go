package revocation

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/signing"
)

// State is why a certificate is not usable.
type State string

// The states.
const (
	Unknown     State = "unknown" // leads to no configured root
	Unfit       State = "unfit"   // not for signing documents, or too weak
	Revoked     State = "revoked"
	Suspended   State = "suspended" // certificateHold: may end
	Expired     State = "expired"
	NotYetValid State = "not yet valid"
)

// NotUsable is the error of Usable for a certificate that cannot be used.
type NotUsable struct {
	State  State
	Serial *big.Int
	Holder string    // subject of the certificate at fault: the officer's, or a CA's above it
	At     time.Time // of the revocation, the end, or the beginning
	Err    error     // more about Unknown and Unfit
}

func (e *NotUsable) Error() string {
	s := fmt.Sprintf("certificate %x of %s ", e.Serial, e.Holder)
	switch e.State {
	case Unknown:
		return s + "was not issued by a trusted authority: " + e.Err.Error()
	case Unfit:
		return s + "cannot sign documents: " + e.Err.Error()
	case NotYetValid:
		return s + "is valid from " + e.At.UTC().Format(time.RFC3339) + " on"
	case Expired:
		return s + "has expired on " + e.At.UTC().Format(time.RFC3339)
	}
	return s + "was " + string(e.State) + " on " + e.At.UTC().Format(time.RFC3339)
}

func (e *NotUsable) Unwrap() error { return e.Err }

func notUsable(state State, c *x509.Certificate, at time.Time, err error) *NotUsable {
	return &NotUsable{State: state, Serial: c.SerialNumber, Holder: c.Subject.String(), At: at, Err: err}
}

// Usable implements document.Certificates. The error is a *NotUsable, or a
// *document.Error of kind Unavailable when nothing says how the certificate, or a
// CA above it, stands. A list that is missing or too old is asked for first; where
// no list tells, the OCSP responders are.
func (s *Source) Usable(ctx context.Context, leaf *x509.Certificate, at time.Time) error {
	path, err := s.officer(leaf, at)
	if err != nil {
		return err
	}
	if err := signing.FitForSigning(leaf); err != nil {
		return notUsable(Unfit, leaf, time.Time{}, err)
	}
	for i, c := range path[:len(path)-1] {
		s.learn(c, path[i+1])
	}
	s.askAgain(ctx, path, at)
	err = s.judge(path, at)
	if document.KindOf(err) != document.Unavailable && (err != nil || s.running.Load() > 0) {
		return err
	}
	if s.fetchFor(ctx, path) {
		err = s.judge(path, at)
	}
	if document.KindOf(err) != document.Unavailable {
		return err
	}
	return s.askFor(ctx, path, at, err)
}

// officer is the path from an officer's certificate to a root as of the time, or
// the end of the certificate's life that is nearest: of an expired one it is
// still told who issued it. A path found once is not built again.
func (s *Source) officer(leaf *x509.Certificate, at time.Time) ([]*x509.Certificate, error) {
	at = within(leaf, at)
	key := sha256.Sum256(leaf.Raw)
	s.mu.RLock()
	path := s.ways[key]
	s.mu.RUnlock()
	if path != nil && !slices.ContainsFunc(path, func(c *x509.Certificate) bool { return !within(c, at).Equal(at) }) {
		return path, nil
	}
	path, err := s.build(leaf, at)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	if len(s.ways) >= maxWays {
		clear(s.ways)
	}
	s.ways[key] = path
	s.mu.Unlock()
	return path, nil
}

// build makes a path of signatures that are right, to a root of officers.
func (s *Source) build(leaf *x509.Certificate, at time.Time) ([]*x509.Certificate, error) {
	s.mu.RLock()
	paths, err := leaf.Verify(x509.VerifyOptions{
		Roots: s.roots, Intermediates: s.intermediates, CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, // judged by signing.FitForSigning
	})
	s.mu.RUnlock()
	if err != nil {
		return nil, notUsable(Unknown, leaf, time.Time{}, err)
	}
	path := paths[0]
	for _, c := range path[1 : len(path)-1] {
		if err := signing.Weak(c); err != nil {
			return nil, notUsable(Unfit, c, time.Time{}, err)
		}
	}
	return path, nil
}

// judge gives the verdict from what is held. What is certain goes first:
// revocation, then expiry, as with the evaluation authority.
func (s *Source) judge(path []*x509.Certificate, at time.Time) error {
	var missing []error
	for i, c := range path[:len(path)-1] {
		lists := s.heldOf(path[i+1])
		for _, h := range lists {
			if r, ok := h.Revoked(c); ok && !at.Before(r.At) {
				return notUsable(revokedState(r), c, r.At, nil)
			}
		}
		told, err := s.judgeAnswer(c, path[i+1], at)
		if err != nil {
			return err
		}
		if !told && !s.tells(lists, c, at) {
			missing = append(missing, fmt.Errorf("no fresh revocation list of %s, nor an OCSP response", path[i+1].Subject))
		}
	}
	switch leaf := path[0]; {
	case at.Before(leaf.NotBefore):
		return notUsable(NotYetValid, leaf, leaf.NotBefore, nil)
	case at.After(leaf.NotAfter):
		return notUsable(Expired, leaf, leaf.NotAfter, nil)
	case len(missing) > 0:
		return &document.Error{
			Kind: document.Unavailable, Key: "error.revocation.unavailable",
			Err: errors.Join(append(missing, s.troubles()...)...),
		}
	}
	return nil
}

func revokedState(r signing.Revoked) State {
	if r.Reason == 6 {
		return Suspended
	}
	return Revoked
}

// fetchFor asks the addresses for a path that are due, and says whether there
// were any.
func (s *Source) fetchFor(ctx context.Context, path []*x509.Certificate) bool {
	feeds := s.dueFor(path)
	// Others may wait for the same answer: it is not given up with this caller.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(waitFor, s.c.Timeout))
	defer cancel()
	var wait sync.WaitGroup
	for _, f := range feeds {
		wait.Go(func() { _ = s.ask(ctx, f) }) // logged, and judged by what is held then
	}
	wait.Wait()
	return len(feeds) > 0
}

// dueFor picks the addresses that may have lists for a path and are due.
func (s *Source) dueFor(path []*x509.Certificate) []*feed {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var feeds []*feed
	if len(s.c.CRLs) > 0 {
		for _, f := range s.feeds {
			if s.isDue(f) {
				feeds = append(feeds, f)
			}
		}
		return feeds
	}
	for _, c := range path[:len(path)-1] {
		for _, u := range s.points(c) {
			if f := s.feeds[u]; f != nil && s.isDue(f) {
				feeds = append(feeds, f)
			}
		}
	}
	return feeds
}
