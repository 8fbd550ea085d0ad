package vault

import (
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxAnswer is the longest answer that is read: a thousand RSA-4096
// signatures are 700 KB.
const maxAnswer = 4 << 20

// errTooLong marks an answer that was cut off at maxAnswer.
var errTooLong = fmt.Errorf("vault: answer of more than %d bytes", maxAnswer)

// redirectError is an answer that sends the caller elsewhere. It is never
// followed: the token would go along.
type redirectError struct{ status int }

func (e *redirectError) Error() string {
	return fmt.Sprintf("vault: answered with a redirect (%d), which is not followed; name the active server or a load balancer", e.status)
}

// limited bounds what the server can make us read, and where it can send us.
type limited struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (l *limited) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := l.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode >= 300 && answer.StatusCode < 400 {
		return nil, errors.Join(&redirectError{answer.StatusCode}, answer.Body.Close())
	}
	if answer.ContentLength > maxAnswer {
		return nil, errors.Join(errTooLong, answer.Body.Close())
	}
	answer.Body = &limitedBody{answer.Body, maxAnswer}
	return answer, nil
}

// limitedBody fails, and does not just end, at its limit: half an answer must
// not look like a whole one.
type limitedBody struct {
	io.ReadCloser
	left int64
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	return n, err
}
